//! The Linux installer, piped into dash in a bare Debian root: what it finds, what it refuses, what it leaves behind.

#[path = "installer/bare.rs"]
mod bare;
#[path = "installer/rendered.rs"]
mod rendered;
#[path = "installer/server.rs"]
mod server;

use std::process::{Command, Stdio};

use bare::Scene;
use rendered::{AGENT, command, fleet, install, served, sha256};
use tests::person::Person;
use tests::place::Place;
use tests::programs::{Coordinator, free_port};
use wire::view::InstallView;

const BINARY: &str = "/usr/local/lib/restic-manager/restic-manager-agent";
const LINK: &str = "/usr/local/bin/restic-manager-agent";
const UNIT: &str = "/etc/systemd/system/restic-manager-agent.service";
const CALLED: &str = "/var/lib/restic-manager-agent/called";

/// Notes what it is asked; the agent is active when a file says so.
const SYSTEMCTL: &str = r#"#!/bin/sh
case "$*" in *is-active*) [ -e /agent-is-active ]; exit ;; esac
echo "systemctl $*" >>/systemctl-called
"#;

fn digest() -> String {
    format!("--fleet {} --sha256 x86_64={}", fleet(), sha256(AGENT.as_bytes()))
}

#[test]
fn a_bare_machine_gets_the_agent_and_is_told_what_to_do_next() {
    let server = served(AGENT);
    let outcome = Scene::default().run(&command(&server, &digest()));
    outcome.succeeds().says("architecture: x86_64").says("the digest matches");
    outcome.says("restic is not installed").says("next: apt-get install restic").says("none found");
    outcome
        .says("systemd is not running here")
        .says(&format!("{LINK} --data /var/lib/restic-manager-agent run"));
    assert_eq!(outcome.read(BINARY).as_deref(), Some(AGENT));
    assert_eq!(outcome.mode(BINARY), Some(0o755));
    assert_eq!(outcome.link(LINK).as_deref(), Some(BINARY));
    assert_eq!(outcome.read(UNIT), Some(rendered::unit()));
    assert_eq!(outcome.mode("/var/lib/restic-manager-agent"), Some(0o700));
    let called = outcome.read(CALLED).unwrap();
    assert_eq!(
        called,
        format!("--data /var/lib/restic-manager-agent enrol --coordinator {}#{}\n", server.url, fleet())
    );
    let left = [
        "/etc/restic-manager",
        "/usr/local/lib",
        "/usr/local/bin",
        "/etc/systemd",
        "/var/lib/restic-manager-agent",
    ];
    let strays: Vec<String> =
        outcome.files().into_iter().filter(|file| !left.iter().any(|dir| file.starts_with(dir))).collect();
    assert!(strays.is_empty(), "left behind: {strays:?}");
    assert!(
        !outcome.files().iter().any(|file| file.contains("/.restic-manager-agent.")),
        "{:?}",
        outcome.files()
    );
}

/// The command is the panel's, the coordinator and the agent are the real ones, the machine has nothing.
#[test]
fn the_command_that_the_panel_shows_makes_a_bare_machine_a_member() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let place = Place::temporary();
        let coordinator = Coordinator::start(&place, free_port()).await;
        let person = Person::found(&coordinator.url, &coordinator.setup_token()).await;
        let shown: InstallView = person.get("/fleet/install").await;
        let machine = "0123456789abcdef0123456789abcdef\n";
        let enrolling = tokio::task::spawn_blocking(move || {
            Scene::default().with("/etc/machine-id", machine).run(&format!("{} </dev/null", shown.linux))
        });
        let pending = person.pending().await;
        person.approve(&pending, "bare").await;
        let outcome = enrolling.await.unwrap();
        outcome.succeeds().says("the digest matches").says(&pending.fingerprint).says("==> Done");
        assert!(outcome.read("/var/lib/restic-manager-agent/agent.db").is_none(), "a database is no text");
        let has = |file: &str| outcome.files().contains(&format!("/var/lib/restic-manager-agent/{file}"));
        assert!(has("agent.db") && has("identity.key"), "{:?}", outcome.files());
        assert_eq!(outcome.mode("/var/lib/restic-manager-agent/identity.key"), Some(0o600));
        assert_eq!(person.hosts().await.len(), 1);
    });
}

#[test]
fn wget_does_as_well_and_with_neither_it_says_so() {
    let server = served(AGENT);
    let line = format!("wget -qO- {}/install.sh | sh -s -- {}", server.url, digest());
    Scene::default().without("/usr/bin/curl").run(&line).succeeds().says("the digest matches");
    let script = install(&server.url, Some(fleet()), &[("x86_64", AGENT.as_bytes())]);
    let scene =
        Scene::default().without("/usr/bin/curl").without("/usr/bin/wget").with("/install.sh", &script);
    scene
        .run(&format!("sh /install.sh {}", digest()))
        .fails()
        .says("neither curl nor wget")
        .says("next: install one");
}

#[test]
fn a_download_that_is_not_what_the_command_says_is_not_installed() {
    let server = served("#!/bin/sh\necho evil >/evil\n");
    let outcome = Scene::default().run(&command(&server, &digest()));
    outcome.fails().says("nothing was installed").says("next: reload the panel's page");
    assert_eq!(outcome.files(), Vec::<String>::new());
}

#[test]
fn a_digest_for_another_architecture_only_is_refused_and_a_bare_one_is_taken() {
    let server = served(AGENT);
    let other = format!("--sha256 aarch64={}", sha256(b"other"));
    Scene::default().run(&command(&server, &other)).fails().says("no digest for x86_64");
    let bare = format!("--sha256 {}", sha256(AGENT.as_bytes()).to_uppercase());
    Scene::default().run(&command(&server, &bare)).succeeds().says("the digest matches");
    Scene::default().run(&command(&server, "")).succeeds().says("the command has no --sha256");
}

#[test]
fn backups_that_run_here_are_shown_and_left_alone() {
    let crontab = "# restic by night\n0 2 * * * root RESTIC_PASSWORD=hunter2 restic -r rest:https://me:pw@nas/ backup /srv\n";
    let scene = Scene::default()
        .with("/etc/cron.d/nightly", crontab)
        .with("/var/spool/cron/crontabs/root", "5 3 * * * /opt/save.sh\n6 3 * * * /bin/true\n")
        .with_program("/opt/save.sh", "#!/bin/sh\nexec restic backup /home\n")
        .with("/etc/cron.weekly/prune", "#!/bin/sh\nrestic prune\n")
        .with("/etc/systemd/system/save.timer", "[Timer]\nOnCalendar=daily\nUnit=save-all.service\n")
        .with("/etc/systemd/system/save-all.service", "[Service]\nExecStart=/usr/bin/restic backup /etc\n")
        .with("/etc/systemd/system/other.timer", "[Timer]\nOnCalendar=daily\n")
        .with("/etc/systemd/system/other.service", "[Service]\nExecStart=/bin/true\n");
    let server = served(AGENT);
    let outcome = scene.run(&command(&server, &digest()));
    outcome.succeeds();
    outcome.says("cron: /etc/cron.d/nightly: 0 2 * * * root RESTIC_PASSWORD=*** restic -r rest:https://***@nas/ backup /srv");
    outcome.says("cron: /var/spool/cron/crontabs/root: 5 3 * * * /opt/save.sh   (/opt/save.sh calls restic)");
    outcome.says("cron: /etc/cron.weekly/prune");
    outcome.says("timer: /etc/systemd/system/save.timer runs /usr/bin/restic backup /etc");
    outcome.says("left exactly as they are");
    outcome.never_says("hunter2").never_says("by night").never_says("/bin/true").never_says("other.timer");
    assert_eq!(outcome.read("/etc/cron.d/nightly").as_deref(), Some(crontab));
}

#[test]
fn the_version_of_restic_is_told_and_judged() {
    let restic =
        |version: &str| format!("#!/bin/sh\necho \"restic {version} compiled with go1.24 on linux/amd64\"\n");
    let server = served(AGENT);
    let with = |version: &str| {
        Scene::default().with_program("/usr/bin/restic", &restic(version)).run(&command(&server, &digest()))
    };
    with("0.18.0").succeeds().says("/usr/bin/restic, version 0.18.0").never_says("older");
    with("0.14.0").succeeds().says("version 0.14.0").never_says("older");
    with("0.9.6").succeeds().says("version 0.9.6, older than 0.14");
}

#[test]
fn a_dry_run_changes_nothing_and_needs_no_root() {
    let server = served(AGENT);
    let outcome = Scene::default().run(&command(&server, &format!("--dry-run {}", digest())));
    outcome.succeeds().says("dry run: nothing is changed").says("would run:").says(BINARY);
    assert_eq!(outcome.files(), Vec::<String>::new());
    let outcome = Scene::default().user("nobody").run(&command(&server, "--dry-run"));
    outcome.succeeds().says("not root: fine for a dry run");
    assert_eq!(outcome.files(), Vec::<String>::new());
}

#[test]
fn what_cannot_work_is_refused_with_the_next_step() {
    let server = served(AGENT);
    let refused = |scene: Scene, arguments: &str, what: &str, next: &str| {
        let outcome = scene.run(&command(&server, arguments));
        outcome.fails().says(&format!("error: {what}")).says(next);
        assert!(outcome.read(BINARY).is_none());
    };
    refused(Scene::default().user("nobody"), &digest(), "this has to run as root", "sudo -s");
    let uname =
        |machine: &str| format!("#!/bin/sh\ncase $1 in -m) echo {machine} ;; *) echo Linux ;; esac\n");
    let machine = |name: &str| Scene::default().with_program("/usr/local/bin/uname", &uname(name));
    refused(
        machine("riscv64"),
        &digest(),
        "there is no agent for this architecture, riscv64",
        "build it from source",
    );
    refused(
        machine("aarch64"),
        &digest(),
        "this coordinator offers no agent for aarch64",
        "--agent-binary aarch64=PATH",
    );
    refused(Scene::default(), "--sha", "unknown option: --sha", "copy the whole command");
    refused(Scene::default(), "--fleet", "--fleet wants a value", "copy the whole command");
    refused(Scene::default(), "--insecure-download", "--insecure-download without --sha256", "add --sha256");
    refused(
        Scene::default(),
        &format!("{} --coordinator http://127.0.0.1:9", digest()),
        "the download of http://127.0.0.1:9/dist",
        "curl -v http://127.0.0.1:9/dist",
    );
    let script = "#!/bin/sh\nexit 1\n";
    let broken = served(script);
    let outcome = Scene::default().run(&command(&broken, &format!("--sha256 {}", sha256(script.as_bytes()))));
    outcome.fails().says("does not start on this machine");
    assert_eq!(outcome.files(), Vec::<String>::new());
}

#[test]
fn a_token_travels_in_the_environment_and_a_failed_enrolment_says_how_to_go_on() {
    let server = served(AGENT);
    let outcome = Scene::default().environment("RM_TOKEN", "rmt_secret").run(&command(&server, &digest()));
    outcome.succeeds().never_says("rmt_secret");
    let called = outcome.read(CALLED).unwrap();
    assert!(called.contains("token of 10 characters") && !called.contains("rmt_secret"), "{called}");

    let outcome = Scene::default().with("/refuse", "").run(&command(&server, &digest()));
    outcome.fails().says("no coordinator answers").says("installed, but not enrolled");
    outcome.says(&format!("enrol --coordinator '{}#{}'", server.url, fleet())).says("after that:");
}

#[test]
fn under_systemd_the_service_is_enabled_and_an_earlier_one_rests_meanwhile() {
    let server = served(AGENT);
    let scene = || {
        let scene = Scene::default().with("/run/systemd/system/.here", "");
        scene.with_program("/usr/bin/systemctl", SYSTEMCTL)
    };
    let outcome = scene().run(&command(&server, &digest()));
    outcome
        .succeeds()
        .says("is running and starts with the machine")
        .says("journalctl -u restic-manager-agent");
    let name = "restic-manager-agent";
    let start =
        format!("systemctl daemon-reload\nsystemctl enable --quiet {name}\nsystemctl restart {name}\n");
    assert_eq!(outcome.read("/systemctl-called"), Some(start.clone()));

    let again = scene().with("/agent-is-active", "").with(BINARY, "the one before").with(UNIT, "[Service]\n");
    let outcome = again.run(&command(&server, &digest()));
    outcome.succeeds().says("stopping the agent that runs here");
    assert_eq!(outcome.read("/systemctl-called"), Some(format!("systemctl stop {name}\n{start}")));
    assert_eq!(outcome.read(BINARY).as_deref(), Some(AGENT));
    assert_eq!(outcome.read(UNIT), Some(rendered::unit()));
}

#[test]
fn a_script_that_broke_off_on_the_way_runs_nothing() {
    let script = install("http://127.0.0.1:9", Some(fleet()), &[("x86_64", AGENT.as_bytes())]);
    let lines: Vec<&str> = script.lines().collect();
    for part in [lines.len() / 3, lines.len() / 2, lines.len() - 1] {
        let outcome = Scene::default().with("/part.sh", &lines[..part].join("\n")).run("sh < /part.sh");
        assert_eq!(outcome.files(), ["/part.sh"], "{}", outcome.said);
    }
}

#[test]
fn uninstalling_keeps_the_data_unless_told_and_asks_before() {
    let server = served(AGENT);
    let there = || {
        let scene = Scene::default().with_program(BINARY, AGENT).with(UNIT, "[Service]\n");
        scene
            .with("/var/lib/restic-manager-agent/agent.db", "data")
            .with("/etc/restic-manager/agent.toml", "")
    };
    let line = |arguments: &str| format!("curl -fsSL {}/uninstall.sh | sh -s -- {arguments}", server.url);
    let data = ["/etc/restic-manager/agent.toml", "/var/lib/restic-manager-agent/agent.db"];

    let outcome = there().run(&line(""));
    outcome.succeeds().says("kept: /var/lib/restic-manager-agent").says("retire this host");
    assert_eq!(outcome.files(), data);
    let outcome = there().run(&line("--purge --yes"));
    assert_eq!(outcome.succeeds().files(), Vec::<String>::new());
    let outcome = there()
        .run(&format!("curl -fsSL {}/uninstall.sh >/u.sh; echo wrong-name | sh /u.sh --purge", server.url));
    outcome.fails().says("nothing was removed");
    assert!(outcome.files().contains(&data[1].to_owned()) && outcome.files().contains(&BINARY.to_owned()));
    let outcome = there().run(&line("--dry-run --purge"));
    assert!(outcome.succeeds().files().contains(&BINARY.to_owned()));

    let scene = there().with("/run/systemd/system/.here", "").with_program("/usr/bin/systemctl", SYSTEMCTL);
    let outcome = scene.run(&line(""));
    let stops = "systemctl disable --now --quiet restic-manager-agent\nsystemctl daemon-reload\n";
    assert_eq!(outcome.succeeds().read("/systemctl-called").as_deref(), Some(stops));
}

/// Feeds a text to a program and returns whether it was content, with its words.
fn judged(program: &str, arguments: &[&str], text: &str) -> (bool, String) {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}: run scripts/setup"));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let words =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), words)
}

#[test]
fn the_rendered_script_is_clean_posix_shell_whatever_it_is_rendered_with() {
    let offers: &[(&str, &[u8])] = &[("x86_64", b"a"), ("aarch64", b"b")];
    let odd = "https://it's.example/$(touch /x)`y`\"";
    // In the odd one shellcheck suspects the quoting that is the point of it.
    let cases = [
        (install("https://backup.example", Some(fleet()), offers), &["-s", "sh", "-"][..]),
        (install(odd, None, &[]), &["-s", "sh", "-e", "SC2016", "-"]),
    ];
    for (script, for_shellcheck) in cases {
        for (program, arguments) in [("dash", &["-n"][..]), ("shellcheck", for_shellcheck)] {
            let (content, words) = judged(program, arguments, &script);
            assert!(content, "{program}: {words}");
        }
    }
    let script = install(odd, None, offers);
    let outcome = Scene::default().with("/i.sh", &script).run("sh /i.sh --dry-run");
    outcome.succeeds().says(odd);
    assert_eq!(outcome.files(), ["/i.sh"]);
}

#[test]
fn the_unit_is_one_that_systemd_understands_and_keeps_restic_alive() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("restic-manager-agent.service");
    // The program is not installed here, and verify wants to see it.
    std::fs::write(&path, rendered::unit().replace(BINARY, "/bin/true")).unwrap();
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let ours: Vec<&str> = words.lines().filter(|line| line.contains("restic-manager-agent")).collect();
    assert!(output.status.success() && ours.is_empty(), "{words}");

    let unit = rendered::unit();
    let setting = |line: &str| unit.lines().any(|l| l == line);
    assert!(setting("NoNewPrivileges=yes") && setting("ProtectSystem=full") && setting("PrivateTmp=no"));
    assert!(setting("ReadWritePaths=-/usr/local/lib/restic-manager"));
    for harmful in
        ["ProtectHome=", "SystemCallFilter=", "RestrictSUIDSGID=", "PrivateDevices=", "ProtectKernelModules="]
    {
        assert!(!unit.lines().any(|line| line.starts_with(harmful)), "{harmful} breaks backups or restores");
    }
}
