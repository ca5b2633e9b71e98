//! Every real restic: odd names, large directories, long paths, comparisons, searches and downloads.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _, fs::symlink},
    path::PathBuf,
    time::Instant,
};

use wire::{
    action::ArchiveFormat,
    id::{AgentId, FleetId, OrderId},
    path::RawPath,
    question::{Change, ChangeKind, ChangeSize, DiffTotal, NodeKind},
    seal::{Chunk, SealSecret, StreamContext, StreamOpener},
};

use super::*;
use crate::{answer::Errand, run::stage::real_restics};

const ODD: [&[u8]; 8] = [
    b"caf\xe9",
    b"new\nline",
    b"*[x]",
    b"back\\slash",
    b"q\"uote",
    b"-dash",
    b"tab\t\x7f",
    "\u{200b}é".as_bytes(),
];

struct Scene {
    stage: Stage,
    restic: PathBuf,
    answerer: Answerer,
}

impl Scene {
    async fn new(restic: &Path) -> Self {
        let stage = Stage::real(restic);
        stage.plan(&[Path::new("/nowhere")]).await;
        Self { answerer: Answerer::new(stage.engine.clone()), stage, restic: restic.to_owned() }
    }

    fn source(&self) -> PathBuf {
        self.stage.path("src")
    }

    /// Backs the source up as `/src/…` and returns the snapshot's id.
    fn save(&self) -> String {
        let run = |args: &[&str]| {
            let mut command = Command::new(&self.restic);
            command.env("RESTIC_REPOSITORY", self.stage.path("repo")).env("RESTIC_PASSWORD", PASSWORD);
            command.env("RESTIC_CACHE_DIR", self.stage.path("cache/hand")).current_dir(self.stage.dir.path());
            let output = command.args(args).output().unwrap();
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        };
        run(&["backup", "--quiet", &format!("--host={HOST}"), "--tag=default", "src/"]);
        let listed = run(&["snapshots", "--json"]);
        let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed).unwrap();
        listed.last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    fn file(&self, name: &[u8], content: &[u8]) {
        let path = self.source().join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Asks for a download and opens it.
    async fn download(
        &self,
        snapshot: &str,
        path: &[u8],
        archive: Option<ArchiveFormat>,
    ) -> (Vec<u8>, Chunk) {
        let key = SealSecret::generate(&mut self.stage.world.rng());
        let context = StreamContext {
            recipient: key.public(),
            fleet: FleetId([1; 32]),
            agent: AgentId([2; 32]),
            order: OrderId(uuid::Uuid::from_u128(3)),
        };
        let errand = errand(&context, snapshot, path, archive);
        let (pieces, end) = all(self.answerer.run(errand)).await;
        assert_eq!(end, End::Done);
        opened(&context, &key, pieces)
    }
}

pub fn errand(
    context: &StreamContext,
    snapshot: &str,
    path: &[u8],
    archive: Option<ArchiveFormat>,
) -> Errand {
    Errand::Download {
        fleet: context.fleet,
        agent: context.agent,
        order: context.order,
        repository: main_repository(),
        snapshot: snapshot.to_owned(),
        path: RawPath::from_bytes(path),
        archive,
        to: context.recipient,
    }
}

/// What a stream held, without what its last chunk says of a failure, and what that chunk is.
pub fn opened(context: &StreamContext, key: &SealSecret, pieces: Vec<Piece>) -> (Vec<u8>, Chunk) {
    let mut bytes = Vec::new();
    for piece in pieces {
        let Piece::Data(data) = piece else { panic!("{piece:?}") };
        assert!(data.len() <= 128 * 1024 - 16);
        bytes.extend(data);
    }
    let (enc, mut rest) = bytes.split_first_chunk::<32>().unwrap();
    let mut opener = StreamOpener::begin(context, key, enc).unwrap();
    let mut plain = Vec::new();
    loop {
        let (kind, chunk, taken) = opener.chunk(rest).unwrap().expect("the stream has an end");
        rest = &rest[taken..];
        plain.extend(&chunk);
        if kind != Chunk::More {
            assert!(rest.is_empty());
            return (plain, kind);
        }
    }
}

#[tokio::test]
async fn directories_open_to_the_byte_whatever_their_names_are() {
    for restic in real_restics() {
        let scene = Scene::new(&restic).await;
        for name in ODD {
            scene.file(&[&b"odd/"[..], name].concat(), b"12345");
        }
        scene.file(b"d\xffr/*/in", b"x");
        symlink("caf\u{e9}", scene.source().join("odd/zz-link")).unwrap();
        fs::set_permissions(scene.source().join("odd/-dash"), fs::Permissions::from_mode(0o4751)).unwrap();
        let snapshot = scene.save();

        let (root, trail) = tree(&scene.answerer, &snapshot, None, &[]).await;
        assert_eq!((root.len(), root[0].name.as_str(), trail.len()), (1, "src", 1), "{restic:?}");
        let (nodes, trail) = tree(&scene.answerer, &snapshot, None, &[b"src", b"odd"]).await;
        assert_eq!(trail.len(), 3);
        let names: Vec<Vec<u8>> = nodes.iter().map(|node| node.name.to_bytes()).collect();
        let expected: BTreeSet<Vec<u8>> =
            ODD.iter().map(|name| name.to_vec()).chain([b"zz-link".to_vec()]).collect();
        assert_eq!(
            names,
            expected.into_iter().collect::<Vec<_>>(),
            "{restic:?}: by the bytes of their names"
        );
        let dash = nodes.iter().find(|node| node.name.as_str() == "-dash").unwrap();
        assert_eq!((dash.kind, dash.size, dash.mode), (NodeKind::File, Some(5), 0o4751));
        let link = nodes.iter().find(|node| node.name.as_str() == "zz-link").unwrap();
        assert_eq!((link.kind, link.target.as_ref().unwrap().as_str()), (NodeKind::Link, "café"));

        // By a tree's id, and through names that are no text or look like patterns.
        let (src, _) = tree(&scene.answerer, &snapshot, root[0].tree.as_deref(), &[]).await;
        assert_eq!(src.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["d\\xFFr", "odd"]);
        let (inner, _) = tree(&scene.answerer, &snapshot, src[0].tree.as_deref(), &[b"*"]).await;
        assert_eq!(inner[0].name.as_str(), "in");

        let missing = failed(scene.answerer.ask(tree_of(&snapshot, None, &[b"src", b"caf\xe9"]))).await;
        assert_eq!(missing.code, OrderRefusalCode::NotFound);
        assert_eq!(missing.message, "there is no caf\u{fffd} in /src");
        let file = failed(scene.answerer.ask(tree_of(&snapshot, None, &[b"src", b"odd", b"-dash"]))).await;
        assert_eq!(file.message, "-dash in /src/odd is not a directory");
        for (snapshot, from) in [("00".repeat(32), None), (snapshot.clone(), Some("00".repeat(32)))] {
            let began = Instant::now();
            let wrong = failed(scene.answerer.ask(tree_of(&snapshot, from.as_deref(), &[]))).await;
            assert_eq!(wrong.code, OrderRefusalCode::NotFound, "{restic:?}: {wrong:?}");
            assert!(began.elapsed() < Duration::from_secs(10));
        }
        assert_eq!(
            failed(scene.answerer.ask(tree_of("-x", None, &[]))).await.code,
            OrderRefusalCode::NotFound
        );
    }
}

#[tokio::test]
async fn twenty_thousand_in_one_directory_and_the_longest_path() {
    let restics = real_restics();
    for restic in &restics {
        let scene = Scene::new(restic).await;
        // Written once; the others have the same way through it.
        let files = if Some(restic) == restics.last() { 20_000 } else { 2_000 };
        let many = scene.source().join("many");
        fs::create_dir_all(&many).unwrap();
        for n in 0..files {
            fs::write(many.join(format!("{n:05}")), "").unwrap();
        }
        let part = [b'p'; 200];
        let mut long = scene.source();
        let mut down: Vec<&[u8]> = vec![b"src"];
        while long.as_os_str().len() + part.len() < 4_000 {
            long.push(OsStr::from_bytes(&part));
            down.push(&part);
        }
        fs::create_dir_all(&long).unwrap();
        fs::write(long.join("deep"), "found").unwrap();
        let snapshot = scene.save();
        let began = Instant::now();
        let (nodes, _) = tree(&scene.answerer, &snapshot, None, &[b"src", b"many"]).await;
        let last = format!("{:05}", files - 1);
        assert_eq!((nodes.len(), nodes[files - 1].name.as_str()), (files, last.as_str()), "{restic:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        let (nodes, trail) = tree(&scene.answerer, &snapshot, None, &down).await;
        assert_eq!((nodes[0].name.as_str(), trail.len()), ("deep", down.len() + 1));
        let path = [&[b'/'][..], &down.join(&b'/'), b"/deep"].concat();
        assert!(path.len() > 3_500);
        assert_eq!(scene.download(&snapshot, &path, None).await, (b"found".to_vec(), Chunk::Last));
    }
}

#[tokio::test]
async fn what_lies_below_is_measured_and_what_is_named_so_is_found() {
    for restic in real_restics() {
        let scene = Scene::new(&restic).await;
        for name in ODD {
            scene.file(&[&b"odd/"[..], name].concat(), b"12345");
        }
        scene.file(b"*[x]/Letter", b"7654321");
        let first = scene.save();
        scene.file(b"odd/letter two", b"1");
        let second = scene.save();
        let measure = |path: &[u8]| {
            scene.answerer.ask(Question::Measure {
                repository: main_repository(),
                snapshot: first.clone(),
                path: RawPath::from_bytes(path),
            })
        };
        for (path, files, directories, bytes) in [
            (&b"/"[..], 9, 3, 47),
            (b"/src/odd", 8, 1, 40),
            (b"/src/*[x]", 1, 1, 7),
            (b"/src/odd/caf\xe9", 1, 0, 5),
        ] {
            let told = parts(measure(path)).await;
            let expected = Part::Measured { files, directories, bytes, done: true };
            assert_eq!(told.last(), Some(&expected), "{restic:?} {}", String::from_utf8_lossy(path));
        }
        assert_eq!(failed(measure(b"/src/odd/none")).await.code, OrderRefusalCode::NotFound);

        let find = async |pattern: &str, ignore_case, group: Option<&str>| {
            let question = Question::Find {
                repository: main_repository(),
                pattern: pattern.to_owned(),
                ignore_case,
                group: group.map(|group| group.parse().unwrap()),
            };
            let mut found = BTreeSet::new();
            for part in parts(scene.answerer.ask(question)).await {
                let Part::Hits { snapshot, hits } = part else { panic!("{part:?}") };
                let n = if snapshot == first { 1 } else { 2 };
                assert!(n == 1 || snapshot == second);
                found.extend(hits.into_iter().map(|hit| format!("{n} {}", hit.path)));
            }
            found.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(find("letter", false, None).await, ["2 /src/odd/letter two"]);
        let both = ["1 /src/*[x]/Letter", "2 /src/*[x]/Letter", "2 /src/odd/letter two"];
        assert_eq!(find("letter", true, Some("default")).await, both);
        assert_eq!(find("-das", false, None).await, ["1 /src/odd/-dash", "2 /src/odd/-dash"]);
        assert_eq!(find("k\\s", false, None).await, ["1 /src/odd/back\\slash", "2 /src/odd/back\\slash"]);
        assert_eq!(find("nowhere", false, None).await, [""; 0]);
        assert_eq!(find("letter", true, Some("other")).await, [""; 0]);
    }
}

#[tokio::test]
async fn two_snapshots_are_compared_with_sizes_and_totals() {
    for restic in real_restics() {
        let scene = Scene::new(&restic).await;
        for (name, content) in
            [("gone", "12345"), ("grew", "1"), ("same", "same"), ("touched", "t"), ("line\n", "x")]
        {
            scene.file(name.as_bytes(), content.as_bytes());
        }
        let older = scene.save();
        fs::remove_file(scene.source().join("gone")).unwrap();
        scene.file(b"grew", b"123");
        scene.file(b"new/one", b"1234567");
        fs::set_permissions(scene.source().join("touched"), fs::Permissions::from_mode(0o600)).unwrap();
        let newer = scene.save();
        let ask = |older: &str, newer: &str| {
            scene.answerer.ask(Question::Diff {
                repository: main_repository(),
                older: older.to_owned(),
                newer: newer.to_owned(),
            })
        };
        let (mut changes, mut sizes, mut totals) = (Vec::new(), Vec::new(), None);
        for part in parts(ask(&older, &newer)).await {
            match part {
                Part::Changes { changes: more } => changes.extend(more),
                Part::Sizes { sizes: more } => sizes.extend(more),
                Part::Compared { totals: sum } => totals = Some(sum),
                other => panic!("{other:?}"),
            }
        }
        let n = |path: &str| changes.iter().position(|change: &Change| change.path == path).unwrap() as u64;
        let kinds: Vec<(&str, ChangeKind)> = changes
            .iter()
            .map(|it| (it.path.as_str(), it.change))
            .filter(|(path, _)| *path != "/src/")
            .collect();
        assert_eq!(
            kinds,
            [
                ("/src/gone", ChangeKind::Removed),
                ("/src/grew", ChangeKind::Changed),
                ("/src/new/", ChangeKind::Added),
                ("/src/new/one", ChangeKind::Added),
                ("/src/touched", ChangeKind::Metadata),
            ],
            "{restic:?}"
        );
        let size = |path: &str, before, after| ChangeSize { n: n(path), before, after };
        for expected in [
            size("/src/gone", Some(5), None),
            size("/src/grew", Some(1), Some(3)),
            size("/src/new/one", None, Some(7)),
            size("/src/touched", Some(1), Some(1)),
        ] {
            assert!(sizes.contains(&expected), "{expected:?} in {sizes:?}");
        }
        let totals = totals.unwrap();
        let total = |items, bytes| DiffTotal { items, bytes };
        assert_eq!((totals.added, totals.removed, totals.changed), (total(2, 7), total(1, 5), total(1, 3)));
        assert_eq!((totals.metadata.bytes, totals.untold), (1, 0));
        assert_eq!(failed(ask(&older, &older)).await.message, "a snapshot is the same as itself");
        assert_eq!(
            failed(ask(&older, &"00".repeat(32))).await.code,
            OrderRefusalCode::NotFound,
            "{restic:?}"
        );
    }
}

#[tokio::test]
async fn a_download_opens_to_the_very_bytes() {
    for restic in real_restics() {
        let scene = Scene::new(&restic).await;
        let mut noise = vec![0; 300_000];
        getrandom::fill(&mut noise).unwrap();
        scene.file(b"odd/caf\xe9\n*", &noise);
        scene.file(b"odd/empty", b"");
        scene.file(b"odd/even", &noise[..128 * 1024]);
        let snapshot = scene.save();
        let got = scene.download(&snapshot, b"/src/odd/caf\xe9\n*", None).await;
        assert!(got == (noise.clone(), Chunk::Last), "{restic:?}");
        assert_eq!(scene.download(&snapshot, b"/src/odd/empty", None).await, (vec![], Chunk::Last));
        let got = scene.download(&snapshot, b"/src/odd/even", None).await;
        assert!(got == (noise[..128 * 1024].to_vec(), Chunk::Last));
        let (tar, _) = scene.download(&snapshot, b"/src/odd", Some(ArchiveFormat::Tar)).await;
        assert!(tar.len() > 428_000 && tar.windows(5).any(|bytes| bytes == b"ustar"), "{restic:?}");
        let (zip, _) = scene.download(&snapshot, b"/src/odd", Some(ArchiveFormat::Zip)).await;
        assert!(zip.starts_with(b"PK"));
        let context = StreamContext {
            recipient: SealSecret::generate(&mut scene.stage.world.rng()).public(),
            fleet: FleetId([1; 32]),
            agent: AgentId([2; 32]),
            order: OrderId(uuid::Uuid::nil()),
        };
        let none = failed(scene.answerer.run(errand(&context, &snapshot, b"/src/none", None))).await;
        assert_eq!(none.code, OrderRefusalCode::NotFound, "{restic:?}: before anything was sent");
    }
}
