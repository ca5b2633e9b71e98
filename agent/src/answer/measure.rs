//! How much lies at and below a path, counted as restic lists it.

use std::{ops::ControlFlow, time::Duration};

use serde::Deserialize;
use wire::{
    path::RawPath,
    question::{NodeKind, Part},
};

use super::{
    Failed, Piece,
    hear::{Ear, Mouth, Pace, hear},
    is_id,
    split::Lines,
    tree::kind,
};
use crate::{restic::command::Query, run::Reading};

const EVERY: Duration = Duration::from_secs(1);

pub async fn measure(reading: &Reading, snapshot: &str, path: &RawPath, to: &Mouth) -> Result<(), Failed> {
    if !is_id(snapshot) || !path.is_plain_absolute() {
        return Err(Failed::not_found("name all 64 digits of a snapshot's id, and an absolute path in it"));
    }
    let mut scale = Scale::default();
    let query = Query::Below { snapshot, path: &path.to_bytes() };
    hear(reading, query, &mut scale, to, &mut Pace::default()).await?;
    // The snapshot of nothing has a root all the same.
    if scale.files + scale.directories + scale.others == 0 && path.as_str() != "/" {
        return Err(Failed::not_found(format!("there is no {} in the snapshot", path.shown())));
    }
    to.tell(scale.measured(true)).await?;
    Ok(())
}

/// One line of `ls --json`.
#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(rename = "type", default)]
    kind: &'a str,
    #[serde(default)]
    size: u64,
}

#[derive(Default)]
struct Scale {
    lines: Lines,
    told: Option<Duration>,
    files: u64,
    directories: u64,
    others: u64,
    bytes: u64,
}

impl Scale {
    const fn measured(&self, done: bool) -> Part {
        Part::Measured { files: self.files, directories: self.directories, bytes: self.bytes, done }
    }
}

impl Ear for Scale {
    fn take(&mut self, bytes: &[u8], now: Duration, out: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed> {
        let Self { lines, files, directories, others, bytes: sum, .. } = self;
        lines.feed(bytes, |line| {
            let Ok(listed) = serde_json::from_slice::<Listed<'_>>(line) else { return };
            match (listed.kind, kind(listed.kind)) {
                // The snapshot's own line.
                ("", _) => {}
                (_, NodeKind::File) => {
                    *files += 1;
                    *sum += listed.size;
                }
                (_, NodeKind::Directory) => *directories += 1,
                _ => *others += 1,
            }
        })?;
        if now.saturating_sub(*self.told.get_or_insert(now)) >= EVERY {
            self.told = Some(now);
            out.push(Piece::part(self.measured(false)));
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_once_a_second_how_far_it_is() {
        let (mut scale, mut out) = (Scale::default(), Vec::new());
        let text = b"{\"struct_type\":\"snapshot\"}\n{\"type\":\"dir\"}\n{\"type\":\"file\",\"size\":7}\n{\"type\":\"file\"}\n{\"type\":\"symlink\"}\n";
        for (ms, told) in [(0, 0), (900, 0), (1100, 1), (1200, 1), (2200, 2)] {
            assert!(scale.take(text, Duration::from_millis(ms), &mut out).unwrap().is_continue());
            assert_eq!(out.len(), told, "{ms}");
        }
        assert_eq!(out[0], Piece::part(Part::Measured { files: 6, directories: 3, bytes: 21, done: false }));
    }
}
