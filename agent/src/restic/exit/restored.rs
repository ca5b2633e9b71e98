//! What the end of a restore means: one that a person asked for, and a drill's.

use wire::{id::UnixMs, job::Reason};

use super::{Exit, Verdict, damage, on_the_way, other};
use crate::restic::output::Transcript;

/// The end of a restore for a person; `came`: whether anything came back. What restic's summary claims is not believed: on
/// a full disk it claims everything.
pub fn restored(exit: Exit, said: &Transcript, came: bool, now: UnixMs) -> Verdict {
    let Some((item, why)) = said.failed.first() else { return other(exit, said, now) };
    let reason = Reason::NotRestored {
        items: said.failed.iter().map(|(item, _)| item.clone()).collect(),
        more: said.failed_more,
        first: format!("{item}: {why}"),
    };
    if came { Verdict::incomplete(reason) } else { Verdict::failed(reason) }
}

/// The end of a drill's restore: what restic found wrong with what the repository holds, if anything. `Err` where it
/// could not restore for another reason: that proves nothing.
pub fn restore(exit: Exit, said: &Transcript, now: UnixMs) -> Result<Option<String>, Reason> {
    match (exit, damage::evidence(said)) {
        (Exit::Code(0), _) => Ok(None),
        (Exit::Code(_), Some(line)) => Ok(Some(line.to_owned())),
        _ => Err(on_the_way(exit, said, now)),
    }
}

/// Whether it failed because the snapshot is not in the repository.
pub fn has_no_snapshot(said: &Transcript) -> bool {
    let message = said.complaint();
    !said.told.not_found.is_empty()
        || ["no matching ID found", "failed to find snapshot", "failed to load snapshot"]
            .iter()
            .any(|word| message.contains(word))
}

#[cfg(test)]
mod tests {
    use wire::job::{JobState, LogStream};

    use super::*;
    use crate::restic::output::read;

    fn said(lines: &[&str]) -> Transcript {
        let mut said = Transcript::default();
        for line in lines {
            said.take(LogStream::Stderr, line, &read(line));
        }
        said
    }

    fn ended(code: i32, lines: &[&str], came: bool) -> Verdict {
        restored(Exit::Code(code), &said(lines), came, UnixMs(0))
    }

    #[test]
    fn what_did_not_come_back_is_named_once_whatever_the_summary_claims() {
        let full = [
            "ignoring error for /x/big: write /small/x/big: no space left on device",
            "ignoring error for /x/big: write /small/x/big: no space left on device",
            "ignoring error for /x/two: write /small/x/two: no space left on device",
            "Fatal: There were 3 errors",
        ];
        let json = [
            r#"{"message_type":"summary","total_files":3,"files_restored":3}"#,
            r#"{"message_type":"error","error":{"message":"write /small/x/big: no space left on device"},"during":"restore","item":"/x/big"}"#,
            r#"{"message_type":"error","error":{"message":"again"},"during":"restore","item":"/x/big"}"#,
            r#"{"message_type":"exit_error","code":1,"message":"Fatal: There were 2 errors"}"#,
        ];
        for (lines, items) in [(&full[..], vec!["/x/big", "/x/two"]), (&json[..], vec!["/x/big"])] {
            let verdict = ended(1, lines, true);
            let Some(Reason::NotRestored { items: named, more: 0, first }) = verdict.reason else {
                panic!("{verdict:?}")
            };
            assert_eq!(
                (named, verdict.state),
                (items.into_iter().map(str::to_owned).collect(), JobState::Incomplete)
            );
            assert_eq!(first, "/x/big: write /small/x/big: no space left on device");
            assert_eq!(ended(1, lines, false).state, JobState::Failed);
            assert_eq!(ended(0, lines, true).state, JobState::Incomplete, "errors and success do not agree");
        }
        assert_eq!(ended(0, &[], true), Verdict::SUCCESS);
        let wrong =
            r#"{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}"#;
        assert_eq!(ended(12, &[wrong], false).reason, Some(Reason::WrongPassword));
    }

    #[test]
    fn a_snapshot_that_is_gone_is_told_from_other_failures() {
        for (line, gone) in [
            (r#"invalid id "f81e": no matching ID found for prefix "f81e""#, true),
            (r#"Ignoring "f81e": no matching ID found for prefix "f81e""#, true),
            (
                r#"{"message_type":"exit_error","code":1,"message":"Fatal: failed to find snapshot: failed to load snapshot fc61b66f: open x: no such file or directory"}"#,
                true,
            ),
            ("Fatal: wrong password or no key found", false),
        ] {
            assert_eq!(has_no_snapshot(&said(&[line])), gone, "{line}");
        }
    }
}
