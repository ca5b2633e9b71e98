//! The agent's own terminal, with the real binary and a real restic: a host without a fleet, looked after by its
//! plan.toml and its command line alone.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_mins(2);
const PASSWORD: &str = "correct-horse-battery-staple";

/// A daemon on a directory of its own; it is stopped with the value.
struct Host {
    directory: tempfile::TempDir,
    daemon: Child,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn newest_restic() -> PathBuf {
    let rig = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig/bin");
    let entries = fs::read_dir(rig).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let named =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("restic-"));
    entries.filter(named).max().unwrap_or_else(|| "/usr/bin/restic".into())
}

/// Below a directory such as /tmp anybody could put another plan.toml there, so none is taken: where the project itself
/// lies below one, the host of the test does not.
fn guarded_place() -> &'static Path {
    let is_guarded = |place: &&Path| {
        place.ancestors().all(|part| {
            fs::metadata(part).is_ok_and(|it| it.uid() == 0 && it.permissions().mode() & 0o022 == 0)
        })
    };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    [target, Path::new("/run")].into_iter().find(is_guarded).unwrap_or(target)
}

impl Host {
    fn start() -> Self {
        let directory = tempfile::tempdir_in(guarded_place()).unwrap();
        let data = directory.path().join("agent");
        fs::create_dir(&data).unwrap();
        let settings = format!("restic = '{}'\nsettle_s = 1\n", newest_restic().display());
        fs::write(data.join("agent.toml"), settings).unwrap();
        let files = directory.path().join("files");
        fs::create_dir(&files).unwrap();
        fs::write(files.join("one.txt"), "one").unwrap();
        let daemon = Command::new(env!("CARGO_BIN_EXE_restic-manager-agent"))
            .args(["run", "--data"])
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let host = Self { directory, daemon };
        host.wait("the agent answers", || host.json(&["status", "--json"])["running"]["pid"].as_u64());
        host
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("agent")
    }

    fn plan_file(&self) -> PathBuf {
        self.data().join("plan.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_restic-manager-agent"));
        command.args(arguments).arg("--data").arg(self.data()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it printed; it must end well.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        assert!(output.status.success(), "{arguments:?}: {}\n{log}", both(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The exit code and everything that was said.
    fn bad(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (output.status.code().unwrap(), both(&output))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    fn piped(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn wait<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                panic!("{what}: not within {PATIENCE:?}; {}\n{log}", self.good(&["status"]));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn write_plan(&self, extra: &str) {
        let (files, repository) =
            (self.directory.path().join("files"), self.directory.path().join("repository"));
        let text = format!(
            "# Ours.\n[repositories.main]\nbackend = {{ kind = \"local\", path = '{}' }}\n\n\
             [groups.default]\nincludes = ['{}'] # and more later\nretry = {{ max = 0 }}\n\n{extra}",
            repository.display(),
            files.display()
        );
        fs::write(self.plan_file(), text).unwrap();
    }

    /// A plan of its own, a password, and a repository that was made.
    fn ready() -> Self {
        let host = Self::start();
        host.write_plan("");
        host.wait("the file governs", || (host.revision() == 1).then_some(()));
        let set = host.piped(&["secret", "set", "repository/main/password"], &format!("{PASSWORD}\n"));
        assert!(set.status.success(), "{}", both(&set));
        host.wait("the repository is ready", || {
            (host.json(&["status", "--json"])["repositories"][0]["readiness"] == "ready").then_some(())
        });
        host
    }

    fn revision(&self) -> u64 {
        self.json(&["status", "--json"])["plan_revision"].as_u64().unwrap_or_default()
    }
}

fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_host_is_looked_after_by_its_file_and_its_terminal_alone() {
    let host = Host::ready();
    // Work, followed to its end; what went well ends with 0.
    let said = host.good(&["run", "default"]);
    assert!(said.contains(" succeeded: snapshot"), "{said}");
    let jobs = host.json(&["jobs", "--kind", "backup", "--json"]);
    assert_eq!(
        (&jobs[0]["state"], &jobs[0]["origin"]["by"]),
        (&"succeeded".into(), &"local".into()),
        "{jobs}"
    );
    let log = host.good(&["logs", jobs[0]["job"].as_str().unwrap()]);
    assert!(log.contains("-- job"), "{log}");
    let snapshots = host.json(&["snapshots", "default", "--json"]);
    assert_eq!(snapshots.as_array().map(Vec::len), Some(1), "{snapshots}");
    assert_eq!(snapshots[0]["id"], jobs[0]["numbers"]["snapshot"]);

    // For programs: lines, then the job itself.
    let lines = host.good(&["run", "default", "--json"]);
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["live"], &last["state"]), (&"over".into(), &"succeeded".into()), "{lines}");
    // What went wrong ends with 1 and says why.
    fs::rename(host.directory.path().join("files"), host.directory.path().join("moved")).unwrap();
    let (code, said) = host.bad(&["run", "default"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("None of the group's paths exists"), "{said}");
    let (code, said) = host.bad(&["run", "mail"]);
    assert!(code == 1 && said.contains("there is no group `mail`") && said.contains("`plan show`"), "{said}");
    assert!(!said.contains("page"), "{said}");
    let status = host.good(&["status"]);
    assert!(status.contains("the last backup of the group default failed"), "{status}");
    assert!(host.good(&["run", "default", "--detach"]).contains("Begun"));

    // A wrong edit is refused with line and field, in the file's check, in status, and in doctor; the plan stays.
    host.write_plan("[limits]\nnice = 40\n");
    let (code, said) = host.bad(&["plan", "check"]);
    assert!(code == 1 && said.contains("line 10, limits.nice"), "{said}");
    assert!(host.good(&["status"]).contains("limits.nice"));
    let (code, said) = host.bad(&["doctor"]);
    assert!(code == 1 && said.contains("limits.nice"), "{said}");
    host.wait("the log says it", || {
        fs::read_to_string(host.directory.path().join("log")).unwrap().contains("limits.nice").then_some(())
    });
    assert_eq!(host.revision(), 1);

    // A right one is the next revision.
    host.write_plan("[limits]\nnice = 5\n");
    host.wait("the edit holds", || (host.revision() == 2).then_some(()));
    assert!(host.good(&["plan", "diff"]).contains("+ limits.nice = 5"));
    let history = host.json(&["plan", "history", "--json"]);
    assert_eq!(history[0]["by"]["by"], "file", "{history}");

    // Given back, shown, compared, and taken again.
    host.good(&["plan", "adopt", "--note", "the panel again"]);
    assert!(!host.plan_file().exists() && host.data().join("plan.toml.adopted").exists());
    assert!(host.good(&["plan", "history"]).contains("\"the panel again\""));
    let shown = host.good(&["plan", "show"]);
    assert!(shown.contains("nice = 5") && shown.contains("repository/main/password, revision 1"), "{shown}");
    assert!(!shown.contains(PASSWORD));
    let said = host.good(&["plan", "export"]);
    assert!(said.contains("governs"), "{said}");
    assert_eq!(host.revision(), 4);
    assert!(host.bad(&["plan", "export"]).1.contains("is there already"));
}

#[test]
fn the_plan_is_edited_in_a_persons_own_editor() {
    let host = Host::ready();
    let edit =
        |editor: &str, arguments: &[&str]| host.command(arguments).env("EDITOR", editor).output().unwrap();
    let said = edit("true", &["plan", "edit"]);
    assert!(said.status.success() && both(&said).contains("Nothing was changed"), "{}", both(&said));
    // The file governs: its comments survive.
    let said = edit("sed -i '$a [limits]\\nnice = 7'", &["plan", "edit"]);
    assert!(said.status.success() && both(&said).contains("revision 2"), "{}", both(&said));
    let text = fs::read_to_string(host.plan_file()).unwrap();
    assert!(text.contains("# and more later") && text.contains("nice = 7"), "{text}");
    // What is not valid changes nothing and is not lost.
    let said = edit("sed -i 's/nice = 7/nice = 70/'", &["plan", "edit"]);
    assert!(!said.status.success() && both(&said).contains("limits.nice"), "{}", both(&said));
    assert_eq!(fs::read_to_string(host.plan_file()).unwrap(), text);
    let kept = both(&said);
    let kept = Path::new(kept.rsplit("is in ").next().unwrap().trim());
    assert!(fs::read_to_string(kept).unwrap().contains("nice = 70"));
    fs::remove_dir_all(kept.parent().unwrap()).unwrap();

    host.good(&["plan", "adopt"]);
    let said = edit("sed -i 's/nice = 7/nice = 9/'", &["plan", "edit", "--note", "calmer"]);
    assert!(said.status.success() && both(&said).contains("revision 4"), "{}", both(&said));
    let history = host.json(&["plan", "history", "--json"]);
    assert_eq!(
        (&history[0]["by"]["by"], &history[0]["note"]),
        (&"local".into(), &"calmer".into()),
        "{history}"
    );
    let said = edit("false", &["plan", "edit"]);
    assert!(!said.status.success() && both(&said).contains("nothing was changed"), "{}", both(&said));
}

#[test]
fn maintenance_and_the_doctor_answer_at_the_terminal() {
    let host = Host::ready();
    host.good(&["run", "default"]);
    let said = host.good(&["check", "main", "--read-data", "100"]);
    assert!(said.contains("100 % of the data were read"), "{said}");
    host.good(&["prune"]);
    host.good(&["forget", "default"]);
    let unlocked: Value = serde_json::from_str(&host.good(&["unlock", "--json"])).unwrap();
    assert_eq!(unlocked[0]["left"], Value::Array(Vec::new()), "{unlocked}");
    let said = host.good(&["run", "default", "--dry-run"]);
    assert!(said.contains("INCLUDE"), "{said}");

    let output = host.run(&["doctor", "--probe", "--json"]);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |subject: &str| findings.iter().filter(|found| found["subject"] == subject).collect::<Vec<_>>();
    for subject in [
        "agent",
        "restic",
        "plan",
        "repository",
        "clock",
        "disk",
        "permissions",
        "coordinator",
        "other_backups",
    ] {
        assert!(!of(subject).is_empty(), "{subject}: {findings:#?}");
    }
    assert!(of("repository").iter().any(|found| found["level"] == "ok"), "{findings:#?}");
    let problems = findings.iter().any(|found| found["level"] == "problem");
    assert_eq!(output.status.code(), Some(i32::from(problems)));
}

#[test]
fn a_repository_is_made_anew_only_when_a_person_says_so() {
    let host = Host::ready();
    let repository = host.directory.path().join("repository");
    let (code, said) = host.bad(&["reinit", "main"]);
    assert!(code == 1 && said.contains("no terminal") && said.contains("--yes"), "{said}");
    let (code, said) = host.bad(&["reinit", "nosuch", "--yes"]);
    assert!(code == 1 && said.contains("there is no repository `nosuch`"), "{said}");
    assert!(host.json(&["jobs", "--kind", "init", "--json"])[1].is_null());

    fs::remove_dir_all(&repository).unwrap();
    let said = both(&host.run(&["reinit", "main", "--yes"]));
    assert!(said.contains("main is made anew at") && said.contains("succeeded"), "{said}");
    assert!(repository.join("config").exists());
    let job = host.json(&["jobs", "--kind", "init", "--json"])[0]["job"].as_str().unwrap().to_owned();
    let (code, said) = host.bad(&["cancel", &job]);
    assert!(code == 1 && said.contains("succeeded already"), "{said}");
}

#[test]
fn without_an_agent_each_verb_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_restic-manager-agent"));
        let output = command.args(arguments).arg("--data").arg(directory.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        both(&output).replace(&directory.path().display().to_string(), "DIR")
    };
    for arguments in [&["run", "default"][..], &["plan", "adopt"], &["secret", "set", "ping/x"]] {
        let said = said(arguments);
        assert!(said.contains("no agent runs on DIR: start it"), "{arguments:?}: {said}");
    }
    for arguments in
        [&["jobs"][..], &["snapshots"], &["plan", "show"], &["cancel", "1234"], &["plan", "edit"]]
    {
        let said = said(arguments);
        assert!(said.contains("run `restic-manager-agent enrol` first"), "{arguments:?}: {said}");
    }
    assert!(said(&["plan", "check"]).contains("there is no DIR/plan.toml"));
    assert!(said(&["doctor"]).contains("no agent runs here"));
}
