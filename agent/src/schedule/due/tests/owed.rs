//! Runs of which one part waits: for a repository that does not answer while the others do.

use super::*;

/// A laptop away from home: the repository at the office answers, the one in the cellar does not.
#[test]
fn one_repository_that_is_silent_keeps_only_its_own_work_waiting_and_is_owed_it_once() {
    let start = at("2026-11-20T12:00:00Z");
    let mut two = plan("0 2 * * *", None, 0);
    let cellar: RepositoryName = "cellar".parse().unwrap();
    let backend = Backend::Local { path: "/c".to_owned() };
    two.repositories.insert(cellar.clone(), Repository::new(backend));
    two.groups.insert("photos".parse().unwrap(), Group { repository: cellar.clone(), ..group() });
    two.schedules.get_mut(&name("s")).unwrap().groups.push("photos".parse().unwrap());
    let mut host = Host::new(two, start);
    let took = |decision: &Decision| -> Vec<(String, bool)> {
        let work = |due: &Due| {
            let late = due.late;
            due.work.iter().map(move |(it, _)| (it.repository.to_string(), late)).collect::<Vec<_>>()
        };
        decision.due.iter().flat_map(work).collect()
    };
    let silent = vec![WaitsFor::Repository(cellar.clone())];
    host.history.held.insert("schedule/s".to_owned(), silent.clone());
    let due_at = at("2026-11-21T02:00:00Z");
    let owed = [Waiting { of: Of::Schedule(name("s")), due_at, waits_for: silent }];
    let morning = at("2026-11-21T09:00:00Z");
    let first = host.tick(morning);
    assert_eq!((took(&first), first.waiting.as_slice()), (vec![("main".to_owned(), true)], &owed[..]));
    for minutes in 1..60 {
        let again = host.tick(morning.plus_ms(minutes * MINUTE));
        assert_eq!((took(&again), again.waiting.as_slice()), (vec![], &owed[..]));
        assert_eq!(again.next, Some(due_at.plus_ms(DAY)));
    }
    host.history.held.clear();
    assert_eq!(took(&host.tick(morning.plus_ms(HOUR))), [("cellar".to_owned(), true)]);
    assert_eq!(took(&host.tick(morning.plus_ms(2 * HOUR))), []);
    // The next night is a run of both, and nothing is left over from the last.
    let both = [("main".to_owned(), false), ("cellar".to_owned(), false)];
    assert_eq!(took(&host.tick(due_at.plus_ms(DAY))), both);
    assert!(host.history.cadences["schedule/s"].behind.is_empty());

    // What left the schedule while it was owed is owed no more, and has missed nothing when it comes back.
    host.history.held.insert("schedule/s".to_owned(), vec![WaitsFor::Repository(cellar)]);
    host.tick(due_at.plus_ms(2 * DAY + HOUR));
    host.history.held.clear();
    let groups = host.plan.schedules[&name("s")].groups.clone();
    host.plan.schedules.get_mut(&name("s")).unwrap().groups.truncate(1);
    assert_eq!(took(&host.tick(due_at.plus_ms(2 * DAY + 2 * HOUR))), []);
    host.plan.schedules.get_mut(&name("s")).unwrap().groups = groups;
    assert_eq!(took(&host.tick(due_at.plus_ms(2 * DAY + 3 * HOUR))), []);
}
