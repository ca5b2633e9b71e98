//! A bare Debian root to run something in: an overlay over `.rig/bare` that is thrown away, in a mount namespace of
//! its own, without a terminal. Knows nothing of the installer.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is put into the root before, taken out of it, and how the command runs.
#[derive(Default)]
pub struct Scene {
    files: Vec<(String, u32, String)>,
    without: Vec<String>,
    environment: Vec<(String, String)>,
    user: Option<&'static str>,
}

/// What the command said, and every file it left behind.
pub struct Outcome {
    pub succeeded: bool,
    pub said: String,
    changes: tempfile::TempDir,
}

impl Scene {
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.into(), 0o644, text.into()));
        self
    }

    pub fn with_program(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.into(), 0o755, text.into()));
        self
    }

    pub fn without(mut self, path: &str) -> Self {
        self.without.push(path.into());
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn user(mut self, name: &'static str) -> Self {
        self.user = Some(name);
        self
    }

    /// Runs a line of shell in the root, as its `/bin/sh` (dash) reads it.
    pub fn run(self, line: &str) -> Outcome {
        let stage = tempfile::tempdir().expect("a temporary directory");
        let seed = stage.path().join("seed");
        std::fs::create_dir_all(&seed).expect("a directory for the scene");
        for (path, mode, text) in &self.files {
            let place = seed.join(path.trim_start_matches('/'));
            std::fs::create_dir_all(place.parent().expect("files have a directory"))
                .expect("directories of the scene");
            std::fs::write(&place, text).expect("a file of the scene");
            set_mode(&place, *mode);
        }
        let changes = tempfile::tempdir().expect("a temporary directory");
        let output = Command::new("unshare")
            .args([
                "--mount",
                "--propagation",
                "private",
                "setsid",
                "--wait",
                "sh",
                "-eu",
                "-c",
                STAGE,
                "stage",
            ])
            .args([bare_root().as_path(), stage.path(), changes.path()])
            .args([self.without.join(" ").as_str(), self.user.unwrap_or("root"), line])
            .envs(self.environment)
            .stdin(std::process::Stdio::null())
            .output()
            .expect("unshare, setsid and sh are there");
        Outcome { succeeded: output.status.success(), said: said(&output), changes }
    }
}

/// Arguments: bare root, stage, where changes go, paths to take out, user, line of shell.
const STAGE: &str = r#"
bare=$1 stage=$2 changes=$3 without=$4 user=$5 line=$6
mkdir "$stage/disk"
mount -t tmpfs none "$stage/disk"
mkdir "$stage/disk/upper" "$stage/disk/work" "$stage/disk/root"
mount -t overlay -o "lowerdir=$bare,upperdir=$stage/disk/upper,workdir=$stage/disk/work" none "$stage/disk/root"
cp -a "$stage/seed/." "$stage/disk/root/"
for path in $without; do rm "$stage/disk/root$path"; done
mount -t proc none "$stage/disk/root/proc"
status=0
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/ \
  chroot --userspec="$user" "$stage/disk/root" /bin/sh -c "$line" || status=$?
cp -a "$stage/disk/upper/." "$changes/"
exit "$status"
"#;

impl Outcome {
    /// The file as it is after the run, if it is new or changed.
    pub fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.place(path)).ok()
    }

    pub fn mode(&self, path: &str) -> Option<u32> {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(self.place(path)).ok().map(|meta| meta.permissions().mode() & 0o7777)
    }

    pub fn link(&self, path: &str) -> Option<String> {
        std::fs::read_link(self.place(path)).ok().map(|target| target.to_string_lossy().into_owned())
    }

    /// Every regular file and link that was there before the run as part of the scene, or came by it.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.changes.path().to_owned()];
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(&dir).expect("a directory of the changes").flatten() {
                let kind = entry.file_type().expect("a kind of file");
                if kind.is_dir() {
                    open.push(entry.path());
                } else if kind.is_file() || kind.is_symlink() {
                    let inner = entry.path();
                    let inner = inner.strip_prefix(self.changes.path()).expect("below the changes");
                    found.push(format!("/{}", inner.display()));
                }
            }
        }
        found.sort();
        found
    }

    /// Asserts on what was said, showing all of it when it is not there.
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.said.contains(words), "not said: {words}\n\n{}", self.said);
        self
    }

    pub fn never_says(&self, words: &str) -> &Self {
        assert!(!self.said.contains(words), "said: {words}\n\n{}", self.said);
        self
    }

    pub fn succeeds(&self) -> &Self {
        assert!(self.succeeded, "it failed:\n{}", self.said);
        self
    }

    pub fn fails(&self) -> &Self {
        assert!(!self.succeeded, "it succeeded:\n{}", self.said);
        self
    }

    fn place(&self, path: &str) -> PathBuf {
        self.changes.path().join(path.trim_start_matches('/'))
    }
}

fn bare_root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ stands in the repository")
        .join(".rig/bare");
    assert!(
        root.join(".complete").exists(),
        "{} is missing: run scripts/setup as root, it makes it",
        root.display()
    );
    root
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode of the scene");
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
