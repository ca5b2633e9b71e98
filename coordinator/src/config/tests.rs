//! What is written, and what comes of it.

use super::*;

fn load(file: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("client-secret"), "hush hush\n").unwrap();
    fs::write(directory.path().join("empty"), "\n").unwrap();
    fs::write(directory.path().join(FILE), file).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(directory.path(), environment, flags)
}

fn problems(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
    match load(file, environment, Flags::default()) {
        Err(ConfigError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("no problem: {other:?}"),
    }
}

const PROVIDER: &str = r#"
[[sso]]
id = "office"
name = "Office"
issuer = "https://id.example.org/"
client_id = "restic-manager"
client_secret_file = "client-secret"
[sso.roles]
admin = ["backup-admins"]
viewer = ["staff", "guests"]
"#;

#[test]
fn flags_win_over_the_environment_which_wins_over_the_file() {
    let file = "name = \"file\"\npublic_url = \"https://b.example/\"\n[agent_binaries]\nx86_64 = \"/a\"\n[sessions]\nidle_hours = 2";
    let mut flags = Flags { name: Some("flag".into()), ..Flags::default() };
    flags.agent_binaries.insert("aarch64".into(), "/b".into());
    let environment = [
        ("RM_COORDINATOR_NAME", "environment"),
        ("RM_COORDINATOR_LISTEN", "127.0.0.1:1"),
        ("RM_COORDINATOR_SESSIONS__IDLE_HOURS", "3"),
        ("RM_COORDINATOR_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7"),
        ("RM_COORDINATOR_SECOND_FACTOR__REQUIRED", "[\"admin\", \"operator\"]"),
        ("RM_COORDINATOR_DATA", "/is/read/by/the/command/line"),
        ("RESTIC_PASSWORD", "is not ours"),
    ];
    let config = load(file, &environment, flags).unwrap();
    assert_eq!((config.name.as_str(), config.public_url.as_deref()), ("flag", Some("https://b.example")));
    assert_eq!(config.listen.to_string(), "127.0.0.1:1");
    assert_eq!(config.tls, TlsWanted::Plain);
    assert_eq!(config.agent_binaries.len(), 2);
    assert_eq!(config.sessions.idle_ms, 3 * 3_600_000);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.second_factor, [Role::Operator, Role::Admin]);
}

#[test]
fn beyond_loopback_it_speaks_tls_unless_told_otherwise() {
    let tls = |file| load(file, &[], Flags::default()).unwrap().tls;
    assert_eq!(tls("listen = \"0.0.0.0:443\""), TlsWanted::SelfMade);
    let off = load("listen = \"0.0.0.0:80\"\ntls = \"off\"", &[], Flags::default()).unwrap();
    assert_eq!(off.tls, TlsWanted::Plain);
    let danger = off.exposure().unwrap();
    assert!(danger.contains("DANGER: 0.0.0.0:80") && danger.contains("127.0.0.1"), "{danger}");
    for safe in ["", "tls = \"off\"", "listen = \"0.0.0.0:443\""] {
        assert_eq!(load(safe, &[], Flags::default()).unwrap().exposure(), None, "{safe}");
    }
    assert!(
        problems("certificate = \"/c.pem\"", &[])[0].contains("line 1: `certificate`: a certificate and")
    );
}

#[test]
fn a_provider_is_read_with_its_secret_from_its_file() {
    let config = load(PROVIDER, &[], Flags::default()).unwrap();
    let [provider] = config.sso.as_slice() else { panic!("{:?}", config.sso) };
    assert_eq!(provider.client_secret.as_ref().unwrap().expose(), b"hush hush");
    assert_eq!(provider.issuer, "https://id.example.org/");
    assert_eq!(provider.scopes, ["openid", "profile", "email", "groups"]);
    assert_eq!(provider.roles[&Role::Viewer], ["staff", "guests"]);
    assert!(!format!("{config:?}").contains("hush"));
    assert!(!config.shown().iter().any(|shown| shown.value.contains("hush")));
}

#[test]
fn providers_can_stand_in_the_environment_too() {
    let one = r#"[{ id = "a", name = "A", issuer = "http://127.0.0.1:1", client_id = "c", roles = { admin = ["x"] } }]"#;
    let config = load(PROVIDER, &[("RM_COORDINATOR_SSO", one)], Flags::default()).unwrap();
    assert_eq!(config.sso.iter().map(|provider| provider.id.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn every_problem_is_told_at_once_with_its_place_and_the_right_key() {
    let file = r#"
listen = "everywhere"
publik_url = "https://b.example"
tls = 7
trusted_proxies = ["10.0.0.0/8", "office"]
cors_origins = ["https://panel.example.org"]
idle_hours = 3

[sessions]
idle_hours = 0
whole = 3

[second_factor]
required = "admin"

[audit]
keep_days = 30
copy = "somewhere"

[[sso]]
id = "Office"
issuer = "http://id.example.org"
client_secret_file = "missing"
scopes = ["email"]
isuer = "x"

[[sso]]
id = "b"
name = "B"
issuer = "https://b.example"
client_id = "b"
client_secret_file = "empty"
[sso.roles]
admins = ["x"]

[favourite]
colour = "blue"
"#;
    let told =
        problems(file, &[("RM_COORDINATOR_NAMES", "x"), ("RM_COORDINATOR_AUDIT__KEEP_DAYS", "a year")]);
    insta::assert_snapshot!(without_directory(&told.join("\n")));
}

/// The temporary directory's name is another one each time.
fn without_directory(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.rsplit_once('/') {
        Some((before, name)) if before.starts_with('/') => format!("[data]/{name}"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_text_that_is_no_toml_is_told_with_its_line() {
    assert!(problems("name = \"a\"\nlisten = \n", &[])[0].starts_with("coordinator.toml, line 2: "));
}

#[test]
fn two_providers_cannot_share_an_id() {
    let told = problems(&format!("{PROVIDER}{PROVIDER}"), &[]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("two providers have the id `office`"));
}

#[test]
fn the_table_knows_the_defaults_that_the_code_has() {
    let shown = Config::defaults(Path::new("/data")).shown();
    let table: Vec<_> = KEYS.iter().map(|key| (key.path, key.default)).collect();
    assert_eq!(
        shown.iter().map(|shown| (shown.path.as_str(), shown.value.as_str())).collect::<Vec<_>>(),
        table
    );
    let bare = "[[sso]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a\"\nclient_id = \"c\"\n[sso.roles]\nadmin = [\"x\"]";
    let config = load(bare, &[], Flags::default()).unwrap();
    for shown in config.shown().iter().skip(KEYS.len()) {
        let path = shown.path.replacen("sso.a.", "sso.", 1);
        let key = SSO_KEYS.iter().find(|key| key.path == path).unwrap_or_else(|| panic!("{path}"));
        let said = ["sso.name", "sso.issuer", "sso.client_id", "sso.roles.admin"].contains(&key.path);
        assert!(said || shown.value == key.default, "{path}: {} and {}", shown.value, key.default);
    }
}

proptest::proptest! {
    #[test]
    fn no_file_and_no_variable_breaks_it(file in ".{0,120}", name in "[A-Z_]{0,20}", value in ".{0,60}") {
        let mut given = Given::default();
        given.lay_file(&file);
        given.lay_environment([(format!("{ENVIRONMENT}{name}"), value.clone()), (format!("{ENVIRONMENT}SSO"), value)]);
        let _ = decide::decide(Path::new("/data"), given, BTreeMap::new());
    }
}

/// The operator's book, whose tables must say what the code does.
const BOOK: &str = include_str!("../../../docs/COORDINATOR.md");

/// The first cells of each row of the table whose head begins so.
fn table(head: &str) -> Vec<Vec<String>> {
    let rows = BOOK.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').skip(1).map(|cell| cell.trim().replace('`', "")).collect())
        .collect()
}

#[test]
fn the_operators_book_lists_every_key_as_it_is() {
    let rows: Vec<_> = table("| key | variable |").into_iter().map(|row| row[..4].to_vec()).collect();
    let keys: Vec<_> = KEYS
        .iter()
        .map(|key| {
            let taken = if key.live { "at once" } else { "at a restart" };
            [key.path.to_owned(), key.variable(), key.default.to_owned(), taken.to_owned()].to_vec()
        })
        .collect();
    assert_eq!(rows, keys);
    let rows: Vec<_> = table("| key | default |").into_iter().map(|row| row[..2].to_vec()).collect();
    let below = |path: &str| path.strip_prefix("sso.").unwrap_or(path).to_owned();
    let keys: Vec<_> =
        SSO_KEYS.iter().map(|key| [below(key.path), key.default.to_owned()].to_vec()).collect();
    assert_eq!(rows, keys);
}

#[test]
fn the_examples_of_the_operators_book_are_valid() {
    let examples: Vec<&str> =
        BOOK.split("```toml\n").skip(1).filter_map(|after| after.split("```").next()).collect();
    assert!(examples.len() >= 3);
    for example in examples {
        let example = example.replace("office-client-secret", "client-secret");
        load(&example, &[], Flags::default()).unwrap_or_else(|error| panic!("{example}\n{error}"));
    }
}
