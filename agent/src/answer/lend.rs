//! What opens a repository, sealed to another host of the fleet for one restore there.

use std::collections::BTreeMap;

use wire::{
    action::OrderRefusalCode,
    question::Part,
    restore::{LentCredential, LentLogin},
    seal::{self, BoxContext, Secret, SecretSlot},
};

use super::{Errand, Failed, hear::Mouth};
use crate::run::Reading;

pub async fn lend(reading: &Reading, errand: &Errand, to: &Mouth) -> Result<(), Failed> {
    let Errand::Lend { fleet, agent, repository, job, to: binding } = errand else {
        return Err(Failed::unsupported());
    };
    let access = &reading.access;
    let mut environment = BTreeMap::new();
    for (name, value) in &access.environment {
        environment.insert(name.clone(), text(value)?);
    }
    let login = match &access.login {
        None => None,
        // A blank user stands for this host's name, which the other host does not bear.
        Some(login) => Some(LentLogin { user: login.user.clone(), password: text(&login.password)? }),
    };
    let credential = LentCredential {
        job: *job,
        source: *agent,
        repository: repository.clone(),
        backend: access.backend.clone(),
        password: text(&access.password)?,
        login,
        environment,
    };
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(&credential).map_err(|_| unsealed("too large"))?);
    let slot = SecretSlot::RepositoryLent(repository.clone());
    let context = BoxContext::lend(*fleet, binding.id, binding.seal, &slot);
    let sealed = seal::seal(&context, &plain, &mut reading.world.rng())
        .map_err(|error| unsealed(&error.to_string()))?;
    to.tell(Part::Lent { sealed: sealed.into() }).await?;
    Ok(())
}

fn text(secret: &Secret) -> Result<String, Failed> {
    secret.expose_text().map(str::to_owned).ok_or_else(|| unsealed("it is not text"))
}

fn unsealed(problem: &str) -> Failed {
    Failed::new(
        OrderRefusalCode::BadSecret,
        format!("the repository's credential cannot be sealed to the other host: {problem}"),
        "Look at both hosts' pages, then begin the restore again.",
    )
}
