//! Timers and cron entries that run restic already: two that prune, or one that keeps its own password, surprise people.
//!
//! Reads files below a root and starts nothing. A script that a line calls is looked into as well. Secrets that stand in
//! a line are not shown.

mod blot;

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{Finding, Subject};
use blot::blotted;

/// Programs that are restic, or run it.
const NAMES: [&str; 10] = [
    "restic",
    "rustic",
    "borgmatic",
    "resticprofile",
    "autorestic",
    "crestic",
    "runrestic",
    "backrest",
    "restic-runner",
    "resticker",
];
const UNITS: [&str; 4] =
    ["etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];
const CRON_FILES: [&str; 2] = ["etc/crontab", "etc/anacrontab"];
const CRON_DIRECTORIES: [&str; 4] = ["etc/cron.d", "var/spool/cron", "var/spool/cron/crontabs", "etc/cron"];
const CRON_SCRIPTS: [&str; 4] = ["etc/cron.hourly", "etc/cron.daily", "etc/cron.weekly", "etc/cron.monthly"];
/// A longer file is no script of a person.
const LARGEST_BYTES: u64 = 256 * 1024;

/// Where restic is run from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: PathBuf,
    line: usize,
    text: String,
    /// A timer or a link that has the unit started by itself; always so for cron.
    by_itself: bool,
}

pub fn examine(root: &Path) -> Vec<Finding> {
    let places = places(root);
    if places.is_empty() {
        return vec![Finding::ok(
            Subject::OtherBackups,
            "no timer or cron entry runs restic besides the agent",
        )];
    }
    places.iter().map(finding).collect()
}

fn finding(place: &Place) -> Finding {
    let Place { file, line, text, by_itself } = place;
    let what = format!("{} line {line} runs restic: {text}", file.display());
    if *by_itself {
        let hint = "Once the agent backs this host up, disable it: two that forget or prune get in each other's way.";
        Finding::warning(Subject::OtherBackups, what, hint)
    } else {
        Finding::ok(Subject::OtherBackups, format!("{what} (nothing starts it by itself)"))
    }
}

fn places(root: &Path) -> Vec<Place> {
    let mut found = Vec::new();
    for directory in UNITS {
        units(root, &root.join(directory), &mut found);
    }
    for file in CRON_FILES {
        lines(root, &root.join(file), &mut found);
    }
    for directory in CRON_DIRECTORIES {
        for file in files(&root.join(directory)) {
            lines(root, &file, &mut found);
        }
    }
    for directory in CRON_SCRIPTS {
        for file in files(&root.join(directory)) {
            lines(root, &file, &mut found);
        }
    }
    found.sort();
    found.dedup();
    // /lib is /usr/lib on most systems: the same unit by two names.
    found.dedup_by(|a, b| a.text == b.text && a.line == b.line && a.file.file_name() == b.file.file_name());
    found
}

/// Services whose commands run restic, and whether something starts them.
fn units(root: &Path, directory: &Path, into: &mut Vec<Place>) {
    for file in files(directory) {
        if file.extension().is_none_or(|extension| extension != "service") || is_ours(&file) {
            continue;
        }
        let Some(text) = text(&file) else { continue };
        for (n, line) in text.lines().enumerate() {
            let Some((key, command)) = line.split_once('=') else { continue };
            if key.trim().starts_with("Exec") && runs(root, command) {
                let by_itself = is_started(root, &file);
                into.push(Place {
                    file: shown(root, &file),
                    line: n + 1,
                    text: blotted(line.trim()),
                    by_itself,
                });
            }
        }
    }
}

/// A timer that is enabled, or the service itself.
fn is_started(root: &Path, service: &Path) -> bool {
    let Some(stem) = service.file_stem().map(|stem| stem.to_string_lossy().into_owned()) else {
        return false;
    };
    // An instance, name@x.timer, starts the template name@.service.
    let begins = |name: &str| {
        name == format!("{stem}.timer") || name == format!("{stem}.service") || {
            stem.ends_with('@') && name.starts_with(&stem)
        }
    };
    let wanted = ["timers.target.wants", "multi-user.target.wants", "default.target.wants"];
    let linked = UNITS.iter().flat_map(|units| wanted.map(|wants| root.join(units).join(wants)));
    linked.flat_map(|directory| names(&directory)).any(|name| begins(&name))
}

/// Lines of a crontab or script.
fn lines(root: &Path, file: &Path, into: &mut Vec<Place>) {
    let Some(text) = text(file).filter(|_| !is_ours(file)) else { return };
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.starts_with('#') && runs(root, line) {
            let text = blotted(line).chars().take(160).collect();
            into.push(Place { file: shown(root, file), line: n + 1, text, by_itself: true });
        }
    }
}

/// Whether the command is restic or one that runs it, or a script whose own lines do.
fn runs(root: &Path, command: &str) -> bool {
    if mentions(command) {
        return true;
    }
    let paths = words(command).filter(|word| word.starts_with('/'));
    paths.filter_map(|path| text(&root.join(path.trim_start_matches('/')))).any(|script| {
        script.starts_with("#!") && script.lines().any(|line| !line.trim().starts_with('#') && mentions(line))
    })
}

/// As a whole word, alone or at the end of a path; our own program is another word.
fn mentions(line: &str) -> bool {
    words(line).any(|word| NAMES.contains(&word.rsplit('/').next().unwrap_or(word)))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '@');
    line.split(move |c| !inside(c)).filter(|word| !word.is_empty())
}

fn is_ours(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("restic-manager"))
}

fn shown(root: &Path, file: &Path) -> PathBuf {
    Path::new("/").join(file.strip_prefix(root).unwrap_or(file))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = names(directory).into_iter().map(|name| directory.join(name)).collect();
    all.sort();
    all
}

/// What cannot be read, or is no text, runs nothing that could be told.
fn text(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    fs::File::open(path).ok()?.take(LARGEST_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn what_runs_restic_already_is_named_with_file_and_line() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        assert_eq!(examine(root).len(), 1, "nothing is there");
        write(
            root,
            "etc/systemd/system/nightly.service",
            "[Service]\nType=oneshot\nExecStart=/usr/bin/restic backup /etc\n",
        );
        write(root, "etc/systemd/system/timers.target.wants/nightly.timer", "");
        write(
            root,
            "usr/lib/systemd/system/borg.service",
            "[Service]\nExecStart=-/usr/bin/borgmatic --verbosity 1\n",
        );
        write(root, "etc/systemd/system/by-script.service", "[Service]\nExecStart=/opt/backup.sh now\n");
        write(root, "opt/backup.sh", "#!/bin/sh\n# restic is great\nrestic -r /srv/repo backup /home\n");
        write(
            root,
            "etc/systemd/system/restic-manager-agent.service",
            "[Service]\nExecStart=/x/restic-manager-agent run\n",
        );
        write(
            root,
            "etc/systemd/system/other.service",
            "[Unit]\nDescription=not restic\n[Service]\nExecStart=/bin/true\n",
        );
        write(
            root,
            "etc/crontab",
            "# restic would be nice\n0 2 * * * root /usr/local/bin/resticprofile backup\n",
        );
        write(root, "var/spool/cron/crontabs/root", "15 3 * * * /opt/backup.sh\n0 4 * * * /opt/clean.sh\n");
        write(root, "etc/cron.daily/restic", "#!/bin/sh\nexec restic check\n");
        write(root, "etc/cron.d/restic-manager", "* * * * * root restic-manager-agent status\n");
        let said: Vec<String> = examine(root)
            .into_iter()
            .map(|finding| format!("{:?}: {}", finding.level, finding.what))
            .collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn secrets_in_a_line_are_not_shown() {
        let root = tempfile::tempdir().unwrap();
        let line = "RESTIC_PASSWORD=hunter2 restic -r rest:https://ada:hunter2@host/ backup /etc";
        write(root.path(), "etc/crontab", &format!("0 2 * * * root {line}\n"));
        let unit = format!("[Service]\nExecStart=/usr/bin/env {line}\n");
        write(root.path(), "etc/systemd/system/nightly.service", &unit);
        let found = examine(root.path());
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|it| it.what.contains("restic -r") && !it.what.contains("hunter2")));
    }

    #[test]
    fn a_word_is_a_word() {
        for line in ["restic backup", "exec /opt/bin/restic", "nice -n 19 restic;", "RESTIC_X=1 restic"] {
            assert!(mentions(line), "{line}");
        }
        for line in ["restic-manager-agent run", "/etc/restic/env", "echo resticish", "restic.conf"] {
            assert!(!mentions(line), "{line}");
        }
    }
}
