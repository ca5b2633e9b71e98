//! Every way to forge a fleet statement, and what is accepted. Each test of a forgery shows besides that the honest
//! statement in its place would have been taken.

use wire::{
    id::{FleetId, Hash32, RootKey},
    identity::SigningKey,
    trust::{
        Accepted, Coordinator, Kit, KitError, Ledger, Operator, Role, Signed, SignedDocument, SignedError,
        Statement, StatementError, TrustError,
    },
};

use crate::cast::{Cast, HOUR_MS, NOW, dice, operator_key};

/// An honest version 3: nothing but a new time.
fn three(cast: &Cast) -> Statement {
    Statement {
        version: 3,
        previous: cast.by_admin(&cast.statement_2()).hash(),
        issued_at: NOW.plus_ms(2 * HOUR_MS),
        ..cast.statement_2()
    }
}

fn refused(cast: &Cast, signed: &Signed<Statement>) -> TrustError {
    let mut ledger = cast.ledger();
    let before = (ledger.version(), ledger.hash());
    let error = ledger.accept(signed).unwrap_err();
    assert_eq!((ledger.version(), ledger.hash()), before);
    ledger.accept(&cast.by_admin(&three(cast))).expect("the honest one is accepted");
    error
}

#[test]
fn root_and_admin_publish() {
    let cast = Cast::new();
    for signed in [cast.by_root(&three(&cast)), cast.by_admin(&three(&cast))] {
        let mut ledger = cast.ledger();
        assert_eq!(ledger.accept(&signed), Ok(Accepted::New));
        assert_eq!(ledger.version(), 3);
        assert_eq!(ledger.accept(&signed), Ok(Accepted::Known));
    }
}

#[test]
fn a_lower_statement_is_refused() {
    let cast = Cast::new();
    let error = refused(&cast, &cast.by_root(&cast.statement_1()));
    assert_eq!(error, TrustError::Lower { version: 1, highest: 2 });
    let mut ledger = cast.ledger();
    // A list that stops below what was seen hides something, even when all of it is true.
    let error = ledger.accept_all(&cast.statements()[..1]).unwrap_err();
    assert_eq!(error, TrustError::Lower { version: 1, highest: 2 });
    assert_eq!(ledger.accept_all(&[]).unwrap_err(), TrustError::Lower { version: 0, highest: 2 });
}

#[test]
fn a_forked_statement_is_refused_at_any_height() {
    let cast = Cast::new();
    for forked in [cast.statement_1(), cast.statement_2()] {
        let version = forked.version;
        let forked = Statement { issued_at: NOW.plus_ms(77), ..forked };
        assert_eq!(refused(&cast, &cast.by_root(&forked)), TrustError::Forked { version });
        let mut list = cast.statements();
        list[usize::try_from(version).unwrap() - 1] = cast.by_root(&forked);
        assert_eq!(cast.ledger().accept_all(&list).unwrap_err(), TrustError::Forked { version });
    }
}

#[test]
fn a_gap_and_a_wrong_predecessor_are_refused() {
    let cast = Cast::new();
    let gap = Statement { version: 4, ..three(&cast) };
    assert_eq!(refused(&cast, &cast.by_root(&gap)), TrustError::Gap { version: 4, expected: 3 });
    let huge = Statement { version: u64::MAX, ..three(&cast) };
    assert_eq!(refused(&cast, &cast.by_root(&huge)), TrustError::Gap { version: u64::MAX, expected: 3 });
    let unlinked = Statement { previous: cast.by_root(&cast.statement_1()).hash(), ..three(&cast) };
    assert_eq!(refused(&cast, &cast.by_root(&unlinked)), TrustError::WrongPrevious { version: 3 });
}

#[test]
fn an_admin_changes_operators_alone() {
    let cast = Cast::new();
    let swapped = Kit::generate(&mut dice("swapped"));
    let elsewhere = Coordinator { name: "elsewhere".into(), ..cast.coordinator_entry() };
    let moved_channel =
        Coordinator { channel: Cast::other_agent().channel_key(), ..cast.coordinator_entry() };
    let forged = [
        (Statement { recovery: swapped.recovery().public(), ..three(&cast) }, "recovery key"),
        (Statement { root: RootKey::from(swapped.root().public()), ..three(&cast) }, "root key"),
        (Statement { coordinators: vec![elsewhere], ..three(&cast) }, "coordinators"),
        (Statement { coordinators: vec![moved_channel], ..three(&cast) }, "coordinators"),
    ];
    for (statement, part) in forged {
        match refused(&cast, &cast.by_admin(&statement)) {
            TrustError::NeedsRoot { version: 3, admin, what } => {
                assert_eq!((admin.as_str(), what.to_string().as_str()), ("ada", part));
            }
            other => panic!("{other:?}"),
        }
        // The kit may.
        assert_eq!(cast.ledger().accept(&cast.by_root(&statement)), Ok(Accepted::New));
    }
}

#[test]
fn nobody_else_publishes() {
    let cast = Cast::new();
    let eve = Operator { key: operator_key(&cast.stranger), name: "eve".into(), role: Role::Admin };
    let grabbed = Statement { operators: vec![cast.admin_entry(), eve], ..three(&cast) };
    for (statement, key) in [
        (&three(&cast), &cast.operator),
        (&three(&cast), &cast.stranger),
        (&three(&cast), &cast.coordinator.identity),
        // Naming oneself an admin in the very statement does not help.
        (&grabbed, &cast.stranger),
    ] {
        let error = refused(&cast, &Signed::sign(statement, key).unwrap());
        assert_eq!(error, TrustError::NotAuthorised { version: 3, by: key.public() });
    }
}

#[test]
fn a_removed_admin_publishes_no_more() {
    let cast = Cast::new();
    let mut ledger = cast.ledger();
    let bob = SigningKey::from_seed(&[0xab; 32]);
    let bob_entry = Operator { key: operator_key(&bob), name: "bob".into(), role: Role::Admin };
    let without_ada = Statement { operators: vec![bob_entry], ..three(&cast) };
    ledger.accept(&cast.by_admin(&without_ada)).unwrap();
    let four = Statement { version: 4, previous: ledger.hash(), ..cast.statement_2() };
    let error = ledger.accept(&cast.by_admin(&four)).unwrap_err();
    assert_eq!(error, TrustError::NotAuthorised { version: 4, by: cast.admin.public() });
    assert_eq!(ledger.role_ever(cast.admin.public()), Some(Role::Admin));
    assert_eq!(ledger.statement().role(cast.admin.public()), None);
    ledger.accept(&Signed::sign(&four, &bob).unwrap()).unwrap();
}

#[test]
fn after_a_rotation_the_old_root_is_nobody() {
    let cast = Cast::new();
    let next = Kit::generate(&mut dice("next kit"));
    let rotated = Statement {
        root: RootKey::from(next.root().public()),
        recovery: next.recovery().public(),
        ..three(&cast)
    };
    let mut ledger = cast.ledger();
    ledger.accept(&cast.by_root(&rotated)).unwrap();
    let four = Statement { version: 4, previous: ledger.hash(), ..rotated };
    let error = ledger.accept(&cast.by_root(&four)).unwrap_err();
    assert_eq!(error, TrustError::NotAuthorised { version: 4, by: cast.kit.root().public() });
    // The fleet's id stays that of the first root.
    ledger.accept(&Signed::sign(&four, &next.root()).unwrap()).unwrap();
    assert_eq!(ledger.fleet(), cast.fleet());
}

#[test]
fn the_first_statement_must_come_from_the_pinned_root() {
    let cast = Cast::new();
    let pinned = cast.fleet();
    let found = |statement: &Statement, key: &SigningKey| {
        Ledger::found(pinned, &Signed::sign(statement, key).unwrap()).map(|ledger| ledger.version())
    };
    let root = cast.kit.root();
    assert_eq!(found(&cast.statement_1(), &root), Ok(1));
    let other = Kit::generate(&mut dice("other kit"));
    let theirs = Statement { root: other.root().public().into(), ..cast.statement_1() };
    // A stranger's root under the pinned name, the pinned root naming another, an admin, another fleet altogether.
    assert_eq!(found(&theirs, &other.root()), Err(TrustError::WrongRoot { pinned }));
    assert_eq!(found(&theirs, &root), Err(TrustError::WrongRoot { pinned }));
    assert_eq!(found(&cast.statement_1(), &cast.admin), Err(TrustError::WrongRoot { pinned }));
    let elsewhere = Statement { fleet: other.fleet(), ..theirs };
    let error = TrustError::WrongFleet { version: 1, pinned, found: other.fleet() };
    assert_eq!(found(&elsewhere, &other.root()), Err(error));
    assert_eq!(found(&cast.statement_2(), &root), Err(TrustError::Gap { version: 2, expected: 1 }));
    let linked = Statement { previous: Hash32([1; 32]), ..cast.statement_1() };
    assert_eq!(found(&linked, &root), Err(TrustError::WrongPrevious { version: 1 }));
    assert_eq!(Ledger::replay(pinned, &[]).unwrap_err(), TrustError::Empty);
}

#[test]
fn a_later_statement_of_another_fleet_is_refused() {
    let cast = Cast::new();
    let error = refused(&cast, &cast.by_root(&Statement { fleet: FleetId([9; 32]), ..three(&cast) }));
    assert_eq!(error, TrustError::WrongFleet { version: 3, pinned: cast.fleet(), found: FleetId([9; 32]) });
}

#[test]
fn a_statement_that_makes_no_sense_is_refused_even_from_the_root() {
    let cast = Cast::new();
    let twice = Operator { name: "ada again".into(), role: Role::Operator, ..cast.admin_entry() };
    let viewer = Operator { role: Role::Viewer, ..cast.operator_entry() };
    let nameless = Operator { name: " ".into(), ..cast.operator_entry() };
    let root_as_operator = Operator { key: cast.root().0.into_key(), ..cast.operator_entry() };
    let cases = [
        (Statement { operators: vec![cast.operator_entry()], ..three(&cast) }, "NoAdmin"),
        (Statement { coordinators: vec![], ..three(&cast) }, "NoCoordinator"),
        (Statement { operators: vec![cast.admin_entry(), twice], ..three(&cast) }, "KeyTwice"),
        (Statement { operators: vec![cast.admin_entry(), root_as_operator], ..three(&cast) }, "KeyTwice"),
        (Statement { operators: vec![cast.admin_entry(), viewer], ..three(&cast) }, "ViewerKey"),
        (Statement { operators: vec![cast.admin_entry(), nameless], ..three(&cast) }, "Name"),
        (Statement { version: 0, ..three(&cast) }, "VersionZero"),
    ];
    for (statement, variant) in cases {
        match refused(&cast, &cast.by_root(&statement)) {
            TrustError::Invalid(error) => assert!(format!("{error:?}").starts_with(variant), "{error:?}"),
            other => panic!("{variant}: {other:?}"),
        }
    }
    assert_eq!(Statement { operators: vec![], ..three(&cast) }.validate(), Err(StatementError::NoAdmin));
}

trait IntoKey {
    fn into_key(self) -> wire::id::OperatorKey;
}
impl IntoKey for [u8; 32] {
    fn into_key(self) -> wire::id::OperatorKey {
        wire::id::OperatorKey(self)
    }
}

#[test]
fn changed_bytes_and_borrowed_signatures_are_refused() {
    let cast = Cast::new();
    let honest = cast.by_admin(&three(&cast));
    for at in [0, 20, honest.bytes().len() - 1] {
        let mut parts = honest.parts().clone();
        parts.doc.0[at] ^= 1;
        let error = refused(&cast, &Signed::from_parts(parts));
        assert!(matches!(error, TrustError::Signed(SignedError::Signature { .. })), "{error:?}");
    }
    // An admin's signature shown as the root's.
    let parts = SignedDocument { by: cast.kit.root().public(), ..honest.parts().clone() };
    assert!(matches!(refused(&cast, &Signed::from_parts(parts)), TrustError::Signed(_)));
    // The same bytes signed for another use.
    let sig = cast.admin.sign(wire::domain::ADMISSION, honest.bytes());
    let parts = SignedDocument { sig, ..honest.parts().clone() };
    assert!(matches!(refused(&cast, &Signed::from_parts(parts)), TrustError::Signed(_)));
}

#[test]
fn properly_signed_nonsense_is_an_error_not_a_panic() {
    let cast = Cast::new();
    for text in ["", "null", "{}", "[1,2]", "{\"fleet\":1}", "\u{feff}{}", "{\"version\":-1}"] {
        let signed = Signed::<Statement>::sign_bytes(text.into(), &cast.kit.root());
        assert!(matches!(signed.verify(), Err(SignedError::Unreadable { .. })), "{text}");
    }
}

#[test]
fn unknown_fields_of_a_newer_version_are_ignored_and_kept_signed() {
    let cast = Cast::new();
    let mut value = serde_json::to_value(three(&cast)).unwrap();
    value["from_the_future"] = serde_json::json!({ "a": 1 });
    let signed = Signed::<Statement>::sign_bytes(value.to_string().into_bytes(), &cast.admin);
    let mut ledger = cast.ledger();
    assert_eq!(ledger.accept(&signed), Ok(Accepted::New));
    assert_eq!(ledger.hash(), signed.hash());
}

#[test]
fn a_list_is_taken_whole_or_not_at_all() {
    let cast = Cast::new();
    let mut ledger = Ledger::replay(cast.fleet(), &cast.statements()[..1]).unwrap();
    let mut list = cast.statements();
    list.push(Signed::sign(&three(&cast), &cast.stranger).unwrap());
    ledger.accept_all(&list).unwrap_err();
    assert_eq!(ledger.version(), 1);
    list[2] = cast.by_admin(&three(&cast));
    let new: Vec<u64> =
        ledger.accept_all(&list).unwrap().iter().map(|s| s.verify().unwrap().version).collect();
    assert_eq!((new, ledger.version()), (vec![2, 3], 3));
    assert!(ledger.accept_all(&list).unwrap().is_empty());
}

#[test]
fn a_kit_is_typed_back() {
    let kit = Kit::generate(&mut dice("kit"));
    let words = kit.words();
    let typed = words.join(" ");
    let numbered: Vec<String> =
        words.iter().enumerate().map(|(i, word)| format!("{}. {word}\n", i + 1)).collect();
    for text in [typed.clone(), typed.to_uppercase(), words.join("\n  "), words.join(", "), numbered.concat()]
    {
        assert_eq!(Kit::parse(&text).unwrap().seed(), kit.seed());
    }
}

#[test]
fn a_mistyped_kit_says_where() {
    let words = Cast::new().kit.words();
    assert_eq!(Kit::parse(&words[..23].join(" ")).unwrap_err(), KitError::Count { found: 23 });
    let mut wrong = words;
    wrong[4] = "abandoned";
    let error = Kit::parse(&wrong.join(" ")).unwrap_err();
    assert_eq!(error, KitError::UnknownWord { index: 4, suggestion: Some("abandon") });
    wrong[4] = "qqqqqq";
    let error = Kit::parse(&wrong.join(" ")).unwrap_err();
    assert_eq!(error, KitError::UnknownWord { index: 4, suggestion: None });
    assert!(!error.to_string().contains("qqqqqq"));
    let mut swapped = words;
    swapped.swap(0, 1);
    assert_eq!(Kit::parse(&swapped.join(" ")).unwrap_err(), KitError::Checksum);
    assert_eq!(Kit::parse(&["zoo"; 24].join(" ")).unwrap_err(), KitError::Checksum);
    assert_eq!(Kit::parse("").unwrap_err(), KitError::Count { found: 0 });
    assert!(Kit::parse("ééé ".repeat(24).as_str()).is_err());
}
