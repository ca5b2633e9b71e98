//! Boxes open for their own context and recipient alone; secrets do not leak by printing.

use proptest::prelude::*;
use wire::{
    id::{AgentId, FleetId},
    seal::{
        BoxContext, Purpose, SealError, SealSecret, SealedBox, Secret, SecretSlot, SlotError, open, seal,
    },
    trust::Role,
};

use crate::cast::{Cast, dice};

fn slot(text: &str) -> SecretSlot {
    text.parse().unwrap()
}

#[test]
fn a_box_opens_in_no_other_context() {
    let cast = Cast::new();
    let (password, login) = (slot("repository/main/password"), slot("repository/main/login"));
    let other_repository = slot("repository/mainly/password");
    let honest = BoxContext::to_agent(cast.fleet(), cast.agent.id(), cast.agent.seal_key(), &password, 1);
    let sealed = seal(&honest, b"tr0ub4dor", &mut dice("box")).unwrap();
    assert_eq!(open(&honest, &cast.agent.seal, &sealed).unwrap().expose(), b"tr0ub4dor");
    for other in [
        BoxContext { purpose: Purpose::Escrow, ..honest.clone() },
        BoxContext { purpose: Purpose::Token, ..honest.clone() },
        BoxContext { fleet: FleetId([1; 32]), ..honest.clone() },
        BoxContext { agent: Cast::other_agent().id().0, ..honest.clone() },
        BoxContext { slot: &login, ..honest.clone() },
        BoxContext { slot: &other_repository, ..honest.clone() },
        BoxContext { revision: 2, ..honest.clone() },
    ] {
        assert_ne!(other.info(), honest.info());
        assert_eq!(open(&other, &cast.agent.seal, &sealed), Err(SealError::DoesNotOpen));
    }
    let stranger = SealSecret::generate(&mut dice("stranger"));
    assert_eq!(open(&honest, &stranger, &sealed), Err(SealError::OtherRecipient));
    let theirs = BoxContext { recipient: stranger.public(), ..honest };
    assert_eq!(open(&theirs, &stranger, &sealed), Err(SealError::DoesNotOpen));
}

#[test]
fn a_key_that_gives_no_secrecy_is_refused() {
    let cast = Cast::new();
    let password = slot("repository/main/password");
    let mut context =
        BoxContext::to_agent(cast.fleet(), cast.agent.id(), cast.agent.seal_key(), &password, 1);
    // Small-order points of Curve25519: the shared secret would be zero, whoever computes it.
    let mut one = [0; 32];
    one[0] = 1;
    for bytes in [[0; 32], one] {
        context.recipient = wire::id::SealKey(bytes);
        assert_eq!(seal(&context, b"x", &mut dice("zero")), Err(SealError::Recipient));
    }
}

#[test]
fn sizes_are_bounded() {
    let cast = Cast::new();
    let hook = slot("hook/*/pre");
    let context = BoxContext::to_agent(cast.fleet(), cast.agent.id(), cast.agent.seal_key(), &hook, 1);
    let largest = vec![7; 64 * 1024];
    let sealed = seal(&context, &largest, &mut dice("large")).unwrap();
    assert_eq!(open(&context, &cast.agent.seal, &sealed).unwrap().expose(), largest);
    let error = seal(&context, &[largest, vec![7]].concat(), &mut dice("large")).unwrap_err();
    assert!(matches!(error, SealError::Size { .. }));
    let empty = seal(&context, b"", &mut dice("empty")).unwrap();
    assert!(open(&context, &cast.agent.seal, &empty).unwrap().is_empty());
    assert_eq!(SealedBox::from_bytes(vec![0; 47]), Err(SealError::Size { found: 47 }));
    assert!(serde_json::from_str::<SealedBox>("\"AAAA\"").is_err());
    assert!(serde_json::from_str::<SealedBox>("\"not base64!\"").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_changed_or_cut_box_stays_shut(
        plaintext in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let cast = Cast::new();
        let password = slot("repository/main/password");
        let context =
            BoxContext::to_agent(cast.fleet(), cast.agent.id(), cast.agent.seal_key(), &password, 1);
        let sealed = seal(&context, &plaintext, &mut dice("any")).unwrap();
        let opened = open(&context, &cast.agent.seal, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &plaintext[..]);

        let mut bytes = sealed.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        // X25519 ignores the top bit of a point, but the box's own bytes are part of HPKE's key derivation.
        let changed = SealedBox::from_bytes(bytes).unwrap();
        prop_assert_eq!(open(&context, &cast.agent.seal, &changed), Err(SealError::DoesNotOpen));

        let shorter = sealed.as_bytes()[..cut.index(sealed.as_bytes().len())].to_vec();
        if let Ok(shorter) = SealedBox::from_bytes(shorter) {
            prop_assert_eq!(open(&context, &cast.agent.seal, &shorter), Err(SealError::DoesNotOpen));
        }
    }

    #[test]
    fn no_text_breaks_the_slot_parser(text in ".{0,80}") {
        if let Ok(slot) = text.parse::<SecretSlot>() {
            prop_assert_eq!(slot.to_string(), text);
        }
    }
}

#[test]
fn slots_are_read_and_written() {
    for (text, role) in [
        ("repository/main/password", Role::Admin),
        ("repository/off-site.2/login", Role::Admin),
        ("repository/main/environment", Role::Admin),
        ("hook/*/pre", Role::Admin),
        ("hook/default/post", Role::Admin),
        ("ping/healthchecks", Role::Operator),
    ] {
        let slot = slot(text);
        assert_eq!((slot.to_string().as_str(), slot.role()), (text, role));
        let json = serde_json::to_string(&slot).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<SecretSlot>(&json).unwrap(), slot);
    }
    for text in [
        "",
        "repository",
        "repository/main",
        "repository/main/passwords",
        "repository//password",
        "repository/*/password",
        "repository/main/password/",
        "repository/a b/password",
        "hook/pre",
        "hook/*/during",
        "hook/**/pre",
        "ping/",
        "ping/a/b",
        "Ping/a",
        " ping/a",
    ] {
        assert_eq!(text.parse::<SecretSlot>(), Err(SlotError { text: text.into() }), "{text}");
    }
}

#[test]
fn a_secret_prints_redacted() {
    let secret = Secret::new("tr0ub4dor");
    assert_eq!(
        format!("{secret} {secret:?} {:#?}", Some(&secret)),
        "**redacted** **redacted** Some(\n    **redacted**,\n)"
    );
    assert_eq!(secret.expose_text(), Some("tr0ub4dor"));
    assert_eq!(Secret::new(vec![0xff]).expose_text(), None);
    assert!(
        secret == Secret::new("tr0ub4dor") && secret != Secret::new("tr0ub4do") && secret != Secret::new("")
    );
}

#[test]
fn the_context_of_a_token_and_of_escrow() {
    let cast = Cast::new();
    let keys = cast.token.keys();
    let password = slot("repository/main/password");
    let to_token = BoxContext::to_token(cast.fleet(), keys.token(), keys.seal.public(), &password);
    assert_eq!((to_token.purpose, to_token.agent, to_token.revision), (Purpose::Token, keys.token().0, 1));
    let recovery = cast.kit.recovery();
    let agent: AgentId = cast.agent.id();
    let escrow = BoxContext::escrow(cast.fleet(), agent, recovery.public(), &password, 4);
    let sealed = seal(&escrow, b"kept", &mut dice("escrow")).unwrap();
    assert_eq!(open(&escrow, &recovery, &sealed).unwrap().expose(), b"kept");
}
