//! `user`: people, for whoever is at the coordinator's own machine; the way back for an admin who lost everything.
//!
//! Works on the database, also while a coordinator serves it: that one reads who somebody is anew for each request. Does
//! what the API does, by the same operations, with the same guard and into the same audit.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Subcommand};
use serde::Serialize;
use tokio::sync::watch;
use wire::{
    trust::Role,
    view::{Actor, InviteRequest, PersonEdit, PersonState, PersonView, SetupLinkView},
};

use super::{AppError, DATABASE, DataArgs, keys, say};
use crate::{
    access::{self, Access, AccessError, Invited},
    audit::{Act, Audit},
    config::{Config, Flags, TlsWanted, environment},
    store::{self, Store, people::PersonId},
    vault::Vault,
    world::World,
};

#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Name everybody, with role, state, last sign-in, second factors and sessions.
    List(CommonArgs),
    /// Let somebody new in: prints the link by which they choose a password.
    Invite {
        name: String,
        /// viewer, operator or admin.
        #[arg(long, value_parser = role)]
        role: Role,
        #[arg(long)]
        email: Option<String>,
        #[command(flatten)]
        link: LinkArgs,
    },
    /// Let somebody back in who lost password or second factor: takes both away, ends their sessions, prints a new link
    /// where the person has a password here.
    Reset {
        name: String,
        #[command(flatten)]
        link: LinkArgs,
    },
    /// Let somebody in again who was disabled.
    Enable {
        name: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Keep somebody out: their sessions and tokens end at once.
    Disable {
        name: String,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Give somebody another role.
    Role {
        name: String,
        /// viewer, operator or admin.
        #[arg(value_parser = role)]
        role: Role,
        #[command(flatten)]
        common: CommonArgs,
    },
}

#[derive(Debug, Args)]
struct CommonArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Print JSON, in the shapes of the API.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct LinkArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// What people reach the coordinator by, where `serve` is told it as a flag and not in coordinator.toml.
    #[arg(long)]
    public_url: Option<String>,
}

fn role(text: &str) -> Result<Role, String> {
    [Role::Viewer, Role::Operator, Role::Admin]
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or_else(|| "write viewer, operator or admin".to_owned())
}

pub fn run(args: UserArgs) -> Result<ExitCode, AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AppError::Path { path: PathBuf::from("(the runtime)"), error })?;
    runtime.block_on(obey(args.command))?;
    Ok(ExitCode::SUCCESS)
}

async fn obey(command: UserCommand) -> Result<(), AppError> {
    match command {
        UserCommand::List(common) => {
            let people = Desk::open(&common).await?.access.people(true).await?;
            if common.json { print(&people) } else { list(&people) }
        }
        UserCommand::Invite { name, role, email, link } => {
            // What is wrong with the URL must be known before somebody is invited.
            let url = public_url(&link)?;
            let desk = Desk::open(&link.common).await?;
            let invited = desk.access.invite(&desk.act, InviteRequest { name, email, role }).await?;
            hand_over(&link.common, &url, invited);
        }
        UserCommand::Reset { name, link } => {
            let url = public_url(&link)?;
            let desk = Desk::open(&link.common).await?;
            let person = desk.person(&name).await?;
            if desk.access.person(person).await?.provider.is_some() {
                // There is no password here to choose anew, but there may be second factors.
                tell(&link.common, &desk.access.lose_factors(&desk.act, person).await?);
            } else {
                hand_over(&link.common, &url, desk.access.reset_person(&desk.act, person).await?);
            }
        }
        UserCommand::Enable { name, common } => {
            let desk = Desk::open(&common).await?;
            let person = desk.person(&name).await?;
            tell(&common, &desk.access.enable_person(&desk.act, person).await?);
        }
        UserCommand::Disable { name, common } => {
            let desk = Desk::open(&common).await?;
            let person = desk.person(&name).await?;
            tell(&common, &desk.access.disable_person(&desk.act, person).await?);
        }
        UserCommand::Role { name, role, common } => {
            let desk = Desk::open(&common).await?;
            let person = desk.person(&name).await?;
            let edit = PersonEdit { email: None, role: Some(role) };
            tell(&common, &desk.access.change_person(&desk.act, person, edit).await?);
        }
    }
    Ok(())
}

/// The coordinator's people, opened at its own machine.
struct Desk {
    access: Access,
    act: Act,
    /// Held while no coordinator runs, so that none starts in the middle.
    _lock: Option<keys::Lock>,
}

impl Desk {
    async fn open(common: &CommonArgs) -> Result<Self, AppError> {
        let data = &common.data.data;
        let path = data.join(DATABASE);
        if !path.is_file() {
            return Err(AppError::NoDatabase(data.clone()));
        }
        let lock = match keys::Lock::take(data) {
            Ok(lock) => Some(lock),
            // Whoever serves it goes by its schema: that is not changed under their feet.
            Err(AppError::InUse(_)) if store::is_current(&path)? => None,
            Err(AppError::InUse(_)) => return Err(AppError::OtherVersion(data.clone())),
            Err(error) => return Err(error),
        };
        let keys = keys::load(data)?.ok_or_else(|| AppError::NoKeyFile(data.clone()))?;
        let world = World::real();
        let vault = Vault::new(&keys, world.clone());
        let act = Act::new(Audit::new(keys), Actor::Console, None, world.now());
        let config = Config::load(data, environment(), Flags::default())?;
        let settings = watch::channel(Arc::new(access::Settings::of(&config))).1;
        // Nobody signs in here: the name and the address are nobody's.
        let means = access::Means { name: String::new(), public_url: String::new(), vault };
        let access = Access::open(Store::open(&path)?, world, settings, means).await?;
        Ok(Self { access, act, _lock: lock })
    }

    async fn person(&self, name: &str) -> Result<PersonId, AppError> {
        self.access.person_called(name).await?.ok_or_else(|| AppError::NobodyCalled(name.to_owned()))
    }
}

/// What people reach the coordinator by, as far as it is told here.
fn public_url(link: &LinkArgs) -> Result<String, AppError> {
    let flags = Flags { public_url: link.public_url.clone(), ..Flags::default() };
    let config = Config::load(&link.common.data.data, environment(), flags)?;
    let scheme = if config.tls == TlsWanted::Plain { "http" } else { "https" };
    Ok(config.public_url.unwrap_or_else(|| format!("{scheme}://{}", config.listen)))
}

fn hand_over(common: &CommonArgs, url: &str, invited: Invited) {
    let Invited { person, token, expires_at } = invited;
    let link = SetupLinkView { person, link: token.welcome_link(url), expires_at };
    if common.json {
        return print(&link);
    }
    let SetupLinkView { person: PersonView { name, role, .. }, link, .. } = link;
    say(&format!("{name}, {}, chooses a password by this link, once, before {expires_at}:", role.as_str()));
    say(&link);
}

fn tell(common: &CommonArgs, person: &PersonView) {
    if common.json {
        return print(person);
    }
    say(&format!("{}: {}, {}", person.name, person.role.as_str(), state(person.state)));
}

fn list(people: &[PersonView]) {
    let width = people.iter().map(|person| person.name.len()).max().unwrap_or_default();
    for person in people {
        let seen =
            person.signed_in_at.map_or_else(|| "never signed in".to_owned(), |at| format!("signed in {at}"));
        let factor = if person.factors.is_empty() { "no second factor" } else { "second factor" };
        let provider =
            person.provider.as_ref().map(|provider| format!(", by {provider}")).unwrap_or_default();
        say(&format!(
            "{:width$}  {:8}  {:13}  {seen}, {factor}, sessions: {}{provider}",
            person.name,
            person.role.as_str(),
            state(person.state),
            person.sessions,
        ));
    }
}

const fn state(state: PersonState) -> &'static str {
    match state {
        PersonState::Active => "active",
        PersonState::SetupPending => "setup pending",
        PersonState::Disabled => "disabled",
    }
}

fn print(value: &impl Serialize) {
    // Views have string keys and no floats that are none: they always serialise.
    say(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// Why people were not changed, and what to do next.
pub fn said(error: &AccessError) -> String {
    match error {
        AccessError::People(refusal) => format!("{refusal}. {}", refusal.hint()),
        AccessError::Invalid(fields) => {
            let each: Vec<String> =
                fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect();
            each.join("; ")
        }
        other => other.to_string(),
    }
}
