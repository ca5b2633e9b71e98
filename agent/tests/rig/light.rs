//! Repositories that are there already, empty, and cheap to open: what most tests want of one. The README beside them
//! says how they were made.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::{fs, path::Path};

pub const PASSWORD: &str = "correct-horse-battery";

/// Puts one at a place where nothing is yet.
pub fn lay(at: &Path) {
    put("one", at);
}

/// Another repository, with an id and a polynomial of its own.
pub fn lay_another(at: &Path) {
    put("two", at);
}

fn put(name: &str, at: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/light-repositories").join(name);
    for part in ["data", "index", "keys", "locks", "snapshots"] {
        fs::create_dir_all(at.join(part)).unwrap();
    }
    fs::copy(from.join("config"), at.join("config")).unwrap();
    for key in fs::read_dir(from.join("keys")).unwrap() {
        let key = key.unwrap();
        fs::copy(key.path(), at.join("keys").join(key.file_name())).unwrap();
    }
}
