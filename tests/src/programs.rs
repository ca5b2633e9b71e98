//! The real binaries as child processes: started, spoken to, stopped, killed.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::{Digest as _, Sha1};

use crate::{http, place::Place, wait::until};

/// Where cargo put the binaries of this workspace: beside the test's own executable.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of this executable");
    let found = own.ancestors().skip(1).map(|dir| dir.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not built: `cargo build --workspace --bins` first"))
}

/// A port that nobody listens on at this moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port()
}

/// A child that is killed when it is dropped, so that a failing test leaves nothing behind.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: PathBuf,
    name: &'static str,
}

impl Program {
    pub(crate) fn start(name: &'static str, mut command: Command, log: PathBuf) -> Self {
        let open = || File::options().create(true).append(true).open(&log).expect("the log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(open())
            .stderr(open())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self { child, log, name }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has printed, over all its lives.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process can be waited for");
    }

    /// SIGTERM, and its exit status.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().expect("the process can be waited for")
    }

    /// Waits for it to end by itself, well.
    pub fn wait_for_success(&mut self) {
        let status = self.child.wait().expect("the process can be waited for");
        assert!(status.success(), "{} ended with {status}:\n{}", self.name, self.log());
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a process id"), signal).expect("the process is there");
    }

    /// Fails with its last words when it is gone.
    pub fn assert_alive(&mut self) {
        if let Some(status) = self.child.try_wait().expect("the process can be asked for") {
            let log = self.log();
            let tail: Vec<_> = log.lines().rev().take(30).collect();
            let tail: Vec<_> = tail.into_iter().rev().collect();
            panic!("{} ended ({status}, signal {:?}):\n{}", self.name, status.signal(), tail.join("\n"));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running coordinator.
#[derive(Debug)]
pub struct Coordinator {
    pub program: Program,
    pub url: String,
}

impl Coordinator {
    /// Starts it and waits until it answers.
    pub async fn start(place: &Place, port: u16) -> Self {
        let url = format!("http://127.0.0.1:{port}");
        let mut command = Command::new(binary("restic-manager-coordinator"));
        command.arg("serve").arg("--data").arg(place.coordinator()).args([
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--public-url",
            &url,
        ]);
        command.arg("--agent-binary").arg(format!(
            "{}={}",
            std::env::consts::ARCH,
            binary("restic-manager-agent").display()
        ));
        let mut program = Program::start("the coordinator", command, place.root().join("coordinator.log"));
        let http = http::client();
        until(
            "the coordinator to answer",
            async || {
                program.assert_alive();
                http.get(format!("{url}/healthz")).send().await.map(|answer| answer.status())
            },
            |seen| seen.as_ref().ok().filter(|status| status.is_success()).map(|_| ()),
        )
        .await;
        Self { program, url }
    }

    /// The program with a command line of its own, in the foreground; its log is that of the place.
    pub fn begin(place: &Place, arguments: &[&str]) -> Program {
        let mut command = Command::new(binary("restic-manager-coordinator"));
        command.args(arguments);
        Program::start("the coordinator", command, place.root().join("coordinator.log"))
    }

    /// A command such as `backup`, to its end.
    pub fn ask(arguments: &[&str]) -> Output {
        let mut command = Command::new(binary("restic-manager-coordinator"));
        command.args(arguments).stdin(Stdio::null()).output().expect("the coordinator's command runs")
    }

    /// The one-time token of the setup link, as a person finds it in what was printed.
    pub fn setup_token(&self) -> String {
        let log = self.program.log();
        let line = log.lines().rev().find(|line| line.contains("/setup#")).unwrap_or_else(|| {
            panic!("the coordinator printed no setup link:\n{log}");
        });
        let (_, token) = line.rsplit_once("/setup#").expect("the link has a token");
        token.trim().to_owned()
    }
}

/// The agent of one data directory: its daemon and its command line.
#[derive(Clone, Debug)]
pub struct Agent {
    data: PathBuf,
    log: PathBuf,
    environment: Vec<(String, String)>,
}

impl Agent {
    pub fn new(place: &Place) -> Self {
        Self::at(place.agent(), place.root().join("agent.log"))
    }

    pub fn at(data: PathBuf, log: PathBuf) -> Self {
        Self { data, log, environment: Vec::new() }
    }

    /// With one more environment variable for everything it runs.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("restic-manager-agent"));
        command.arg("--data").arg(&self.data).args(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The daemon.
    pub fn run(&self) -> Program {
        Program::start("the agent", self.command(&["run"]), self.log.clone())
    }

    /// A verb that goes on until somebody approves, such as `enrol`.
    pub fn begin(&self, arguments: &[&str]) -> Program {
        Program::start("the agent's command", self.command(arguments), self.log.clone())
    }

    /// A verb, to its end.
    pub fn ask(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().expect("the agent's command runs")
    }

    /// A verb with `--json`, parsed.
    pub fn ask_json(&self, arguments: &[&str]) -> serde_json::Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let output = self.ask(&all);
        assert!(output.status.success(), "{all:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{all:?} printed no JSON ({error}): {}", String::from_utf8_lossy(&output.stdout))
        })
    }
}

/// The real REST server with private repositories, for one user.
#[derive(Debug)]
pub struct RestServer {
    _program: Program,
    pub url: String,
}

impl RestServer {
    /// # Panics
    /// When `scripts/setup` has not fetched it.
    pub async fn start(place: &Place, user: &str, password: &str) -> Self {
        let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig/bin/rest-server");
        assert!(binary.is_file(), "the REST server is not here: `scripts/setup` fetches it");
        let htpasswd = place.root().join("htpasswd");
        // The {SHA} form of htpasswd(1): the shortest that the server reads.
        let digest = STANDARD.encode(Sha1::digest(password.as_bytes()));
        fs::write(&htpasswd, format!("{user}:{{SHA}}{digest}\n")).expect("the password file");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(binary);
        command.args(["--private-repos", "--listen", &address, "--htpasswd-file"]).arg(&htpasswd);
        command.arg("--path").arg(place.root().join("served"));
        let mut program = Program::start("the REST server", command, place.root().join("rest-server.log"));
        until(
            "the REST server to listen",
            async || {
                program.assert_alive();
                tokio::net::TcpStream::connect(&address).await.map(drop)
            },
            |seen| seen.as_ref().ok().copied(),
        )
        .await;
        Self { _program: program, url: format!("http://{address}") }
    }
}

/// The newest restic that is here: those that `scripts/setup` fetched, else the system's own.
pub fn newest_restic() -> PathBuf {
    restics().pop().expect("restic is installed: `scripts/setup`")
}

/// Every restic that is here, oldest first.
pub fn restics() -> Vec<PathBuf> {
    let rig = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig/bin");
    let mut all: Vec<PathBuf> = fs::read_dir(rig)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("restic-0")))
        .collect();
    all.sort();
    if all.is_empty() {
        all.extend(Some(PathBuf::from("/usr/bin/restic")).filter(|path| path.exists()));
    }
    all
}
