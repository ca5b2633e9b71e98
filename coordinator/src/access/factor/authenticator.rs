//! An authenticator for tests: it makes and shows passkeys as WebAuthn says, or as somebody dishonest would.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use wire::domain::sha256;

/// A device with its browser, both at one site.
#[derive(Clone)]
pub struct Authenticator {
    /// What the browser says where it is.
    pub origin: String,
    /// What the device is told the site is called; `None`: what the options say.
    pub rp: Option<String>,
    /// Whether its person unlocked it.
    pub verified: bool,
    /// Counts its signatures.
    pub counter: u32,
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: Vec<u8>,
    handle: Vec<u8>,
    secret: SigningKey,
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

impl Authenticator {
    pub fn at(origin: &str) -> Self {
        Self { origin: origin.to_owned(), rp: None, verified: true, counter: 0, keys: Vec::new() }
    }

    /// `navigator.credentials.create`
    pub fn make(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        let number = u8::try_from(self.keys.len() + 1).unwrap();
        let secret = SigningKey::from_slice(&[number; 32]).unwrap();
        let id = [&b"passkey"[..], &[number], sha256(self.origin.as_bytes()).0.as_slice()].concat();
        let point = secret.verifying_key().to_sec1_point(false);
        let (x, y) = (&point.as_bytes()[1..33], &point.as_bytes()[33..65]);
        // COSE: EC2, ES256, P-256.
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let length = u16::try_from(id.len()).unwrap().to_be_bytes();
        let attested = [&[0; 16][..], &length, &id, &cose].concat();
        let rp = self.rp.clone().unwrap_or_else(|| text(&options["rp"]["id"]));
        let data = [self.head(&rp, HAS_KEY), attested].concat();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let attestation =
            [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"[..], &length, &data].concat();
        let client = self.client("webauthn.create", options);
        let handle = URL_SAFE_NO_PAD.decode(text(&options["user"]["id"])).unwrap();
        self.keys.push(Key { id: id.clone(), handle, secret });
        json!({
            "id": encoded(&id),
            "rawId": encoded(&id),
            "type": "public-key",
            "response": {
                "attestationObject": encoded(&attestation),
                "clientDataJSON": encoded(client.as_bytes()),
                "transports": ["internal"],
            },
            "clientExtensionResults": {},
        })
    }

    /// `navigator.credentials.get`, with the newest of its passkeys.
    pub fn show(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.counter += 1;
        let rp = self.rp.clone().unwrap_or_else(|| text(&options["rpId"]));
        let data = self.head(&rp, 0);
        let client = self.client("webauthn.get", options);
        let key = self.keys.last().expect("a passkey was made");
        let signed = [&data[..], &sha256(client.as_bytes()).0].concat();
        let signature: Signature = key.secret.sign(&signed);
        json!({
            "id": encoded(&key.id),
            "rawId": encoded(&key.id),
            "type": "public-key",
            "response": {
                "authenticatorData": encoded(&data),
                "clientDataJSON": encoded(client.as_bytes()),
                "signature": encoded(signature.to_der().as_bytes()),
                "userHandle": encoded(&key.handle),
            },
            "clientExtensionResults": {},
        })
    }

    fn head(&self, rp: &str, flags: u8) -> Vec<u8> {
        let flags = flags | PRESENT | if self.verified { VERIFIED } else { 0 };
        [&sha256(rp.as_bytes()).0[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client(&self, kind: &str, options: &Value) -> String {
        let challenge = &options["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
