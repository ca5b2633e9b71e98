//! Passwords: the rule, and Argon2id with bounded concurrency.
//!
//! Knows hashes and how long it takes to check one. Must not know people.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use wire::seal::Secret;

use crate::access::bounded::{Bounded, Busy};

/// The least length of a password, in characters.
pub const MIN_CHARS: u32 = 12;
/// Longer ones only cost time.
const MAX_BYTES: usize = 1024;

/// Each check takes 19 MiB and some 20 ms of a core: two at once, and 64 in the queue.
const AT_ONCE: usize = 2;
const WAITING: usize = 64;

/// Why a password will not do, in words for the field. `None`: it will.
pub fn problem(user: &str, password: &Secret) -> Option<String> {
    let Some(text) = password.expose_text() else {
        return Some("must be text".to_owned());
    };
    let chars = text.chars().count();
    if chars < MIN_CHARS as usize {
        return Some(format!("must have at least {MIN_CHARS} characters, this has {chars}"));
    }
    if text.len() > MAX_BYTES {
        return Some(format!("must have at most {MAX_BYTES} bytes"));
    }
    if text.eq_ignore_ascii_case(user) {
        return Some("must not be the user name".to_owned());
    }
    let first = text.chars().next();
    if text.chars().all(|c| Some(c) == first) {
        return Some("must not be one character over and over".to_owned());
    }
    None
}

/// What OWASP recommends for Argon2id, and the crate's default: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::from(Params::default())
}

/// Whether this hash was made with less work than one that is made today.
pub fn is_weaker(phc: &str) -> bool {
    let Ok(hash) = PasswordHash::new(phc) else { return false };
    let (Ok(params), today) = (Params::try_from(&hash), Params::default()) else { return false };
    hash.algorithm != Algorithm::default().ident()
        || hash.version != Some(Version::default().into())
        || params.m_cost() < today.m_cost()
        || params.t_cost() < today.t_cost()
}

pub struct Passwords {
    bounded: Bounded,
    /// A hash that no password matches: what an unknown user's password is held against, so that both take as long.
    nobody: Box<str>,
    /// How often that work was done.
    #[cfg(test)]
    pub done: std::sync::atomic::AtomicU32,
}

impl Passwords {
    /// `random` makes the hash of nobody, and is told to nobody.
    pub fn new(random: [u8; 32], salt: [u8; 16]) -> Self {
        let nobody = hash_now(&random, &salt).into_boxed_str();
        Self {
            bounded: Bounded::new(AT_ONCE, WAITING),
            nobody,
            #[cfg(test)]
            done: std::sync::atomic::AtomicU32::default(),
        }
    }

    /// PHC string of a new password.
    pub async fn hash(&self, password: Secret, salt: [u8; 16]) -> Result<String, Busy> {
        #[cfg(test)]
        self.done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.bounded.run(move || hash_now(password.expose(), &salt)).await
    }

    /// Whether the password is the one. Without a hash it never is, and that takes just as long to say.
    pub async fn verify(&self, password: Secret, hash: Option<String>) -> Result<bool, Busy> {
        #[cfg(test)]
        self.done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone().into_string());
        self.bounded
            .run(move || {
                let fits = PasswordHash::new(&hash)
                    .is_ok_and(|hash| argon2().verify_password(password.expose(), &hash).is_ok());
                fits && known
            })
            .await
    }
}

fn hash_now(password: &[u8], salt: &[u8; 16]) -> String {
    argon2()
        .hash_password_with_salt(password, salt)
        .expect("the parameters are constants within Argon2's bounds, and so are both lengths")
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes())
    }

    #[test]
    fn the_rule_says_what_is_wrong_before_anybody_waits_for_a_hash() {
        for (password, word) in [
            ("short", "at least 12 characters, this has 5"),
            ("ÄÖÜäöüßÄÖÜä", "this has 11"),
            ("alice@example.org", "user name"),
            ("aaaaaaaaaaaaaaaaaa", "over and over"),
        ] {
            let problem = problem("alice@example.org", &secret(password)).unwrap();
            assert!(problem.contains(word), "{password}: {problem}");
        }
        assert_eq!(problem("alice", &secret("correct horse battery")), None);
        assert!(problem("alice", &secret(&"ab".repeat(600))).unwrap().contains("1024 bytes"));
    }

    #[tokio::test]
    async fn a_password_opens_its_own_hash_alone() {
        let passwords = Passwords::new([1; 32], [2; 16]);
        let hash = passwords.hash(secret("correct horse battery"), [3; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(secret("correct horse battery"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("correct horse batterY"), Some(hash)).await.unwrap());
        assert!(
            !passwords.verify(secret("correct horse battery"), Some("garbage".to_owned())).await.unwrap()
        );
    }

    #[test]
    fn a_hash_of_less_work_is_known() {
        let today = hash_now(b"correct horse battery", &[3; 16]);
        assert!(!is_weaker(&today));
        for (from, to, weaker) in [
            ("m=19456", "m=4096", true),
            ("t=2", "t=1", true),
            ("argon2id", "argon2i", true),
            ("v=19", "v=16", true),
            ("m=19456", "m=65536", false),
            ("t=2", "t=3", false),
        ] {
            assert!(today.contains(from), "{today}");
            assert_eq!(is_weaker(&today.replacen(from, to, 1)), weaker, "{from} → {to}");
        }
        assert!(!is_weaker("garbage"), "nobody is let in by it");
    }

    #[tokio::test]
    #[allow(clippy::disallowed_methods, reason = "what is compared is the time that real work takes")]
    async fn an_unknown_user_takes_as_long_as_a_known_one() {
        let passwords = Passwords::new([1; 32], [2; 16]);
        // Not even the password of nobody signs nobody in.
        assert!(!passwords.verify(Secret::new([1; 32]), None).await.unwrap());
        let hash = passwords.hash(secret("correct horse battery"), [3; 16]).await.unwrap();
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for _ in 0..5 {
            let start = Instant::now();
            passwords.verify(secret("wrong horse battery"), Some(hash.clone())).await.unwrap();
            known.push(start.elapsed());
            let start = Instant::now();
            passwords.verify(secret("wrong horse battery"), None).await.unwrap();
            unknown.push(start.elapsed());
        }
        // The least of five: what other work on the machine cannot lengthen. A skipped hash would be a thousandth.
        let (known, unknown) = (known.into_iter().min().unwrap(), unknown.into_iter().min().unwrap());
        assert!(unknown * 3 > known && known * 3 > unknown, "known {known:?}, unknown {unknown:?}");
    }
}
