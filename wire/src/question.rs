//! Questions over the live link: what is in a snapshot, where is a file, what changed, and the bytes of a download.
//!
//! They pass. A question is not an order: it changes nothing, is answered while the connection lasts or not at all, and
//! stands in no journal. Answers come in parts, and only as many as the asker has room for.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{
    action::OrderRefusalCode,
    id::{Base64Bytes, GroupName, OrderId, RepositoryName, UnixMs},
    path::RawPath,
};

/// Which question an answer is to: drawn by the asker. The answer to an order that streams bears the order's id.
pub type AskId = OrderId;

/// What may be asked of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// The entries of one directory: [`Part::Nodes`] as they come, then [`Part::Directory`].
    Tree {
        repository: RepositoryName,
        /// 64 hex digits.
        snapshot: String,
        /// Where to begin: the id of a directory's tree, or the snapshot's root.
        #[serde(default)]
        tree: Option<String>,
        /// Names to go down from there.
        #[serde(default)]
        down: Vec<RawPath>,
    },
    /// How much lies below a path: [`Part::Measured`], again and again while it counts.
    Measure { repository: RepositoryName, snapshot: String, path: RawPath },
    /// Names in all snapshots of the repository that this host made: [`Part::Hits`] snapshot by snapshot.
    Find {
        repository: RepositoryName,
        /// restic's: `*`, `?` and `[…]`; with a slash it is held against whole paths. Without any of these it is found
        /// anywhere in a name.
        pattern: String,
        #[serde(default)]
        ignore_case: bool,
        #[serde(default)]
        group: Option<GroupName>,
    },
    /// What is different: [`Part::Changes`], then [`Part::Sizes`], then [`Part::Compared`].
    Diff { repository: RepositoryName, older: String, newer: String },
}

/// Frame 14: coordinator to agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    pub id: AskId,
    #[serde(flatten)]
    pub what: Asked,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    Question(Question),
    /// There is room for so many more parts, or chunks of data. The agent sends none without.
    More(u32),
    /// Nobody wants the rest.
    Stop(Stop),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {}

/// Frame 15: agent to coordinator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    pub id: AskId,
    #[serde(flatten)]
    pub line: AnswerLine,
}

/// One line of an answer, also as the API streams it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerLine {
    Part(Part),
    /// The last one.
    End(End),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    Done,
    /// The agent could not, or would not. Nothing that came before is wrong.
    Failed {
        code: OrderRefusalCode,
        message: String,
        hint: String,
    },
}

/// Part of an answer: at most 256 KiB as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum Part {
    /// In restic's order: by the bytes of their names.
    Nodes {
        nodes: Vec<Node>,
    },
    /// All nodes have come. `trail`: the trees that were gone through, the directory's own last.
    Directory {
        trail: Vec<String>,
    },
    Measured {
        #[ts(type = "number")]
        files: u64,
        #[ts(type = "number")]
        directories: u64,
        #[ts(type = "number")]
        bytes: u64,
        /// False: it still counts.
        done: bool,
    },
    Hits {
        snapshot: String,
        hits: Vec<Hit>,
    },
    /// Numbered from 0 in the order in which they come.
    Changes {
        changes: Vec<Change>,
    },
    /// Of changes that came before.
    Sizes {
        sizes: Vec<ChangeSize>,
    },
    Compared {
        totals: DiffTotals,
    },
    /// The credential that was asked for, sealed to whom the order named.
    Lent {
        #[serde(rename = "box")]
        sealed: Base64Bytes,
    },
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct Node {
    pub name: RawPath,
    pub kind: NodeKind,
    /// Of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    pub mtime: UnixMs,
    /// The permission bits, with set-user-id and the like: 12 bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Of a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<RawPath>,
    /// Of a directory: the id of its tree, by which it is opened. Two with one id have the same in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    File,
    Directory,
    Link,
    /// A device, socket or pipe.
    Other,
}

/// A file or directory that was looked for. What is no text in its name came back from restic as replacement characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct Hit {
    pub path: String,
    pub kind: NodeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    pub mtime: UnixMs,
}

/// One difference between two snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Change {
    /// As restic writes it; what is no text is replaced. A directory's ends in `/`.
    pub path: String,
    pub change: ChangeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Added,
    Removed,
    /// Its content.
    Changed,
    /// Owner, mode, times or attributes alone.
    Metadata,
    /// A file became a directory, or the like.
    Type,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[ts(optional_fields)]
pub struct ChangeSize {
    /// The number of the change.
    #[ts(type = "number")]
    pub n: u64,
    /// Bytes in the older snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// What a comparison adds up to. Directories count among the items, and have no bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct DiffTotals {
    pub added: DiffTotal,
    pub removed: DiffTotal,
    /// Bytes as they are after.
    pub changed: DiffTotal,
    pub metadata: DiffTotal,
    /// Changes that were not told one by one, because there are too many.
    #[ts(type = "number")]
    pub untold: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(default)]
pub struct DiffTotal {
    #[ts(type = "number")]
    pub items: u64,
    #[ts(type = "number")]
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn frames_read_as_the_protocol_says() {
        let id = OrderId(uuid::Uuid::nil());
        let asked = |what| serde_json::to_value(Ask { id, what }).unwrap();
        let nil = "00000000-0000-0000-0000-000000000000";
        let measure = Question::Measure {
            repository: "main".parse().unwrap(),
            snapshot: "ab".into(),
            path: "/x".parse().unwrap(),
        };
        assert_eq!(
            asked(Asked::Question(measure)),
            json!({ "id": nil, "question": { "ask": "measure", "repository": "main", "snapshot": "ab", "path": "/x" } })
        );
        assert_eq!(asked(Asked::More(4)), json!({ "id": nil, "more": 4 }));
        assert_eq!(asked(Asked::Stop(Stop {})), json!({ "id": nil, "stop": {} }));
        for what in [Asked::More(4), Asked::Stop(Stop {})] {
            let text = serde_json::to_string(&Ask { id, what: what.clone() }).unwrap();
            assert_eq!(serde_json::from_str::<Ask>(&text).unwrap(), Ask { id, what });
        }
        for line in [
            AnswerLine::Part(Part::Directory { trail: vec!["ab".into()] }),
            AnswerLine::End(End::Done),
            AnswerLine::End(End::Failed {
                code: OrderRefusalCode::NotFound,
                message: "m".into(),
                hint: "h".into(),
            }),
        ] {
            let text = serde_json::to_string(&Answered { id, line: line.clone() }).unwrap();
            assert_eq!(serde_json::from_str::<Answered>(&text).unwrap(), Answered { id, line }, "{text}");
        }
    }
}
