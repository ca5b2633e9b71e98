//! Recovery codes: for whoever lost the second factor. Pure.

use sha2::{Digest as _, Sha256};
use wire::id::Hash32;

/// How many are made at once.
pub const COUNT: usize = 10;
/// 16 characters of 5 bits.
const BYTES: usize = 10;
/// Crockford's: without letters that look like digits or like each other.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// `xxxx-xxxx-xxxx-xxxx`: 80 random bits, more than anybody tries through, also with the database in hand.
pub fn code(random: [u8; BYTES]) -> String {
    let bits = random.iter().fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    let mut code = String::with_capacity(19);
    for at in 0..16_u32 {
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        let index = (bits >> (75 - 5 * at)) & 31;
        code.push(ALPHABET[usize::try_from(index).unwrap_or(0)].into());
    }
    code
}

/// What is kept of a code: for this person alone. However it was typed, it is the same.
pub fn hash(person: u32, code: &str) -> Hash32 {
    let plain: String = code
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    let mut hasher = Sha256::new();
    hasher.update(person.to_be_bytes());
    hasher.update(plain.as_bytes());
    Hash32(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        assert_eq!(code([0; BYTES]), "0000-0000-0000-0000");
        assert_eq!(code([0xff; BYTES]), "zzzz-zzzz-zzzz-zzzz");
        assert_eq!(code([0, 0, 0, 0, 0, 0, 0, 0, 0, 0x41]), "0000-0000-0000-0021");
        let kept = hash(1, "0o1l-abcd-efgh-jkmn");
        for typed in ["001labcdefghjkmn", "00iL ABCD EFGH JKMN", " 0o11-abcd-efgh-jkmn\n"] {
            assert_eq!(hash(1, typed), kept, "{typed}");
        }
        assert_ne!(hash(2, "0o1l-abcd-efgh-jkmn"), kept, "another person's is another");
        assert_ne!(hash(1, "0o1l-abcd-efgh-jkmm"), kept);
    }

    proptest::proptest! {
        #[test]
        fn no_two_random_values_share_a_code(a: [u8; BYTES], b: [u8; BYTES]) {
            proptest::prop_assert_eq!(a == b, code(a) == code(b));
            proptest::prop_assert!(code(a).bytes().all(|c| c == b'-' || ALPHABET.contains(&c)));
        }
    }
}
