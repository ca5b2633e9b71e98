//! Maintenance: whose it is, in which order, and how far a first one looks back.

use wire::plan::{MaintenanceTask, Owner, Ward};

use super::*;

/// Repositories `main` and `usb`, groups `default` and `pictures`, everything at three on the first of the month.
fn whole() -> Plan {
    let at_three = || "0 3 1 * *".parse().ok();
    let mut plan = plan("0 5 * * *", None, 0);
    let usb = Repository::new(Backend::Local { path: "/u".to_owned() });
    plan.repositories.insert("usb".parse().unwrap(), usb);
    let pictures = Group { repository: "usb".parse().unwrap(), ..group() };
    plan.groups.insert("pictures".parse().unwrap(), pictures);
    plan.maintenance = Maintenance {
        forget: at_three(),
        prune: at_three(),
        check: at_three(),
        drill: at_three(),
        ..Maintenance::default()
    };
    plan
}

/// What is asked for at once, as `kind repository/group`.
fn asked(decision: &Decision) -> Vec<String> {
    let mut all = Vec::new();
    for due in decision.due.iter().filter(|due| matches!(due.of, Of::Maintenance(_))) {
        for (subject, _) in &due.work {
            let group = subject.group.as_ref().map(|group| format!("/{group}")).unwrap_or_default();
            all.push(format!("{} {}{group}", subject.kind.as_str(), subject.repository));
        }
    }
    all
}

fn on_the_first(plan: Plan) -> Vec<String> {
    let mut host = Host::new(plan, at("2026-11-20T12:00:00Z"));
    asked(&host.tick(at("2026-12-01T03:00:00Z")))
}

#[test]
fn one_job_for_each_group_or_repository_in_the_order_in_which_they_follow() {
    assert_eq!(
        on_the_first(whole()),
        [
            "forget main/default",
            "forget usb/pictures",
            "prune main",
            "prune usb",
            "check main",
            "check usb",
            "drill main/default",
            "drill usb/pictures",
        ]
    );
}

#[test]
fn its_origin_is_its_instant_however_late() {
    let mut host = Host::new(whole(), at("2026-11-20T12:00:00Z"));
    host.tick(at("2026-11-20T12:00:00Z"));
    let decision = host.tick(at("2026-12-20T12:00:00Z"));
    let first = at("2026-12-01T03:00:00Z");
    let maintenance: Vec<_> =
        decision.due.iter().filter(|due| matches!(due.of, Of::Maintenance(_))).collect();
    assert_eq!(maintenance.len(), 4);
    assert!(maintenance.iter().all(|due| due.late && due.origin() == Origin::Maintenance { due_at: first }));
}

#[test]
fn what_another_host_owns_is_not_even_asked_for() {
    let owned_by = |agent| {
        let mut plan = whole();
        let main = plan.repositories.get_mut(&"main".parse::<RepositoryName>().unwrap()).unwrap();
        main.owner = Some(Owner { agent, name: "nas".to_owned() });
        on_the_first(plan)
    };
    let mine = owned_by(AGENT);
    assert!(mine.contains(&"prune main".to_owned()) && mine.contains(&"check main".to_owned()));
    let others = owned_by(AgentId([8; 32]));
    assert!(!others.contains(&"prune main".to_owned()) && !others.contains(&"check main".to_owned()));
    assert!(others.contains(&"forget main/default".to_owned()), "its own snapshots are its own affair");
}

#[test]
fn where_nothing_can_be_removed_nothing_is_asked_to_be() {
    let mut plan = whole();
    plan.repositories.values_mut().for_each(|repository| repository.append_only = true);
    assert_eq!(on_the_first(plan), ["check main", "check usb", "drill main/default", "drill usb/pictures"]);
    let mut plan = whole();
    plan.groups.values_mut().for_each(|group| group.retention = Retention::KEEP_EVERYTHING);
    let asked = on_the_first(plan);
    assert!(asked.iter().all(|job| !job.starts_with("forget")), "{asked:?}");
}

#[test]
fn a_keeper_forgets_for_its_wards() {
    let mut plan = whole();
    plan.groups.clear();
    plan.schedules.clear();
    let ward = Ward {
        agent: AgentId([8; 32]),
        hostname: "web-1".to_owned(),
        revision: 3,
        groups: BTreeMap::from([("www".parse().unwrap(), Retention::default())]),
    };
    plan.repositories.get_mut(&"main".parse::<RepositoryName>().unwrap()).unwrap().wards = vec![ward];
    let mut host = Host::new(plan, at("2026-11-20T12:00:00Z"));
    let decision = host.tick(at("2026-12-01T03:00:00Z"));
    assert_eq!(asked(&decision), ["forget main/www", "prune main", "prune usb", "check main", "check usb"]);
    assert_eq!(decision.due[0].work[0].1.ward.as_deref(), Some("web-1"));
}

#[test]
fn a_cadence_without_work_goes_on_and_owes_nothing_later() {
    let mut plan = whole();
    plan.schedules.clear();
    plan.maintenance.forget = "0 3 * * *".parse().ok();
    let policies: Vec<_> = plan.groups.values().map(|group| group.retention.clone()).collect();
    plan.groups.values_mut().for_each(|group| group.retention = Retention::KEEP_EVERYTHING);
    let mut host = Host::new(plan, at("2026-11-20T12:00:00Z"));
    host.live(at("2026-11-21T02:59:00Z"), at("2026-11-21T03:01:00Z"));
    assert!(host.took().is_empty());
    for (group, policy) in host.plan.groups.values_mut().zip(policies) {
        group.retention = policy;
    }
    host.tick(at("2026-11-21T12:00:00Z"));
    assert!(host.took().is_empty());
    host.tick(at("2026-11-22T03:00:00Z"));
    assert_eq!(host.took(), on_time(&["2026-11-22T03:00:00Z"]));
}

#[test]
fn a_new_plan_owes_no_maintenance_and_a_first_one_looks_back_a_day_at_most() {
    let mut plan = whole();
    plan.schedules.clear();
    plan.maintenance = Maintenance { forget: "0 3 * * *".parse().ok(), ..plan.maintenance };
    // The plan came in the morning: the forget of the night before it is no miss.
    let mut host = Host::new(plan.clone(), at("2026-11-20T12:00:00Z"));
    assert!(host.tick(at("2026-11-20T12:00:01Z")).due.is_empty());
    // The plan is old, and this agent has never seen to its maintenance: of a month it owes the last day.
    let mut host = Host::new(plan, at("2026-11-20T12:00:00Z"));
    let decision = host.tick(at("2026-12-20T12:00:00Z"));
    let due: Vec<_> = decision.due.iter().map(|due| due.of.clone()).collect();
    assert_eq!(due, [Of::Maintenance(MaintenanceTask::Forget)]);
    assert_eq!(host.took(), [("2026-12-20T03:00:00Z".to_owned(), true)]);
    // From then on it is caught up however long the machine is off.
    host.tick(at("2027-01-20T12:00:00Z"));
    let took: Vec<String> = host.took().into_iter().map(|(at, _)| at).collect();
    let (first, last) = ("2027-01-01T03:00:00Z", "2027-01-20T03:00:00Z");
    assert_eq!(took, [last, first, first, first]);
}

#[test]
fn maintenance_follows_the_hosts_own_zone() {
    let mut plan = whole();
    plan.schedules.clear();
    let mut host = Host::new(plan, at("2026-11-20T12:00:00Z"));
    host.zone = zone("America/New_York").unwrap();
    assert!(host.tick(at("2026-12-01T03:00:00Z")).due.is_empty());
    assert_eq!(host.tick(at("2026-12-01T08:00:00Z")).due.len(), 4);
}
