//! Codes of a generator, RFC 6238: SHA-1, six digits, thirty seconds, as every app has them. Pure.

use totp_rs::{Algorithm, Builder, Secret, Totp};
use wire::id::UnixMs;
use zeroize::Zeroizing;

const STEP_S: u64 = 30;
/// Clocks differ, and people type slowly: the code before and the one after count too.
const SKEW: u16 = 1;
pub const SECRET_BYTES: usize = 20;

/// What a generator and this coordinator share: 160 bits, as RFC 4226 recommends.
#[derive(Clone)]
pub struct Generator {
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl Generator {
    pub fn new(secret: [u8; SECRET_BYTES]) -> Self {
        Self { secret: Zeroizing::new(secret) }
    }

    /// `None`: no secret of ours is that long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::new)
    }

    pub fn secret(&self) -> &[u8] {
        &*self.secret
    }

    /// What a person types where no camera is.
    pub fn base32(&self) -> String {
        Secret::new_stack(*self.secret).to_base32()
    }

    /// Key URI, as generators read it from a QR code.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (encoded(issuer), encoded(account));
        let secret = self.base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_S}"
        )
    }

    /// The time step that this code stands for, when it is one of those that count now and came after `last`.
    pub fn step_of(&self, code: &str, now: UnixMs, last: Option<i64>) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let seconds = u64::try_from(now.0 / 1_000).ok()?;
        let step = self.totp().check(&code, seconds)?;
        i64::try_from(step).ok().filter(|step| last.is_none_or(|last| *step > last))
    }

    #[cfg(test)]
    pub fn code(&self, at: UnixMs) -> String {
        self.totp().generate(u64::try_from(at.0 / 1_000).unwrap()).to_string()
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(STEP_S)
            .with_skew(SKEW)
            .with_secret(Secret::new_stack(*self.secret))
            .build_noncompliant()
    }
}

/// Percent-encoded. The colon separates issuer and account, so neither may have one.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes().filter(|byte| *byte != b':') {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(byte.into());
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of RFC 6238, appendix B, cut to six digits.
    const RFC: &[u8; SECRET_BYTES] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let generator = Generator::new(*RFC);
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let now = UnixMs(seconds * 1_000);
            assert_eq!(generator.code(now), code);
            assert_eq!(generator.step_of(code, now, None), Some(seconds / 30));
        }
    }

    #[test]
    fn one_step_to_either_side_counts_and_none_twice() {
        let generator = Generator::new(*RFC);
        let now = UnixMs(1_111_111_109_000);
        let step = now.0 / 30_000;
        for (off, counts) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = generator.code(now.plus_ms(off * 30_000));
            assert_eq!(generator.step_of(&code, now, None).is_some(), counts, "{off}");
        }
        let code = generator.code(now);
        assert_eq!(generator.step_of(&code, now, Some(step - 1)), Some(step));
        for last in [step, step + 1] {
            assert_eq!(
                generator.step_of(&code, now, Some(last)),
                None,
                "taken, or older than what was taken"
            );
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        let generator = Generator::new(*RFC);
        let now = UnixMs(59_000);
        assert!(generator.step_of(" 287 082 ", now, None).is_some(), "as generators show it");
        for code in ["", "28708", "2870822", "+87082", "28708a", "２８７０８２", "287\u{0}082"] {
            assert_eq!(generator.step_of(code, now, None), None, "{code:?}");
        }
    }

    #[test]
    fn the_uri_names_the_coordinator_and_the_person() {
        let uri = Generator::new(*RFC).uri("Büro: attic", "alice@example.org");
        assert_eq!(
            uri,
            "otpauth://totp/B%C3%BCro%20attic:alice%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=B%C3%BCro%20attic&algorithm=SHA1&digits=6&period=30"
        );
    }
}
