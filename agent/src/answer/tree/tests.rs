//! Directories as restic prints them, torn at any place, of any size.

use std::fmt::Write as _;

use wire::question::AnswerLine;

use super::*;

fn told(text: &[u8], piece: usize) -> Result<Vec<Part>, Failed> {
    let (mut nodes, mut out) = (Nodes::new(), Vec::new());
    for piece in text.chunks(piece) {
        assert!(nodes.take(piece, Duration::ZERO, &mut out)?.is_continue());
    }
    let rest = nodes.rest()?;
    let parts = out.into_iter().map(|piece| match piece {
        Piece::Line(AnswerLine::Part(part)) => part,
        other => panic!("{other:?}"),
    });
    Ok(parts.chain(rest).collect())
}

const TREE: &str = r#"{"nodes":[
    {"name":"caf\\xe9","type":"file","mode":8389101,"mtime":"2026-11-20T13:24:45.580848653Z","uid":7,"gid":8,"user":"ada","group":"","size":5,"content":["ab"]},
    {"name":"d","type":"dir","mode":2148532735,"mtime":"2026-11-20T14:24:45+01:00","uid":0,"gid":0,"user":"root","group":"root","content":null,"subtree":"SUB"},
    {"name":"empty","type":"file","mode":420,"mtime":"2026-11-20T13:24:45Z"},
    {"name":"link","type":"symlink","mode":134218239,"mtime":"2026-11-20T13:24:45Z","linktarget":"caf�","linktarget_raw":"Y2Fm6Q=="},
    {"name":"old","type":"symlink","mode":134218239,"mtime":"2026-11-20T13:24:45Z","linktarget":"a\\b"},
    {"name":"pipe","type":"fifo","mode":33554852,"mtime":"2026-11-20T13:24:45Z"}]}
"#;

#[test]
fn a_directory_is_read_to_the_byte() {
    let text = TREE.replace("SUB", &"cd".repeat(32));
    for piece in [1, 5, 1000] {
        let parts = told(text.as_bytes(), piece).unwrap();
        let [Part::Nodes { nodes }] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(nodes[0].name.to_bytes(), b"caf\xe9");
        assert_eq!((nodes[0].mode, nodes[0].size, nodes[0].uid), (0o4755, Some(5), 7));
        assert_eq!((nodes[0].user.as_deref(), nodes[0].group.as_deref()), (Some("ada"), None));
        assert_eq!(nodes[0].mtime, UnixMs(1_795_181_085_580));
        assert_eq!(
            (nodes[1].kind, nodes[1].mode, nodes[1].mtime),
            (NodeKind::Directory, 0o1777, UnixMs(1_795_181_085_000))
        );
        assert_eq!((nodes[1].size, nodes[1].tree.clone()), (None, Some("cd".repeat(32))));
        assert_eq!(nodes[2].size, Some(0));
        assert_eq!(nodes[3].target.as_ref().unwrap().to_bytes(), b"caf\xe9");
        assert_eq!(nodes[4].target.as_ref().unwrap().to_bytes(), b"a\\b");
        assert_eq!(nodes[5].kind, NodeKind::Other);
    }
}

#[test]
fn what_is_no_directory_or_came_to_no_end_is_an_error() {
    assert_eq!(told(b"{\"nodes\":[]}", 4).unwrap(), []);
    for text in [&b"{\"nodes\":[{\"name\":\"a\"}"[..], b"", b"oops", b"{\"nodes\":[{\"size\":1}]}"] {
        assert!(told(text, 64).is_err(), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn a_directory_of_a_hundred_thousand_comes_in_bounded_parts() {
    let long = "\\\\x01".repeat(200);
    let mut text = "{\"nodes\":[".to_owned();
    for n in 0..100_000 {
        let comma = if n == 0 { "" } else { "," };
        let name = if n % 1000 == 0 { long.as_str() } else { "f" };
        write!(
            text,
            r#"{comma}{{"name":"{name}{n:06}","type":"file","mode":420,"mtime":"2026-11-20T13:24:45.580848653Z","uid":0,"gid":0,"size":5,"content":["{id}"]}}"#,
            id = "ab".repeat(32)
        )
        .unwrap();
    }
    text.push_str("]}\n");
    let parts = told(text.as_bytes(), 64 * 1024).unwrap();
    let mut count = 0;
    for part in &parts {
        let Part::Nodes { nodes } = part else { panic!("{part:?}") };
        count += nodes.len();
        assert!(nodes.len() <= 1_000 && serde_json::to_vec(part).unwrap().len() <= 256 * 1024);
    }
    assert_eq!(count, 100_000);
}

#[test]
fn a_name_is_found_wherever_it_stands_and_the_rest_is_not_wanted() {
    let mut search = Search { splitter: Splitter::new(2), name: b"caf\xe9", found: None };
    let mut out = Vec::new();
    let mut ends =
        TREE.as_bytes().chunks(16).map(|piece| search.take(piece, Duration::ZERO, &mut out).unwrap());
    assert!(ends.any(|flow| flow.is_break()));
    assert_eq!(search.found.unwrap().size, Some(5));
    let mut search = Search { splitter: Splitter::new(2), name: b"caf", found: None };
    assert!(search.take(TREE.as_bytes(), Duration::ZERO, &mut out).unwrap().is_continue());
    assert!(search.found.is_none() && out.is_empty());
}
