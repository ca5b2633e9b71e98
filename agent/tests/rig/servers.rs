//! Servers of a test's own, on free ports: a REST server, S3, ssh. Where one cannot be had, that is said aloud and the test
//! is left out. Dropping one ends it.

use std::{
    fs,
    io::Write as _,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// A program that runs until it is dropped.
struct Server {
    child: Child,
    dir: TempDir,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(dir: TempDir, port: u16, command: &mut Command) -> Self {
        let log = fs::File::create(dir.path().join("log")).unwrap();
        let child =
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut server = Self { child, dir, port };
        let deadline = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(server.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "it does not listen: {}", log());
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("it ended with {status}: {}", log());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn rig(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig").join(name)
}

/// Whether this machine has the program; says so when it has not.
pub fn have(program: &str) -> bool {
    let found = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        .iter()
        .any(|dir| Path::new(dir).join(program).exists());
    found || missing(program)
}

fn missing(program: &str) -> bool {
    let words = format!("LEFT OUT: there is no {program} here, run scripts/setup\n");
    // Nowhere to say it is no reason to fail.
    let _ = std::io::stderr().write_all(words.as_bytes());
    false
}

pub struct Rest(Server);

impl Rest {
    /// `login`: it wants one. `tls`, `expired`: it shows a certificate of its own.
    pub fn start(options: &[&str]) -> Option<Self> {
        let program = rig("bin/rest-server");
        if !program.exists() && !missing("rest-server") {
            return None;
        }
        let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = Command::new(program);
        command.arg("--path").arg(dir.path().join("data")).arg("--listen").arg(format!("127.0.0.1:{port}"));
        if options.contains(&"login") {
            // htpasswd's SHA-1 of `let-me-in`.
            let file = dir.path().join("htpasswd");
            fs::write(&file, "web:{SHA}Uw29zBq1POt0C4lqr2E9x01mV9E=\n").unwrap();
            command.arg("--htpasswd-file").arg(file);
        } else {
            command.arg("--no-auth");
        }
        if options.contains(&"tls") || options.contains(&"expired") {
            let (certificate, key) = certificate(dir.path(), options.contains(&"expired"));
            command.arg("--tls").arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        }
        Some(Self(Server::start(dir, port, &mut command)))
    }

    pub fn url(&self) -> String {
        let scheme = if self.0.dir.path().join("cert.pem").exists() { "https" } else { "http" };
        format!("{scheme}://{}", self.address())
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.0.port)
    }

    pub fn data(&self) -> PathBuf {
        self.0.dir.path().join("data")
    }

    pub fn certificate(&self) -> String {
        self.0.dir.path().join("cert.pem").display().to_string()
    }
}

fn certificate(dir: &Path, expired: bool) -> (PathBuf, PathBuf) {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    if expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    let (certificate, private) = (dir.join("cert.pem"), dir.join("key.pem"));
    fs::write(&certificate, made.pem()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    (certificate, private)
}

pub struct S3(Server);

impl S3 {
    pub fn start() -> Option<Self> {
        let program = rig("moto/bin/moto_server");
        if !program.exists() && !missing("moto_server") {
            return None;
        }
        let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).env_remove("AWS_CA_BUNDLE");
        Some(Self(Server::start(dir, port, &mut command)))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }
}

/// sshd on a high port, and ssh programs that are configured in several ways.
pub struct Sftp(Server);

impl Sftp {
    pub fn start() -> Option<Self> {
        if !have("sshd") || !have("ssh-keygen") {
            return None;
        }
        let (dir, port) = (tempfile::tempdir().unwrap(), free_port());
        let at = |name: &str| dir.path().join(name).display().to_string();
        for key in ["host", "client", "stranger"] {
            let mut command = Command::new("ssh-keygen");
            let made = command.args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)]).status().unwrap();
            assert!(made.success());
        }
        fs::copy(at("client.pub"), at("authorized")).unwrap();
        let host = fs::read_to_string(at("host.pub")).unwrap();
        let host = host.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        fs::write(at("hosts"), format!("[127.0.0.1]:{port} {host}\n")).unwrap();
        // sshd drops its privileges there.
        fs::create_dir_all("/run/sshd").unwrap();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nStrictModes no\nUsePAM no\nPidFile none\nSubsystem sftp internal-sftp\n",
            at("host"),
            at("authorized")
        );
        fs::write(at("sshd_config"), settings).unwrap();
        for (name, hosts, key, to) in [
            ("known", "hosts", "client", port),
            ("unknown", "nobody", "client", port),
            ("keyless", "hosts", "stranger", port),
            ("closed", "hosts", "client", 1),
        ] {
            let directory = dir.path().join(name);
            fs::create_dir(&directory).unwrap();
            let configuration = directory.join("config");
            let text = format!(
                "Host *\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile none\n  IdentityFile {}\n  IdentitiesOnly yes\n",
                at(hosts),
                at(key)
            );
            fs::write(&configuration, text).unwrap();
            let ssh = directory.join("ssh");
            // The last port on ssh's command line is not the one that counts, but the first.
            let port = if to == port { String::new() } else { format!(" -p {to}") };
            fs::write(
                &ssh,
                format!("#!/bin/sh\nexec /usr/bin/ssh -F {}{port} \"$@\"\n", configuration.display()),
            )
            .unwrap();
            fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = Command::new("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f", &at("sshd_config")]);
        Some(Self(Server::start(dir, port, &mut command)))
    }

    /// A search path whose ssh has this configuration.
    pub fn path(&self, configuration: &str) -> String {
        format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.0.dir.path().join(configuration).display())
    }

    pub fn backend(&self, dir: &Path) -> Json {
        json!({ "kind": "sftp", "host": "127.0.0.1", "port": self.0.port, "user": "root", "path": dir.join("repo") })
    }
}
