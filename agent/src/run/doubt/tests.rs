//! Tables: what is in doubt, and what is not.

use super::*;

const NOW: UnixMs = UnixMs(1_795_176_000_000);
const HOST: &str = "h1";

fn id(letter: char) -> String {
    letter.to_string().repeat(64)
}

fn snapshot(letter: char, group: Option<&str>) -> Snapshot {
    Snapshot {
        id: id(letter),
        time: NOW.plus_ms(-3_600_000),
        hostname: HOST.to_owned(),
        paths: vec!["/home".to_owned()],
        tags: group.iter().map(|&group| group.to_owned()).collect(),
        group: group.map(|group| group.parse().unwrap()),
        size_bytes: None,
        files: None,
        added_bytes: None,
        doubt: None,
    }
}

fn listing(all: &[(Snapshot, Option<char>)]) -> Listing {
    let maker = |(snapshot, original): &(Snapshot, Option<char>)| {
        (snapshot.id.clone(), Maker { user: "root".to_owned(), original: original.map(id) })
    };
    Listing {
        snapshots: all.iter().map(|(snapshot, _)| snapshot.clone()).collect(),
        makers: all.iter().map(maker).collect(),
    }
}

fn seen(listing: &Listing, own: &Own, before: &[Snapshot]) -> Judged {
    judge(listing, &Sight { host: HOST, own, before, now: NOW })
}

#[test]
fn what_nobody_here_made_is_in_doubt_and_holds_only_with_a_groups_tag() {
    let own = Own::of([&id('a')]);
    let other = Snapshot { hostname: "h2".to_owned(), ..snapshot('d', Some("default")) };
    let all = listing(&[
        (snapshot('a', Some("default")), None),
        (snapshot('b', Some("default")), None),
        (snapshot('c', None), None),
        (other, None),
    ]);
    let judged = seen(&all, &own, &[]);
    let doubts: Vec<_> = judged.snapshots.iter().map(|it| it.doubt).collect();
    assert_eq!(doubts, [None, Some(SnapshotDoubt::Unknown), Some(SnapshotDoubt::Unknown), None]);
    let message = judged.unknown.clone().unwrap();
    assert!(message.contains("snapshot bbbbbbbb of ") && message.contains(" by root@h1"), "{message}");
    assert!(!message.contains("cccc"), "{message}");
    assert!(judged.against(false).is_some() && judged.against(true).is_none());

    let untagged = listing(&[(snapshot('c', None), None)]);
    assert_eq!(seen(&untagged, &own, &[]).unknown, None);
}

#[test]
fn the_future_holds_everybody_and_is_named() {
    let far = Snapshot { time: NOW.plus_ms(6 * 60_000), hostname: "h2".to_owned(), ..snapshot('e', None) };
    let near = Snapshot { time: NOW.plus_ms(4 * 60_000), ..snapshot('a', Some("default")) };
    let own = Own::of([&id('a')]);
    let judged = seen(&listing(&[(near.clone(), None), (far, None)]), &own, &[]);
    assert_eq!(judged.snapshots[1].doubt, Some(SnapshotDoubt::Future));
    assert!(judged.against(true).unwrap().contains("eeeeeeee"));
    assert_eq!(seen(&listing(&[(near, None)]), &own, &[]).against(false), None);
}

#[test]
fn many_are_counted() {
    let all: Vec<_> = "bcdef".chars().map(|letter| (snapshot(letter, Some("default")), None)).collect();
    let message = seen(&listing(&all), &Own::default(), &[]).unknown.unwrap();
    assert!(message.contains("dddddddd") && !message.contains("eeeeeeee"), "{message}");
    assert!(message.contains(" and 2 more"), "{message}");
}

#[test]
fn a_beginning_counts_where_it_means_one_alone() {
    let own = Own::of(["aaaaaaaa"]);
    let one = listing(&[(snapshot('a', Some("default")), None), (snapshot('b', Some("default")), None)]);
    assert_eq!(seen(&one, &own, &[]).own, [id('a')]);
    let mut twin = snapshot('a', Some("default"));
    twin.id.replace_range(60.., "0000");
    let two = listing(&[(snapshot('a', Some("default")), None), (twin, None)]);
    let judged = seen(&two, &own, &[]);
    assert!(judged.own.is_empty() && judged.unknown.is_some());
}

/// `restic tag` writes another snapshot and removes the one before.
#[test]
fn a_snapshot_that_took_the_place_of_an_own_one_is_own() {
    let own = Own::of([&id('a')]);
    let was = snapshot('a', Some("default"));
    let pinned = |time: UnixMs| Snapshot { time, ..snapshot('b', Some("default")) };
    let tagged = listing(&[(pinned(was.time), Some('a'))]);
    assert_eq!(seen(&tagged, &own, std::slice::from_ref(&was)).own, [id('b')]);

    let more = Snapshot { tags: vec!["pinned".to_owned(), "default".to_owned()], ..pinned(was.time) };
    let more = listing(&[(more, Some('a'))]);
    assert_eq!(seen(&more, &own, std::slice::from_ref(&was)).own, [id('b')], "a tag was added");
    let moved = Snapshot { time: was.time, ..snapshot('b', Some("other")) };
    let moved = listing(&[(moved, Some('a'))]);
    assert!(seen(&moved, &own, std::slice::from_ref(&was)).unknown.is_some(), "another group's tag");

    let both = listing(&[(was.clone(), None), (pinned(was.time), Some('a'))]);
    assert!(seen(&both, &own, std::slice::from_ref(&was)).unknown.is_some(), "its original is still there");
    assert!(seen(&tagged, &own, &[]).unknown.is_some(), "its original was gone long ago");
    let moved = listing(&[(pinned(was.time.plus_ms(1)), Some('a'))]);
    assert!(seen(&moved, &own, std::slice::from_ref(&was)).unknown.is_some(), "another time");
    assert!(seen(&tagged, &Own::default(), &[was]).unknown.is_some(), "the original was not ours");
}
