//! The coordinator's program: hands the command line over.

use std::process::ExitCode;

use coordinator::{app, world::environment};

/// Ten thousand agents that come at once leave holes between what stays of each: this allocator gives those pages back,
/// the C library's keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pages go back at once, and are small ones. The allocator reads this before `main` begins.
const ALLOCATOR_SETTINGS: [(&str, &str); 2] = [("MIMALLOC_PURGE_DELAY", "0"), ("MIMALLOC_ALLOW_THP", "0")];

fn main() -> ExitCode {
    environment::ensure(&ALLOCATOR_SETTINGS);
    app::main()
}
