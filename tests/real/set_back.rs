//! A host's disk is set back to an older state, as a restored image of a virtual machine is: what its journal said since
//! then is lost here and known elsewhere.

use std::{fs, path::PathBuf};

use tests::wait::until;
use wire::{
    action::{Action, Outcome},
    view::TroubleKind,
};

use crate::host::Host;

#[tokio::test]
async fn a_host_whose_disk_was_set_back_is_led_on_by_a_person() {
    let mut host = Host::ready("0 2 * * *").await;
    host.good_backup().await;
    assert!(host.daemon.stop().success());
    let image = image_of(&host);
    host.daemon = host.agent.run();

    // What the image has not: two edits and a newer revision of the password.
    for nice in [3, 4] {
        accepted(&edit(&host, nice).await);
    }
    accepted(&give_password(&host, 2).await);
    assert_eq!(host.person.plan(host.id).await.revision, 3);
    assert!(host.daemon.stop().success());
    set_back(&host, &image);
    host.daemon = host.agent.run();

    let view = until(
        "the host to say that it was set back",
        async || host.person.host(host.id).await,
        |view| view.trouble.is_some().then(|| view.clone()),
    )
    .await;
    assert_eq!(view.trouble.expect("it is said").kind, TroubleKind::SetBack);
    until(
        "the plan to be the one that the host has",
        async || host.person.plan(host.id).await,
        |plan| (plan.revision == 1 && plan.plan.limits.nice.is_none()).then_some(()),
    )
    .await;

    accepted(&host.person.grave(host.id, Action::ConfirmPlan { revision: 1 }).await);
    accepted(&edit(&host, 5).await);
    accepted(&give_password(&host, 2).await);
    until(
        "nothing to be wrong any more",
        async || host.person.host(host.id).await,
        |view| (view.trouble.is_none() && view.plan_revision == 2).then_some(()),
    )
    .await;
    host.good_backup().await;
    let verified = host.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

const FILES: [&str; 3] = ["agent.db", "agent.db-wal", "agent.db-shm"];

/// The database as it lies there now.
fn image_of(host: &Host) -> PathBuf {
    let image = host.agent.data().with_file_name("image");
    fs::create_dir(&image).expect("a directory for the image");
    for name in FILES {
        let file = host.agent.data().join(name);
        if file.exists() {
            fs::copy(file, image.join(name)).expect("the file is copied");
        }
    }
    image
}

fn set_back(host: &Host, image: &std::path::Path) {
    for name in FILES {
        let (file, old) = (host.agent.data().join(name), image.join(name));
        if old.exists() {
            fs::copy(old, file).expect("the file is set back");
        } else if file.exists() {
            fs::remove_file(file).expect("what was not there is gone");
        }
    }
}

async fn edit(host: &Host, nice: i8) -> Outcome {
    let mut plan = host.person.plan(host.id).await.plan;
    plan.limits.nice = Some(nice);
    host.person.set_plan(host.id, plan, Vec::new()).await
}

async fn give_password(host: &Host, revision: u64) -> Outcome {
    let secret = host.person.seal(&host.binding, "repository/main/password", revision, &host.password);
    host.person.grave(host.id, Action::SetSecret { secret }).await
}

fn accepted(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:#?}");
}
