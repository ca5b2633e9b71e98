//! `scripts/run` as a person meets it: it prints an address, waits for the first admin, announces this machine's agent,
//! and takes everything down again on Ctrl-C.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tests::wait::until_within;
use tests::{http, person::Person};
use wire::view::PresenceView;

/// Building what is stale is a part of it.
const PATIENCE: Duration = Duration::from_mins(5);

/// The script and all it started; a terminal's Ctrl-C reaches the whole group, and so does this.
struct Run {
    child: Child,
    log: std::path::PathBuf,
}

impl Run {
    fn start(dir: &Path) -> Self {
        use std::os::unix::process::CommandExt;
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the repository");
        let log = dir.join("run.log");
        let said = File::create(&log).expect("the log file");
        let child = Command::new(top.join("scripts/run"))
            .arg("--keep")
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(said.try_clone().expect("the log file"))
            .stderr(said)
            .process_group(0)
            .spawn()
            .expect("scripts/run starts");
        Self { child, log }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        let _ = kill_process_group(group, signal);
    }

    /// Waits for a line, and fails with everything said when the script ends before it.
    async fn line(&mut self, begins: &str) -> String {
        until_within(
            begins,
            PATIENCE,
            async || {
                let said = self.said();
                let ended = self.child.try_wait().expect("the script can be asked for");
                assert!(ended.is_none(), "scripts/run ended ({ended:?}):\n{said}");
                said
            },
            |said| {
                let line = said.lines().map(str::trim).find(|line| line.starts_with(begins))?;
                Some(line[begins.len()..].trim().to_owned())
            },
        )
        .await
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_founds_the_fleet_at_the_printed_address_and_sees_the_agent_come() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::start(dir.path());
    let link = run.line("The panel:").await;
    let (url, token) = link.split_once("/setup#").expect("the first start prints the setup link");
    let page = http::client().get(url).send().await.unwrap();
    assert!(
        page.status().is_success() && page.text().await.unwrap().contains("<script"),
        "the panel is there"
    );
    let repository = run.line("repository").await;
    let files = run.line("start path").await;
    assert!(Path::new(&files).join("letters").is_dir() && Path::new(&repository).parent().unwrap().is_dir());

    let person = Person::found(url, token).await;
    let pending = person.pending().await;
    let shown = run.said();
    assert!(shown.contains(&pending.fingerprint), "the terminal shows the fingerprint to compare:\n{shown}");
    person.approve(&pending, "demo").await;
    run.line("The agent runs.").await;
    let hosts = async || person.hosts().await;
    let online = |rows: &Vec<wire::view::HostRow>| {
        (rows.len() == 1 && rows[0].presence == PresenceView::Online).then_some(())
    };
    until_within("the agent to be online", PATIENCE, hosts, online).await;

    run.signal(Signal::INT);
    let status = run.child.wait().unwrap();
    assert!(status.success(), "{status}\n{}", run.said());
    assert!(http::client().get(url).send().await.is_err(), "the coordinator is gone");
    let left = |name: &str| dir.path().join(name).exists();
    assert!(left("coordinator") && left("agent") && left("files"), "--keep keeps everything");
}

#[test]
fn what_the_script_does_not_know_it_refuses_before_it_builds() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for arguments in [&["--forever"][..], &["--keep"]] {
        let output = Command::new(top.join("scripts/run")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}
