//! The coordinator's program: hands the command line over.

use std::process::ExitCode;

/// Ten thousand agents that come at once leave holes between what stays of each: this allocator gives those pages back,
/// the C library's keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    coordinator::app::main()
}
