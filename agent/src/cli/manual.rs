//! Completion scripts and manual pages, made from the arguments themselves.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use super::{Failure, failure};

pub fn completion(shell: clap_complete::Shell, command: &mut clap::Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, command, name, &mut script);
    // Not through `look::print`: a script is for the shell, byte for byte.
    match std::io::stdout().lock().write_all(&script) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// One page for the program, one for each verb.
pub fn pages(directory: &Path, command: clap::Command) -> Result<(), Failure> {
    write(directory, command).or_else(|error| {
        failure(format!("the manual pages cannot be written into {}: {error}", directory.display()))
    })
}

fn write(directory: &Path, command: clap::Command) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    clap_mangen::generate_to(command, directory)?;
    // This program's files are its owner's alone; these are for everybody.
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("restic-manager-agent") {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o644))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_verb_has_a_page_that_everybody_may_read() {
        let directory = tempfile::tempdir().unwrap();
        pages(directory.path(), crate::cli::Arguments::command()).unwrap();
        for verb in ["", "-status", "-plan-edit", "-doctor"] {
            let path = directory.path().join(format!("restic-manager-agent{verb}.1"));
            let mode =
                fs::metadata(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")).permissions().mode();
            assert_eq!(mode & 0o777, 0o644, "{path:?}");
        }
    }

    #[test]
    fn where_no_page_can_be_written_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let Failure(said) = pages(&file.join("man"), crate::cli::Arguments::command()).unwrap_err();
        assert!(said.contains("file/man: Not a directory"), "{said}");
    }

    #[test]
    fn shells_are_given_the_verbs() {
        let mut command = crate::cli::Arguments::command();
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "restic-manager-agent", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("doctor") && script.contains("snapshots"), "{shell}");
        }
    }
}
