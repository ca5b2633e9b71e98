//! Tables: what each job turns into, for each version, and that no secret is ever in argv.

use std::{collections::BTreeMap, ffi::OsStr};

use wire::plan::Backend;

use super::*;
use crate::restic::feature::Version;

const PASSWORD: &str = "correct horse";
const LOGIN: &str = "s3cr3t/@:%";
const KEY: &str = "AKIDEXAMPLEKEY";

fn features(minor: u32) -> Features {
    let help = if minor >= 16 { " --group-by group " } else { "" };
    let help = BTreeMap::from([("backup", help.to_owned()), ("copy", " --from-repo repository ".to_owned())]);
    Features::probe(Version { major: 0, minor, patch: 0 }, &help)
}

fn access(backend: Backend) -> Access {
    Access { backend, password: Secret::new(PASSWORD), login: None, environment: BTreeMap::new() }
}

fn local() -> Backend {
    Backend::Local { path: "/srv/repo".to_owned() }
}

fn rest() -> Backend {
    Backend::Rest { url: "https://backup.example.org:8000".to_owned(), path: "h1/main".to_owned() }
}

fn surroundings() -> Surroundings {
    let inherited = [("TZ", "Europe/Berlin"), ("LD_PRELOAD", "/evil.so"), ("PATH", "/evil")];
    Surroundings {
        home: "/root".to_owned(),
        cache: "/var/cache/r".to_owned(),
        inherited: inherited.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    }
}

fn group() -> Group {
    serde_json::from_value(serde_json::json!({
        "includes": ["/home", "/-odd", "/a b"],
        "excludes": ["*.tmp", "--evil"],
        "exclude_if_present": [".nobackup"],
        "one_file_system": true,
    }))
    .unwrap()
}

fn build(verb: Verb<'_>, access: &Access, limits: &Limits, minor: u32) -> Result<Call, CallError> {
    call(verb, access, &surroundings(), limits, &features(minor))
}

fn words(call: &Call) -> String {
    call.args.join(OsStr::new(" ")).into_string().unwrap()
}

fn value<'a>(call: &'a Call, name: &str) -> Option<&'a Value> {
    call.env.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[test]
fn each_verb_has_its_words() {
    let access = access(local());
    let said = |verb| words(&build(verb, &access, &Limits::default(), 19).unwrap());
    assert_eq!(said(Verb::Init { like: None }), "init --json");
    assert_eq!(said(Verb::Init { like: Some(&access) }), "init --json --copy-chunker-params");
    assert_eq!(said(Verb::CatConfig), "cat config --json --no-lock");
    assert_eq!(said(Verb::Snapshots { id: None }), "snapshots --json --no-lock");
    assert_eq!(said(Verb::Snapshots { id: Some("49a38ae1") }), "snapshots --json --no-lock -- 49a38ae1");
    assert_eq!(said(Verb::Stats), "stats --json --mode=raw-data");
    assert_eq!(said(Verb::Prune), "prune");
    assert_eq!(said(Verb::Check { read_data_percent: 0 }), "check");
    assert_eq!(said(Verb::Check { read_data_percent: 5 }), "check --read-data-subset=5%");
    assert_eq!(said(Verb::ListLocks), "list locks --no-lock");
    assert_eq!(said(Verb::CatLock { id: "a2666493" }), "cat lock --json --no-lock -- a2666493");
    assert_eq!(said(Verb::Unlock { all: false }), "unlock");
    assert_eq!(said(Verb::Unlock { all: true }), "unlock --remove-all");
    let ids = ["a1".to_owned(), "b2".to_owned()];
    assert_eq!(said(Verb::Copy { from: &access, ids: &ids }), "copy -- a1 b2");
}

#[test]
fn a_backup_says_everything_the_group_says() {
    let (group, tag) = (group(), "default".parse().unwrap());
    let own_files = [PathBuf::from("/var/lib/[agent]")];
    let includes = &group.includes;
    let verb = Verb::Backup { group: &group, tag: &tag, host: "h1", includes, own_files: &own_files };
    let limits = Limits { upload_kib_s: Some(500), download_kib_s: Some(9), nice: Some(10), io: None };
    let made = build(verb, &access(local()), &limits, 19).unwrap();
    assert_eq!(
        made.args,
        [
            "backup",
            "--json",
            "--host=h1",
            "--tag=default",
            "--group-by=host,tags",
            "--one-file-system",
            "--exclude=*.tmp",
            "--exclude=--evil",
            "--exclude-if-present=.nobackup",
            "--exclude=/var/lib/\\[agent]",
            "--exclude-if-present=.restic-manager-private:no backup includes this directory",
            "--limit-upload=500",
            "--limit-download=9",
            "--",
            "/home",
            "/-odd",
            "/a b",
        ]
    );
    assert_eq!(made.nice, Some(10));
    let old = build(verb, &access(local()), &Limits::default(), 14).unwrap();
    assert!(!words(&old).contains("--group-by"), "0.14 does not know it");
    // A dry run is the same, but for the words that make it one.
    let dry = Verb::DryRun { group: &group, tag: &tag, host: "h1", includes, own_files: &own_files };
    let mut dry = build(dry, &access(local()), &limits, 19).unwrap().args;
    assert_eq!(dry.drain(2..4).collect::<Vec<_>>(), ["--dry-run", "--verbose=2"]);
    assert_eq!(dry, made.args);
}

#[test]
fn forget_names_every_rule_and_never_none() {
    let tag = "default".parse().unwrap();
    let said = |keep: &Retention| {
        build(Verb::ForgetPreview { tag: &tag, host: "h1", keep }, &access(local()), &Limits::default(), 19)
    };
    assert_eq!(
        words(&said(&Retention::default()).unwrap()),
        "forget --json --dry-run --no-lock --host=h1 --tag=default --group-by=host --keep-daily=7 --keep-weekly=4 --keep-monthly=12 --keep-tag=pinned"
    );
    let within =
        Retention { keep_within: Some("14d".to_owned()), keep_last: 3, ..Retention::KEEP_EVERYTHING };
    assert!(words(&said(&within).unwrap()).ends_with("--keep-last=3 --keep-within=14d"));
    assert_eq!(said(&Retention::KEEP_EVERYTHING), Err(CallError::EmptyPolicy));
    for nothing in ["  ", "0d", "0y0m00d0h"] {
        let blank = Retention { keep_within: Some(nothing.to_owned()), ..Retention::KEEP_EVERYTHING };
        assert_eq!(said(&blank), Err(CallError::EmptyPolicy), "{nothing}");
        assert!(blank.is_empty(), "{nothing}");
    }
    let tags = vec!["pinned".to_owned(), "audit".to_owned()];
    let pinned = Retention { keep_last: 1, keep_tags: tags.clone(), ..Retention::KEEP_EVERYTHING };
    assert!(words(&said(&pinned).unwrap()).ends_with("--keep-last=1 --keep-tag=pinned --keep-tag=audit"));
    let alone = Retention { keep_tags: tags, ..Retention::KEEP_EVERYTHING };
    assert_eq!(said(&alone), Err(CallError::EmptyPolicy), "tags pin, they are no policy");
}

#[test]
fn what_is_removed_is_named_and_what_is_restored_matches_itself_alone() {
    let made = |verb| words(&build(verb, &access(local()), &Limits::default(), 19).unwrap());
    let ids = ["a1".to_owned(), "b2".to_owned()];
    assert_eq!(made(Verb::Forget { ids: &ids }), "forget --json -- a1 b2");
    let patterns = [literal(OsStr::new("/srv/a*[b]?\\c"))];
    let manner = Manner { verify: true, ..Manner::default() };
    let target = Path::new("/t");
    assert_eq!(
        made(Verb::Restore { snapshot: "a1", base: None, target, patterns: &patterns, manner }),
        "restore --json --verify --target=/t --include=/srv/a\\*\\[b]\\?\\\\c -- a1"
    );
    let below = ["/a b".into(), "/-c".into()];
    assert_eq!(
        made(Verb::ListBelow { snapshot: "a1", paths: &below }),
        "ls --json --no-lock --recursive -- a1 /a b /-c"
    );
}

#[test]
fn each_way_to_restore_has_its_flags() {
    let made = |base, overwrite, ownership| {
        let manner = Manner { overwrite, ownership, verify: false, dry_run: true, tells: true };
        let target = Path::new("/t x");
        let verb = Verb::Restore { snapshot: "a1", base, target, patterns: &[], manner };
        words(&build(verb, &access(local()), &Limits::default(), 19).unwrap())
    };
    assert_eq!(
        made(None, Overwrite::Always, Ownership::Keep),
        "restore --json --dry-run --verbose=2 --target=/t x -- a1"
    );
    for (overwrite, ownership, flags) in [
        (Overwrite::IfChanged, Ownership::ByName, "--overwrite=if-changed --ownership-by-name"),
        (Overwrite::IfNewer, Ownership::Drop, "--overwrite=if-newer --no-ownership"),
        (Overwrite::Never, Ownership::Keep, "--overwrite=never"),
    ] {
        assert_eq!(
            made(Some(OsStr::new("/srv/d")), overwrite, ownership),
            format!("restore --json {flags} --dry-run --verbose=2 --target=/t x -- a1:/srv/d")
        );
    }
}

#[test]
fn a_name_that_is_no_text_stays_as_it_is() {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let name = OsStr::from_bytes(b"/x/caf\xe9*\n");
    assert_eq!(literal(name).into_vec(), b"/x/caf\xe9\\*\n");
    let patterns = [literal(name)];
    let (target, manner) = (Path::new("/t"), Manner::default());
    let verb = Verb::Restore { snapshot: "a1", base: Some(name), target, patterns: &patterns, manner };
    let call = build(verb, &access(local()), &Limits::default(), 19).unwrap();
    let has = |word: &[u8]| call.args.iter().any(|arg| arg.as_bytes() == word);
    assert!(has(b"--include=/x/caf\xe9\\*\n") && has(b"a1:/x/caf\xe9*\n"), "{call:?}");
}

#[test]
fn the_environment_is_built_from_nothing() {
    let made = build(Verb::Stats, &access(local()), &Limits::default(), 19).unwrap();
    let names: Vec<&str> = made.env.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "HOME",
            "PATH",
            "RESTIC_CACHE_DIR",
            "RESTIC_PASSWORD",
            "RESTIC_PROGRESS_FPS",
            "RESTIC_REPOSITORY",
            "TZ"
        ]
    );
    assert_eq!(value(&made, "PATH"), Some(&Value::Plain(SEARCH_PATH.to_owned())));
    assert_eq!(value(&made, "RESTIC_REPOSITORY"), Some(&Value::Plain("/srv/repo".to_owned())));
}

#[test]
fn a_login_goes_where_the_version_looks_for_it() {
    let login = Login { user: "h 1".to_owned(), password: Secret::new(LOGIN) };
    let access = Access { login: Some(login), ..access(rest()) };
    let new = build(Verb::Stats, &access, &Limits::default(), 17).unwrap();
    assert_eq!(value(&new, "RESTIC_REST_USERNAME"), Some(&Value::Plain("h 1".to_owned())));
    assert_eq!(value(&new, "RESTIC_REST_PASSWORD"), Some(&Value::Secret(Secret::new(LOGIN))));
    let plain = "rest:https://backup.example.org:8000/h1/main/".to_owned();
    assert_eq!(value(&new, "RESTIC_REPOSITORY"), Some(&Value::Plain(plain)));

    let old = build(Verb::Stats, &access, &Limits::default(), 16).unwrap();
    let expected = "rest:https://h%201:s3cr3t%2F%40%3A%25@backup.example.org:8000/h1/main/";
    assert_eq!(value(&old, "RESTIC_REPOSITORY"), Some(&Value::Secret(Secret::new(expected))));
    assert_eq!(value(&old, "RESTIC_REST_PASSWORD"), None);
}

#[test]
fn only_the_backends_own_names_may_be_set() {
    let s3 = Backend::S3 {
        endpoint: "https://s3.example.org".to_owned(),
        bucket: "b".to_owned(),
        prefix: "p".to_owned(),
        region: Some("eu-1".to_owned()),
    };
    let with = |backend: &Backend, name: &str| Access {
        environment: BTreeMap::from([(name.to_owned(), Secret::new(KEY))]),
        ..access(backend.clone())
    };
    let made = build(Verb::Stats, &with(&s3, "AWS_SECRET_ACCESS_KEY"), &Limits::default(), 19).unwrap();
    assert_eq!(value(&made, "AWS_SECRET_ACCESS_KEY"), Some(&Value::Secret(Secret::new(KEY))));
    assert_eq!(value(&made, "AWS_DEFAULT_REGION"), Some(&Value::Plain("eu-1".to_owned())));
    for name in ["LD_PRELOAD", "RESTIC_PASSWORD_COMMAND", "PATH", "RESTIC_REPOSITORY", "B2_ACCOUNT_ID"] {
        let refused = build(Verb::Stats, &with(&s3, name), &Limits::default(), 19);
        assert_eq!(refused, Err(CallError::Environment(name.to_owned())));
    }
    assert!(build(Verb::Stats, &with(&local(), "AWS_ACCESS_KEY_ID"), &Limits::default(), 19).is_err());
}

#[test]
fn no_secret_is_in_argv_or_in_what_is_printed() {
    let (group, tag, keep) = (group(), "default".parse().unwrap(), Retention::default());
    let login = Login { user: "u".to_owned(), password: Secret::new(LOGIN) };
    let from = Access { login: Some(login.clone()), ..access(rest()) };
    let verbs = [
        Verb::Init { like: None },
        Verb::Init { like: Some(&from) },
        Verb::CatConfig,
        Verb::Backup { group: &group, tag: &tag, host: "h1", includes: &group.includes, own_files: &[] },
        Verb::ForgetPreview { tag: &tag, host: "h1", keep: &keep },
        Verb::Forget { ids: &group.includes },
        Verb::List { snapshot: "a1" },
        Verb::ListBelow { snapshot: "a1", paths: &[] },
        Verb::Restore {
            snapshot: "a1",
            base: None,
            target: Path::new("/t"),
            patterns: &[],
            manner: Manner::default(),
        },
        Verb::Snapshots { id: None },
        Verb::Stats,
        Verb::Prune,
        Verb::Check { read_data_percent: 5 },
        Verb::Unlock { all: true },
        Verb::Copy { from: &from, ids: &group.includes },
    ];
    for minor in [14, 16, 18, 19] {
        for verb in verbs {
            let access = Access { login: Some(login.clone()), ..access(rest()) };
            let made = build(verb, &access, &Limits::default(), minor).unwrap();
            let (argv, printed) = (words(&made), format!("{made:?}{access:?}"));
            for secret in [PASSWORD, LOGIN, &percent(LOGIN)] {
                assert!(!argv.contains(secret), "{argv}");
                assert!(!printed.contains(secret), "{printed}");
            }
            assert!(printed.contains("**redacted**"));
        }
    }
}

#[test]
fn two_repositories_have_their_logins_in_their_addresses_and_one_environment() {
    let login = |user: &str| Some(Login { user: user.to_owned(), password: Secret::new(LOGIN) });
    let (to, from) = (Access { login: login("to"), ..access(rest()) }, access(local()));
    for minor in [14, 19] {
        let made = build(Verb::Copy { from: &from, ids: &[] }, &to, &Limits::default(), minor);
        let made = made.unwrap();
        let there = "rest:https://to:s3cr3t%2F%40%3A%25@backup.example.org:8000/h1/main/";
        assert_eq!(value(&made, "RESTIC_REPOSITORY"), Some(&Value::Secret(Secret::new(there))));
        assert_eq!(value(&made, "RESTIC_FROM_REPOSITORY"), Some(&Value::Plain("/srv/repo".to_owned())));
        assert_eq!(value(&made, "RESTIC_FROM_PASSWORD"), Some(&Value::Secret(Secret::new(PASSWORD))));
        assert_eq!(value(&made, "RESTIC_REST_PASSWORD"), None, "it would go to both servers");
    }
    let s3 = |key: &str, region: &str| Access {
        environment: BTreeMap::from([("AWS_ACCESS_KEY_ID".to_owned(), Secret::new(key))]),
        ..access(Backend::S3 {
            endpoint: "https://s3.example.org".to_owned(),
            bucket: "b".to_owned(),
            prefix: String::new(),
            region: Some(region.to_owned()),
        })
    };
    let copy = |from: &Access| build(Verb::Copy { from, ids: &[] }, &s3(KEY, "eu-1"), &Limits::default(), 19);
    assert!(copy(&s3(KEY, "eu-1")).is_ok());
    let names = ["AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION"].map(str::to_owned).to_vec();
    assert_eq!(copy(&s3("another", "eu-2")), Err(CallError::Clash(names)));
}
