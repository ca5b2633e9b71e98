//! Bundles that were sealed as agents seal them, and what is shown of them.

use wire::{id::UnixMs, seal::seal};

use super::*;
use crate::world::World;

const PASSWORD: &str = "it's a §ecret";

fn host(kit: &Kit, agent: AgentId, backend: Backend, secrets: &[(&str, &str)]) -> EscrowHost {
    let (world, _) = World::fake(UnixMs(0), 4);
    let recovery = kit.recovery().public();
    let boxes = secrets.iter().map(|(slot, value)| {
        let slot: SecretSlot = slot.parse().unwrap();
        let context = BoxContext::escrow(kit.fleet(), agent, recovery, &slot, 3);
        let sealed = seal(&context, value.as_bytes(), &mut world.rng()).unwrap();
        EscrowBox { slot, revision: 3, recovery, sealed }
    });
    EscrowHost {
        agent,
        name: "web-1".into(),
        hostname: "web".into(),
        boxes: boxes.collect(),
        repositories: [("main".parse().unwrap(), backend)].into(),
    }
}

fn bundle(kit: &Kit, hosts: Vec<EscrowHost>) -> EscrowBundle {
    let (format, version) = (EscrowBundle::FORMAT.into(), EscrowBundle::VERSION);
    EscrowBundle { format, version, fleet: kit.fleet(), made_at: UnixMs(0), hosts }
}

fn rest() -> Backend {
    Backend::Rest { url: "https://backup.example:8000".into(), path: "web".into() }
}

#[test]
fn what_it_prints_a_shell_reads_as_it_was() {
    let kit = Kit::from_seed(&[5; 32]);
    let secrets = [
        ("repository/main/password", PASSWORD),
        ("repository/main/login", r#"{"user":"","password":"a/b@c"}"#),
        ("hook/*/pre", "echo one"),
    ];
    let all = all(&kit, &bundle(&kit, vec![host(&kit, AgentId([1; 32]), rest(), &secrets)]));
    assert!(all[0].closed.is_empty(), "{:?}", all[0].closed);
    let shown = text(&all);
    let script = format!("{}\nprintf '%s|%s' \"$RESTIC_REPOSITORY\" \"$RESTIC_PASSWORD\"", *shown);
    assert!(script.contains("export RESTIC_PASSWORD='it'\\''s a §ecret'"), "{script}");
    assert!(
        script.contains("export RESTIC_REPOSITORY='rest:https://web:a%2Fb%40c@backup.example:8000/web/'"),
        "{script}"
    );
    assert!(!shown.contains("echo one") && shown.contains("hook/*/pre"));
    let value: serde_json::Value = serde_json::from_str(&json(&all)).unwrap();
    assert_eq!(value[0]["repositories"][0]["environment"]["RESTIC_PASSWORD"], PASSWORD);
    assert_eq!(value[0]["others"]["hook/*/pre"], "echo one");
}

#[test]
fn a_box_that_does_not_open_is_named_and_the_rest_is_shown() {
    let kit = Kit::from_seed(&[5; 32]);
    let secrets = [("repository/main/password", PASSWORD), ("ping/healthchecks", "https://ping.example/x")];
    let mut moved = host(&kit, AgentId([1; 32]), rest(), &secrets);
    // A box of another host.
    moved.boxes[1].sealed = host(&kit, AgentId([2; 32]), rest(), &secrets).boxes[1].sealed.clone();
    let mut other = host(&kit, AgentId([3; 32]), rest(), &secrets);
    other.boxes[0].recovery = wire::id::SealKey([7; 32]);
    let all = all(&kit, &bundle(&kit, vec![moved, other]));
    let closed: Vec<&str> = all.iter().flat_map(|host| &host.closed).map(|(slot, _)| slot.as_str()).collect();
    assert_eq!(closed, ["ping/healthchecks", "repository/main/password"]);
    let shown = text(&all);
    assert_eq!(shown.matches("export RESTIC_PASSWORD=").count(), 1);
    assert!(shown.contains("its password is not in the bundle"), "{}", *shown);
}

#[test]
fn nothing_that_a_host_says_of_itself_becomes_a_line_or_starts_a_program() {
    let kit = Kit::from_seed(&[5; 32]);
    let secrets = [
        ("repository/main/password", PASSWORD),
        (
            "repository/main/environment",
            r#"{"AWS_ACCESS_KEY_ID":"key","RESTIC_PASSWORD_COMMAND":"evil","A=1\nevil #":"x"}"#,
        ),
    ];
    let bucket = Backend::S3 {
        endpoint: "https://s3.example\nevil".into(),
        bucket: "b".into(),
        prefix: String::new(),
        region: None,
    };
    let mut stranger = host(&kit, AgentId([1; 32]), bucket, &secrets);
    stranger.hostname = "web\nevil".into();
    stranger.name = "web\r\u{1b}[2Jevil".into();
    let all = all(&kit, &bundle(&kit, vec![stranger]));
    let shown = text(&all);
    let quoted = shown.replace("export RESTIC_REPOSITORY='s3:https://s3.example\nevil", "");
    for line in quoted.lines().filter(|line| !line.is_empty()) {
        assert!(line.starts_with('#') || line.starts_with("export ") || line.starts_with('/'), "{line}");
    }
    assert!(
        !quoted.contains(['\r', '\u{1b}']) && !shown.contains("PASSWORD_COMMAND") && !shown.contains("A=1")
    );
    assert!(shown.contains("export AWS_ACCESS_KEY_ID='key'"));
    assert_eq!(all[0].closed.len(), 2, "{:?}", all[0].closed);
}
