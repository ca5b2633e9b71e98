//! `enrol`: make this host known to a coordinator and wait until somebody approves it, or redeem a token.
//!
//! With a running agent it asks that one; without, it connects by itself until the host is a member. The fleet is pinned
//! by its fingerprint, from the command or from a person who compares its words.

mod words;

use std::{
    io::{self, BufRead as _, IsTerminal as _, Write as _},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wire::{
    id::FleetId,
    identity::{AgentKeys, Fingerprint},
    trust::TokenSeed,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Failure, asking, failure, look};
use crate::{
    app::{self, Ground, GroundError},
    config::{Address, Config, Paths},
    desired,
    link::{self, Link, LinkState},
    local::{Ask, Client, Tell, TokenText},
    store::{self, trust},
    world::World,
};

/// Nobody waits longer for somebody to approve.
const WAIT: Duration = Duration::from_hours(1);

#[derive(clap::Args)]
pub struct Arguments {
    /// The coordinator's address, and after # the fleet's fingerprint, as the panel shows it
    #[arg(long, value_name = "URL[#FINGERPRINT]")]
    coordinator: String,
    /// Ask nothing; the address must carry the fleet's fingerprint
    #[arg(long)]
    yes: bool,
    /// Read an enrolment token from standard input instead of RM_TOKEN
    #[arg(long)]
    token_stdin: bool,
    /// Print one JSON document per change instead of words
    #[arg(long)]
    json: bool,
}

/// What is settled before anything is announced.
struct Wanted {
    address: Address,
    fleet: FleetId,
    token: Option<TokenSeed>,
    json: bool,
}

pub async fn perform(arguments: &Arguments, paths: Paths, config: Config) -> Result<(), Failure> {
    let (address, fingerprint) = Address::parse_with_fleet(&arguments.coordinator)?;
    if arguments.yes && fingerprint.is_none() {
        return failure(
            "--yes needs the fleet's fingerprint after the address (URL#SHA256:…): copy the whole command from the panel",
        );
    }
    let token = token(arguments)?;
    let world = World::real();
    // The daemon holds the data directory where one runs; its keys can be read beside it.
    let ground = match Ground::prepare(paths.clone(), config.clone(), world.clone()) {
        Ok(ground) => Some(ground),
        Err(GroundError::InUse { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let identity = desired::load(&paths.identity_key(), &desired::machine_id())?;
    let Some(identity) = identity else {
        return failure("the agent's key file is gone: start the agent first");
    };
    if let Some(problem) = identity.machine.explanation() {
        return failure(problem);
    }
    let fleet = match fingerprint {
        Some(fingerprint) => FleetId(fingerprint.0),
        None => compare(&address, &identity.keys, &config, &world).await?,
    };
    refuse_other_fleet(&paths, fleet)?;
    let own = identity.keys.binding().fingerprint();
    let wanted = Wanted { address, fleet, token, json: arguments.json };
    if !wanted.json {
        look::print(&words::banner(&wanted.address, wanted.fleet, &own, wanted.token.is_some()))?;
    }
    match ground {
        Some(ground) => alone(&ground, wanted).await,
        None => by_the_daemon(&paths, wanted).await,
    }
}

/// From RM_TOKEN or standard input; an argument would show in every process list.
fn token(arguments: &Arguments) -> Result<Option<TokenSeed>, Failure> {
    let text = if arguments.token_stdin {
        let mut line = Zeroizing::new(String::new());
        io::stdin().lock().read_line(&mut line)?;
        line
    } else {
        Zeroizing::new(std::env::var("RM_TOKEN").unwrap_or_default())
    };
    if text.trim().is_empty() {
        return if arguments.token_stdin { failure("there is no token on standard input") } else { Ok(None) };
    }
    Ok(Some(text.trim().parse()?))
}

/// A host that is a member stays with its fleet until its data directory is cleared.
fn refuse_other_fleet(paths: &Paths, fleet: FleetId) -> Result<(), Failure> {
    let pin = trust::pin(&store::read_only(&paths.database())?)?;
    let stays = |pin: &trust::Pin| pin.member.is_some() && pin.retired_at.is_none() && pin.fleet != fleet;
    match pin.filter(stays) {
        None => Ok(()),
        Some(pin) => failure(format!(
            "this host belongs to another fleet ({}): to move it, stop the agent, remove {} and enrol again. Its \
             repositories stay; their passwords are in that fleet's recovery kit",
            Fingerprint::of_fleet(&pin.fleet),
            paths.data.display()
        )),
    }
}

/// Without a fingerprint a person compares the fleet's words with those in the panel.
async fn compare(
    address: &Address,
    keys: &AgentKeys,
    config: &Config,
    world: &World,
) -> Result<FleetId, Failure> {
    if !io::stdin().is_terminal() {
        return failure(
            "the fleet's fingerprint is missing and there is no terminal to compare it on: give it after the address \
             (URL#SHA256:…), as the panel shows it",
        );
    }
    let certificate = config.coordinator.first().map(|entry| entry.certificate).unwrap_or_default();
    let socket = link::dial(address, certificate, world).await?;
    let ledger = link::inquire(socket, keys, world).await?;
    look::print(&words::question(address, ledger.fleet()))?;
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    answer.zeroize();
    if yes {
        Ok(ledger.fleet())
    } else {
        failure("not enrolled: the words were not confirmed. Nothing was announced")
    }
}

/// No daemon runs: this process connects by itself until the host is a member.
async fn alone(ground: &Ground, wanted: Wanted) -> Result<(), Failure> {
    let (link, task) = app::link_alone(ground).await?;
    let token = wanted.token.as_ref().map(TokenSeed::keys);
    let mut states = link.state();
    states.mark_unchanged();
    pin(&link, &wanted, token).await?;
    let stop = CancellationToken::new();
    let running = tokio::spawn(task.run(stop.clone(), true));
    let end = ground.world.within(WAIT, follow(&mut states, Teller::new(wanted.json))).await;
    stop.cancel();
    // It closes its socket; whether that is heard does not matter any more.
    let _ = ground.world.within(Duration::from_secs(5), running).await;
    match end {
        None => failure(words::NOBODY_APPROVED),
        Some(Err(failure)) => Err(failure),
        Some(Ok(())) if wanted.json => Ok(()),
        Some(Ok(())) => look::print(words::START_THE_SERVICE),
    }
}

async fn pin(link: &Link, wanted: &Wanted, token: Option<wire::trust::TokenKeys>) -> Result<(), Failure> {
    if link.enrol(&wanted.address, wanted.fleet, token).await? {
        Ok(())
    } else {
        failure("this host belongs to another fleet")
    }
}

/// Tells every change until the host is a member or turned away.
async fn follow(states: &mut watch::Receiver<LinkState>, mut teller: Teller) -> Result<(), Failure> {
    loop {
        if states.changed().await.is_err() {
            return failure("the connection ended without a word: see the log above");
        }
        let state = states.borrow_and_update().clone();
        if teller.tell(&state)? {
            return Ok(());
        }
    }
}

/// Says what changes, each thing once: attempts that fail alike are one line.
struct Teller {
    json: bool,
    said: Vec<String>,
}

impl Teller {
    const fn new(json: bool) -> Self {
        Self { json, said: Vec::new() }
    }

    /// `true`: the host is a member. An error: it was turned away.
    fn tell(&mut self, state: &LinkState) -> Result<bool, Failure> {
        if self.json {
            look::print(&format!("{}\n", look::json(state)?))?;
        } else if let Some(text) = words::progress(state).filter(|text| !self.said.contains(text)) {
            look::print(&text)?;
            self.said.push(text);
        }
        match state {
            LinkState::Live { .. } => Ok(true),
            LinkState::Stopped { problem, hint, .. } => failure(format!("{problem}\n{hint}")),
            _ => Ok(false),
        }
    }
}

/// The agent runs: it dials, this process shows what comes of it.
async fn by_the_daemon(paths: &Paths, wanted: Wanted) -> Result<(), Failure> {
    let Some(mut client) = Client::connect(&paths.control_socket()).await? else {
        return failure(format!(
            "another process uses {} but does not answer: stop it, or wait until it has started, and try again",
            paths.data.display()
        ));
    };
    let token = wanted.token.as_ref().map(TokenText::of);
    client.ask(&Ask::Enrol { address: wanted.address.to_string(), fleet: wanted.fleet, token }).await?;
    let (world, mut teller) = (World::real(), Teller::new(wanted.json));
    let told = async {
        loop {
            match client.told().await? {
                None => {
                    return failure(
                        "the running agent stopped: see its log (journalctl -u restic-manager-agent)",
                    );
                }
                Some(Tell::Refused { message, hint }) => return failure(asking::refusal(&message, &hint)),
                Some(Tell::State { link, .. }) => {
                    if teller.tell(&link)? {
                        return Ok(());
                    }
                }
                Some(other) => return asking::unexpected(&other),
            }
        }
    };
    world.within(WAIT, told).await.unwrap_or_else(|| failure(words::NOBODY_APPROVED))
}
