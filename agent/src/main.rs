//! The agent's program: becomes restic where it is asked to, else hands the command line over.

use std::process::ExitCode;

fn main() -> ExitCode {
    match agent::restic::process::exec_if_asked(std::env::args_os()) {
        Some(code) => code,
        None => agent::cli::main(),
    }
}
