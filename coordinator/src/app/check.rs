//! `check-config`: what the configuration comes to, or everything that is wrong with it. Starts nothing.

use std::process::ExitCode;

use super::{AppError, reload::Source, say, tls};
use crate::config::{NOTHING, TlsWanted};

pub fn check(source: &Source) -> Result<ExitCode, AppError> {
    let config = source.load()?;
    if let TlsWanted::Files { certificate, private_key } = &config.tls {
        tls::of_files(certificate, private_key)?;
    }
    for shown in config.shown() {
        if shown.value == NOTHING {
            say(&format!("# {} is not set", shown.path));
        } else {
            say(&format!("{} = {}", shown.path, shown.value));
        }
    }
    if let Some(warning) = config.exposure() {
        say(&format!("# {warning}."));
    }
    Ok(ExitCode::SUCCESS)
}
