//! For tests: a real REST server behind two doors, and hosts whose repositories lie there.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use wire::{
    id::AgentId,
    job::{JobKind, JobState},
    plan::Plan,
    seal::SecretSlot,
};

use super::{PASSWORD, Stage, light};
use crate::world::World;

/// What an agent on a data host logs in with, and what may delete.
pub const EVERYDAY: &str = "everyday-login-2291";
pub const ADMIN: &str = "admin-login-4711-abc";
const EVERYDAY_LINE: &str = "{SHA}Xi+yJWdnEjs4qGo35ICvfQAyzHc=";
const ADMIN_LINE: &str = "{SHA}6KByD1bvOAjloOFvvM5DCuz31GU=";

/// One directory of repositories behind two doors: one where each host may add to its own, one where an admin may do
/// everything.
pub struct Servers {
    pub everyday: String,
    pub admin: String,
    _children: [Ended; 2],
    dir: tempfile::TempDir,
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Servers {
    pub fn start(hosts: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lines: Vec<String> = hosts.iter().map(|host| format!("{host}:{EVERYDAY_LINE}")).collect();
        std::fs::write(dir.path().join("everyday"), lines.join("\n") + "\n").unwrap();
        std::fs::write(dir.path().join("admin"), format!("keeper:{ADMIN_LINE}\n")).unwrap();
        let (everyday, one) = serve(dir.path(), "everyday", &["--private-repos", "--append-only"]);
        let (admin, other) = serve(dir.path(), "admin", &[]);
        Self { everyday, admin, _children: [one, other], dir }
    }
}

fn serve(dir: &Path, htpasswd: &str, more: &[&str]) -> (String, Ended) {
    let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.rig/bin/rest-server");
    assert!(binary.is_file(), "the REST server is not here: `scripts/setup` fetches it");
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = Command::new(binary);
    command.args(["--listen", &address]).args(more);
    command.arg("--path").arg(dir.join("served")).arg("--htpasswd-file").arg(dir.join(htpasswd));
    let log = std::fs::File::create(dir.join(format!("{htpasswd}.log"))).unwrap();
    let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let child = Ended(child);
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&address).is_err() {
        assert!(Instant::now() < deadline, "the REST server does not listen at {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
    (format!("http://{address}"), child)
}

pub fn login(stage: &Stage, repository: &str, user: &str, password: &str) {
    let value = serde_json::json!({ "user": user, "password": password }).to_string();
    stage.secrets.put(&SecretSlot::RepositoryLogin(repository.parse().unwrap()), &value);
}

/// The plan of a host whose repository only appends.
pub fn data_plan(servers: &Servers, host: &str, src: &Path, keep_last: u32) -> Plan {
    serde_json::from_value(serde_json::json!({
        "repositories": { "main": {
            "backend": { "kind": "rest", "url": servers.everyday, "path": host }, "append_only": true,
        } },
        "groups": { "default": {
            "includes": [src], "retry": { "max": 0, "backoff_s": 1 },
            "retention": { "keep_last": keep_last, "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0 },
        } },
    }))
    .unwrap()
}

/// A host with four snapshots in a repository of its own that only appends.
pub async fn data_host(servers: &Servers, host: &str, n: u8, restic: &Path, keep_last: u32) -> Stage {
    let mut stage = Stage::of((AgentId([n; 32]), host), World::real(), restic, |_| {});
    let src = stage.path("src");
    std::fs::create_dir(&src).unwrap();
    light::lay(&servers.dir.path().join("served").join(host));
    stage.run();
    stage.give_password("main", PASSWORD);
    login(&stage, "main", host, EVERYDAY);
    stage.set_plan(data_plan(servers, host, &src, keep_last)).await;
    for round in 0..4 {
        std::fs::write(src.join("n.txt"), round.to_string()).unwrap();
        let job = stage.do_job(JobKind::Backup, Some("default")).await;
        assert_eq!((job.state, &job.reason), (JobState::Succeeded, &None), "{restic:?}");
    }
    stage.quiet().await;
    stage
}

/// How many snapshots lie there, told by plain restic at the admin's door.
pub fn count_of(servers: &Servers, host: &str, restic: &Path) -> usize {
    let url = servers.admin.replace("http://", &format!("rest:http://keeper:{ADMIN}@"));
    let mut command = Command::new(restic);
    command.env("RESTIC_REPOSITORY", format!("{url}/{host}/")).env("RESTIC_PASSWORD", PASSWORD);
    let listed = command.args(["snapshots", "--json", "--no-cache", "--no-lock"]).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    serde_json::from_slice::<Vec<serde_json::Value>>(&listed.stdout).unwrap().len()
}
