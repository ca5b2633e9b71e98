//! The coordinator's program: hands the command line over.

use std::process::ExitCode;

fn main() -> ExitCode {
    coordinator::app::main()
}
