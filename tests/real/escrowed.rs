//! Everything is gone but the repository, the recovery kit and the escrow bundle.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use tests::programs::{binary, newest_restic};
use wire::{
    trust::Kit,
    view::{EscrowBundle, EscrowRequest},
};

use crate::host::Host;

fn open(bundle: &Path, arguments: &[&str], words: &str) -> Output {
    let mut command = Command::new(binary("restic-manager-coordinator"));
    command.args(["kit", "open"]).arg(bundle).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut input = child.stdin.take().expect("its standard input");
    // It may have said no before it asked.
    let _ = input.write_all(words.as_bytes());
    drop(input);
    child.wait_with_output().expect("it ends")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kit_and_the_bundle_open_the_repository_without_a_coordinator() {
    let mut host = Host::ready("0 2 * * *").await;
    let job = host.good_backup().await;
    let name = host.person.host(host.id).await.row.name;
    let bundle: EscrowBundle = host.person.post("/fleet/escrow", &EscrowRequest::default()).await;
    let file = host.place.root().join("escrow.json");
    std::fs::write(&file, serde_json::to_vec(&bundle).expect("a bundle")).expect("it is written");
    let files = host.place.files();
    let saved = std::fs::read(files.join("picture.raw")).expect("a file");
    host.daemon.kill();
    host.coordinator.program.kill();
    for gone in [host.place.agent(), host.place.coordinator(), files.clone()] {
        std::fs::remove_dir_all(gone).expect("its disk is gone");
    }

    let words = host.person.kit.words().join(" ");
    let opened = open(&file, &["--json", "--host", &name], &words);
    assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
    assert!(String::from_utf8_lossy(&opened.stderr).contains("These are secrets"));
    let hosts: serde_json::Value = serde_json::from_slice(&opened.stdout).expect("JSON");
    let environment: BTreeMap<String, String> =
        serde_json::from_value(hosts[0]["repositories"][0]["environment"].clone()).expect("an environment");
    let mut restic = Command::new(newest_restic());
    restic.args(["snapshots", "--json", "--no-lock", "--no-cache"]).envs(&environment);
    let listed = restic.output().expect("restic runs");
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("restic's JSON");
    assert_eq!(listed[0]["id"].as_str(), job.numbers.snapshot.as_deref());

    let target = host.place.root().join("back");
    let mut restic = Command::new(newest_restic());
    restic.args(["restore", "latest", "--quiet", "--no-cache", "--target"]).arg(&target).envs(&environment);
    assert!(restic.status().expect("restic runs").success());
    let back = target.join(files.strip_prefix("/").expect("absolute")).join("picture.raw");
    assert_eq!(std::fs::read(back).expect("it is back"), saved);

    // The same as a shell takes it.
    let text = open(&file, &[], &words);
    let script = format!(
        "{}\nexec \"$0\" snapshots --json --no-lock --no-cache",
        String::from_utf8_lossy(&text.stdout)
    );
    let listed =
        Command::new("/bin/sh").arg("-c").arg(script).arg(newest_restic()).output().expect("a shell");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));

    let other = Kit::from_seed(&[8; 32]).words().join(" ");
    for (words, arguments, said) in [
        (other.as_str(), &[][..], "of the fleet"),
        ("abandon abandon", &[], "these are 2"),
        (
            &words.replacen(words.split(' ').next().unwrap_or_default(), "qwertz", 1),
            &[],
            "word 1 is not in the word list",
        ),
        (&words, &["--host", "nobody"], "no host in the bundle is called `nobody`"),
    ] {
        let refused = open(&file, arguments, words);
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && refused.stdout.is_empty() && stderr.contains(said),
            "{said}: {stderr}"
        );
        assert!(!stderr.contains("qwertz"), "what was typed is repeated: {stderr}");
    }
}
