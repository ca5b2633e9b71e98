//! Identities: bindings, fingerprints as people type them, key files.

use proptest::prelude::*;
use wire::{
    id::{AgentId, ChannelKey, SealKey},
    identity::{
        AgentKeys, BindingError, CoordinatorKeys, Fingerprint, FingerprintError, KeyBinding, KeyFile,
        KeyFileError, check_mode, verify,
    },
};

use crate::cast::{Cast, dice};

#[test]
fn any_change_of_a_binding_breaks_it() {
    let cast = Cast::new();
    let other = Cast::other_agent();
    let binding = cast.agent.binding();
    binding.verify().unwrap();
    let changed = [
        KeyBinding { id: other.id(), ..binding.clone() },
        KeyBinding { seal: other.seal_key(), ..binding.clone() },
        KeyBinding { channel: other.channel_key(), ..binding.clone() },
        KeyBinding { generation: 2, ..binding.clone() },
        KeyBinding { sig: other.binding().sig, ..binding.clone() },
        // The two X25519 keys are not interchangeable.
        KeyBinding {
            seal: SealKey(binding.channel.0),
            channel: ChannelKey(binding.seal.0),
            ..binding.clone()
        },
    ];
    for forged in changed {
        assert_eq!(forged.verify(), Err(BindingError::Signature { id: forged.id }));
        if forged.sig == binding.sig {
            assert_ne!(forged.fingerprint(), binding.fingerprint());
        }
    }
}

/// With the key of order one, R of order one and s = 0, plain verification accepts any message.
#[test]
fn a_small_order_key_signs_nothing() {
    let mut key = [0; 32];
    key[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(!verify(&key, wire::domain::STATEMENT, b"anything", &wire::id::Signature64(signature)));
}

#[test]
fn a_signature_holds_in_its_own_domain_alone() {
    let cast = Cast::new();
    let signature = cast.admin.sign(wire::domain::ORDER, b"text");
    let key = cast.admin.public().0;
    assert!(verify(&key, wire::domain::ORDER, b"text", &signature));
    assert!(!verify(&key, wire::domain::DISPATCH, b"text", &signature));
    assert!(!verify(&key, wire::domain::ORDER, b"texts", &signature));
}

#[test]
fn a_fingerprint_is_read_however_it_is_typed() {
    let fingerprint = Cast::new().agent.binding().fingerprint();
    let shown = fingerprint.to_string();
    assert!(shown.starts_with("SHA256:") && shown.len() == 7 + 64 + 15);
    for typed in [
        shown.clone(),
        shown.to_uppercase(),
        shown.to_lowercase(),
        fingerprint.hex(),
        shown.replace('-', ":"),
        shown.replace('-', " "),
        format!("  {}\n", shown.trim_start_matches("SHA256:")),
    ] {
        assert_eq!(typed.parse(), Ok(fingerprint), "{typed}");
    }
    assert_eq!("SHA256:abcd".parse::<Fingerprint>(), Err(FingerprintError::Length { found: 4 }));
    assert_eq!(
        shown.replacen(':', ":x", 1).parse::<Fingerprint>(),
        Err(FingerprintError::Character { character: 'x' })
    );
    let one_more = format!("{shown}0");
    assert_eq!(one_more.parse::<Fingerprint>(), Err(FingerprintError::Length { found: 65 }));
}

#[test]
fn the_six_words_are_the_first_66_bits() {
    let mut bytes = [0; 32];
    assert_eq!(Fingerprint(bytes).words(), ["abandon"; 6]);
    bytes[..8].fill(0xff);
    bytes[8] = 0b1100_0000;
    assert_eq!(Fingerprint(bytes).words(), ["zoo"; 6]);
    bytes[8] = 0b1000_0000;
    let words = Fingerprint(bytes).words();
    assert_eq!((words[4], words[5]), ("zoo", "zone"));
}

proptest! {
    #[test]
    fn fingerprints_survive_their_text(bytes in any::<[u8; 32]>()) {
        let fingerprint = Fingerprint(bytes);
        prop_assert_eq!(fingerprint.to_string().parse::<Fingerprint>().unwrap(), fingerprint);
        let json = serde_json::to_string(&fingerprint).unwrap();
        prop_assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
    }

    #[test]
    fn no_text_breaks_the_parser(text in ".{0,100}") {
        let _ = text.parse::<Fingerprint>();
    }

    #[test]
    fn a_key_file_with_any_byte_changed_is_refused(at in any::<prop::sample::Index>(), change in 1..=255u8) {
        let file = KeyFile { keys: Cast::new().agent, machine: "4f1c".into() };
        let mut bytes = file.encode().unwrap().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(KeyFile::<AgentKeys>::decode(&bytes).is_err());
    }
}

#[test]
fn key_files_keep_every_key_and_the_machine() {
    let keys = AgentKeys { generation: 3, ..AgentKeys::generate(&mut dice("key file")) };
    let binding = keys.binding();
    let bytes = KeyFile { keys, machine: "4f1c2b".into() }.encode().unwrap();
    let read = KeyFile::<AgentKeys>::decode(&bytes).unwrap();
    assert_eq!((read.keys.binding(), read.machine.as_str()), (binding, "4f1c2b"));

    let keys = CoordinatorKeys::generate(&mut dice("coordinator's"));
    let (id, channel) = (keys.id(), keys.channel_key());
    let bytes = KeyFile { keys, machine: String::new() }.encode().unwrap();
    let read = KeyFile::<CoordinatorKeys>::decode(&bytes).unwrap();
    assert_eq!((read.keys.id(), read.keys.channel_key()), (id, channel));
    let other = KeyFile::<AgentKeys>::decode(&bytes).unwrap_err();
    assert!(matches!(other, KeyFileError::OtherOwner { found: "a coordinator", .. }));
}

#[test]
fn every_truncation_of_a_key_file_is_refused() {
    let bytes = KeyFile { keys: Cast::new().agent, machine: "4f1c".into() }.encode().unwrap();
    for length in 0..bytes.len() {
        assert!(KeyFile::<AgentKeys>::decode(&bytes[..length]).is_err(), "{length}");
    }
    let trailing = [bytes.as_slice(), &[0]].concat();
    assert_eq!(KeyFile::<AgentKeys>::decode(&trailing).unwrap_err(), KeyFileError::Damaged);
    assert_eq!(KeyFile::<AgentKeys>::decode(b"").unwrap_err(), KeyFileError::NotAKeyFile);
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    for mode in [0o100_600, 0o600, 0o400, 0o700] {
        assert_eq!(check_mode(mode), Ok(()));
    }
    for mode in [0o640, 0o604, 0o644, 0o660, 0o601, 0o100_620] {
        assert_eq!(check_mode(mode), Err(KeyFileError::TooOpen { mode: mode & 0o7777 }));
    }
}

#[test]
fn secrets_are_not_printed() {
    let cast = Cast::new();
    let printed = format!("{:?} {:?} {:?} {:?}", cast.agent, cast.coordinator, cast.kit, cast.token.keys());
    for secret in [
        *cast.agent.identity.seed(),
        [0xd2; 32],
        [0xd3; 32],
        [0xc1; 32],
        *cast.kit.root().seed(),
        *cast.token.keys().sign.seed(),
    ] {
        assert!(!printed.contains(&hex::encode(secret)));
    }
    assert!(printed.contains("**redacted**") && printed.contains(&AgentId::to_string(&cast.agent.id())));
}
