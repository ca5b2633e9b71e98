//! The panel's types: `panel/src/api/types.gen.ts` says what these Rust types say, and is committed.
//!
//! `RM_UPDATE=1 cargo test -p restic-manager-wire --test ts_types` writes it anew.

use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
};

use ts_rs::{Config, TS, TypeVisitor};
use wire::{
    action::{Action, Receipt},
    error::Problem,
    frame::Refusal,
    job::{JobSubject, Progress},
    order::Order,
    question::AnswerLine,
    trust::{Admission, Signed, SignedDocument, Statement, Token},
    view::{
        AccountView, AnnounceKeyRequest, ApiTokenMade, ApiTokenRequest, ApiTokenView, ApproveRequest,
        AuditChainView, AuditView, ConfirmRequest, CoordinatorView, CronView, DeviceKeyView, ErrandRequest,
        EscrowBundle, EscrowRequest, Event, FleetView, HostRow, HostView, InstallView, InvitationCheck,
        InvitationRequest, InvitationView, InviteRequest, JobView, LentView, LogView, MaintenanceView,
        MeView, MeasureView, OrderRequest, OrderView, Page, PasskeyChallengeView, PasskeyRequest,
        PasskeySignInRequest, PasswordRequest, PendingView, PersonEdit, PersonView, PlanCheckRequest,
        PlanCheckView, PlanRevisionView, PlanView, RecoveryCodesView, RepositoryHistoryView, ScheduleView,
        SecondFactorRequest, SecondFactorView, SessionView, SetupCheck, SetupCheckView, SetupLinkView,
        SetupRequest, SetupView, SignInRequest, SignInWaysView, SignedOutView, SnapshotRow, SsoFinishRequest,
        SsoFinishView, SsoStartRequest, SsoStartView, TemplateRequest, TemplateView, TilesView, TokenRequest,
        TokenView, TotpConfirmRequest, TotpView, TreeView,
    },
};

const HEAD: &str = "\
// Generated from the Rust types of the wire crate by `wire/tests/ts_types.rs`. Do not edit: change the Rust type and run
// RM_UPDATE=1 cargo test -p restic-manager-wire --test ts_types
";

/// The declarations of a type and of everything that it mentions, by name.
struct Declarations {
    config: Config,
    seen: HashSet<std::any::TypeId>,
    by_name: BTreeMap<String, String>,
}

impl Declarations {
    fn new() -> Self {
        // Every integer of the API fits a double: times in milliseconds, bytes, counts.
        Self {
            config: Config::new().with_large_int("number"),
            seen: HashSet::new(),
            by_name: BTreeMap::new(),
        }
    }

    fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for declaration in self.by_name.values() {
            text.push('\n');
            text.push_str(declaration);
            text.push('\n');
        }
        text
    }
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(std::any::TypeId::of::<T>()) {
            return;
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
        // Only what has a file of its own has a declaration; the rest (String, Vec, …) is spelled in place.
        if T::output_path().is_some() {
            let declaration = format!("{}export {}", T::docs().unwrap_or_default(), T::decl(&self.config));
            let declaration = declaration.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            let name = T::ident(&self.config);
            if let Some(other) = self.by_name.insert(name.clone(), declaration.clone()) {
                assert_eq!(other, declaration, "two types are both called {name}");
            }
        }
    }
}

macro_rules! visit_all {
    ($into:ident: $($type:ty),* $(,)?) => { $( $into.visit::<$type>(); )* };
}

fn declarations() -> Declarations {
    let mut all = Declarations::new();
    visit_all!(all:
        // Answers and requests of /api/v1.
        SetupView, SetupCheck, SetupCheckView, SetupRequest, SignInRequest, MeView, CoordinatorView, FleetView, TilesView, InstallView,
        Page<HostRow>, HostView, PlanView, PlanCheckRequest, PlanCheckView, CronView, ScheduleView,
        PlanRevisionView, MaintenanceView, RepositoryHistoryView, TemplateView, TemplateRequest,
        Page<SnapshotRow>, Page<JobView>, LogView, OrderRequest, OrderView, PendingView, ApproveRequest, TokenRequest,
        TokenView, Event, Problem, Refusal,
        // Signing in, one's own account, and the audit.
        SignInWaysView, SecondFactorView, SecondFactorRequest, PasskeyChallengeView, PasskeySignInRequest,
        SsoStartRequest, SsoStartView, SsoFinishRequest, SsoFinishView, SignedOutView, InvitationCheck, InvitationView,
        InvitationRequest, AccountView, PasswordRequest, ConfirmRequest, TotpView, TotpConfirmRequest, RecoveryCodesView,
        PasskeyRequest, SessionView, AuditView, AuditChainView,
        // People, their programs' tokens, and operator keys.
        PersonView, InviteRequest, SetupLinkView, PersonEdit, ApiTokenView, ApiTokenRequest, ApiTokenMade,
        DeviceKeyView, AnnounceKeyRequest,
        // Getting it back.
        TreeView, MeasureView, AnswerLine, ErrandRequest, LentView, EscrowRequest, EscrowBundle,
        // What the browser signs, and what agents answer.
        SignedDocument, Signed<Statement>, Statement, Admission, Token, Order, Action, Receipt, JobSubject, Progress,
    );
    all
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../panel/src/api/types.gen.ts")
}

#[test]
fn the_panels_types_are_those_of_this_crate() {
    let wanted = declarations().text();
    let path = file();
    if std::env::var_os("RM_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("the path has a directory")).unwrap();
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "panel/src/api/types.gen.ts is not what the Rust types say any more.\n\
         Run: RM_UPDATE=1 cargo test -p restic-manager-wire --test ts_types"
    );
}

#[test]
fn no_type_of_the_api_needs_a_big_integer_or_is_unknown() {
    // What browsers make of passkeys, and what an audit's record holds of a thing, has shapes of its own.
    const FREE: [&str; 5] = [
        "passkey?: unknown",
        "options: unknown",
        "credential: unknown",
        "before?: unknown",
        "after?: unknown",
    ];
    let text = FREE.iter().fold(declarations().text(), |text, field| text.replace(field, ""));
    for word in ["bigint", ": unknown", ": any"] {
        assert!(!text.contains(word), "`{word}` stands in the generated types");
    }
}
