//! The control socket, both ends, also where its path is too long for a socket's name.

use std::fs;

use tokio_util::sync::CancellationToken;
use wire::id::{FleetId, UnixMs};

use super::*;
use crate::{
    config::Policy,
    desired::{Machine, rehearsal::Host},
    link::{Link, Parts},
};

fn link(host: &Host) -> (Link, crate::link::LinkTask) {
    Link::new(Parts { desk: host.desk.clone(), machine: Machine::Same, coordinator: None })
}

#[tokio::test]
async fn a_running_agent_tells_its_state_and_none_is_told_from_one_that_died() {
    let host = Host::new(7, Policy::default());
    let directory = tempfile::tempdir().unwrap();
    let long = directory.path().join("a-directory-whose-name-is-long-enough".repeat(4));
    fs::create_dir(&long).unwrap();
    for path in [directory.path().join("agent.sock"), long.join("agent.sock")] {
        assert!(Client::connect(&path).await.unwrap().is_none(), "nobody is there yet");
        let (link, _task) = link(&host);
        let stop = CancellationToken::new();
        let serving = serve(&path, link, UnixMs(5), stop.clone());
        let mut client = Client::connect(&path).await.unwrap().expect("somebody is there");
        client.ask(&Ask::State).await.unwrap();
        let told = client.told().await.unwrap().unwrap();
        assert!(
            matches!(told, Tell::State { link: LinkState::NotEnrolled, started_at: UnixMs(5), .. }),
            "{told:?}"
        );
        assert_eq!(client.told().await.unwrap(), None);
        drop(serving);
        stop.cancel();
        assert!(!path.exists());
    }
    // One that was killed leaves its socket behind.
    let path = directory.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(Client::connect(&path).await.unwrap().is_none());
}

#[tokio::test]
async fn an_enrolment_is_followed_to_its_end_and_nonsense_is_refused() {
    let host = Host::new(7, Policy::default());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sock");
    let (link, task) = link(&host);
    let stop = CancellationToken::new();
    let running = tokio::spawn(task.run(stop.clone(), false));
    let _serving = serve(&path, link, UnixMs(5), stop.clone());
    let ask = async |ask: Ask| {
        let mut client = Client::connect(&path).await.unwrap().unwrap();
        client.ask(&ask).await.unwrap();
        (client.told().await.unwrap(), client)
    };
    let enrol = |address: &str, token: Option<&str>| Ask::Enrol {
        address: address.to_owned(),
        fleet: FleetId([3; 32]),
        token: token.map(|text| TokenText(text.to_owned())),
    };
    let (told, _) = ask(enrol("ftp://x", None)).await;
    assert!(matches!(told, Some(Tell::Refused { .. })), "{told:?}");
    let (told, _) = ask(enrol("http://127.0.0.1:1", Some("rmt_short"))).await;
    assert!(matches!(told, Some(Tell::Refused { .. })), "{told:?}");
    let (told, mut client) = ask(enrol("http://127.0.0.1:1", None)).await;
    let Some(Tell::State { link: LinkState::Connecting { .. }, .. }) = told else { panic!("{told:?}") };
    let told = client.told().await.unwrap();
    let Some(Tell::State { link: LinkState::Waiting { .. }, .. }) = told else { panic!("{told:?}") };
    stop.cancel();
    assert_eq!(client.told().await.unwrap(), None, "an agent that stops hangs up");
    running.await.unwrap();
}

#[test]
fn a_token_does_not_show() {
    let ask = Ask::Enrol {
        address: String::new(),
        fleet: FleetId([3; 32]),
        token: Some(TokenText("rmt_secret".to_owned())),
    };
    assert!(!format!("{ask:?}").contains("secret"));
}
