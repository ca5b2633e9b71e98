//! Builds this crate again when the panel was built: its files are embedded (src/http/panel.rs).

use std::{fs, path::Path};

fn main() {
    let dist = Path::new("../panel/dist");
    // Cargo takes a missing path for one that changed, each time. An empty folder stands still.
    let _ = fs::create_dir_all(dist);
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");
}
