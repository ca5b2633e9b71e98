//! What a plan may say, and whose signature its edit needs.

use wire::{
    plan::{Hook, Plan, PlanChange, Ward, changes, role_for},
    trust::Role,
};

use crate::cast::plan;

#[test]
fn a_group_that_goes_with_its_hooks_is_an_admins_to_sign() {
    let plain = plan();
    let (name, renamed) = ("default".parse().unwrap(), "other".parse().unwrap());
    let mut hooked = plan();
    hooked.groups.get_mut(&name).unwrap().hooks.pre = Hook::Secret;
    let without = |plan: &Plan| {
        let mut plan = plan.clone();
        let group = plan.groups.remove(&name).unwrap();
        plan.schedules.clear();
        (plan, group)
    };
    let (gone, group) = without(&hooked);
    let mut moved = gone.clone();
    moved.groups.insert(renamed, group);
    let role = |from: &Plan, to: &Plan| role_for(from, to);
    assert_eq!(role(&hooked, &gone), Role::Admin);
    assert_eq!(role(&hooked, &moved), Role::Admin);
    assert_eq!(role(&plain, &without(&plain).0), Role::Operator);
    let hooks =
        changes(&hooked, &moved).into_iter().filter(|it| matches!(it, PlanChange::HooksChanged { .. }));
    assert_eq!(hooks.count(), 2, "the group that went, and the one that came");
}

#[test]
fn one_policy_decides_what_a_keeper_forgets_of_a_group() {
    let ward = |hostname: &str, group: &str, keep_last: u32| -> Ward {
        serde_json::from_value(serde_json::json!({
            "agent": wire::id::AgentId([3; 32]),
            "hostname": hostname,
            "revision": 1,
            "groups": { group: { "keep_last": keep_last } },
        }))
        .unwrap()
    };
    let with = |wards: Vec<Ward>| {
        let mut plan = plan();
        plan.repositories.values_mut().for_each(|repository| repository.wards.clone_from(&wards));
        plan
    };
    let apart = with(vec![ward("web", "default", 9), ward("db", "default", 9), ward("web", "logs", 1)]);
    assert_eq!(apart.validate(), Ok(()));
    let twice = with(vec![ward("web", "default", 1), ward("db", "default", 9), ward("web", "default", 9)]);
    let problems = twice.validate().unwrap_err().0;
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["repositories.main.wards[2].groups.default"]);
    assert!(problems[0].message.contains("wards[0]"), "{}", problems[0].message);
}

#[test]
fn the_name_of_a_hosts_snapshots_is_a_name_and_an_admins_to_change() {
    let named = |name: &str| Plan { hostname: Some(name.to_owned()), ..plan() };
    for (name, valid) in [
        ("web-1", true),
        ("München 2", true),
        (&"x".repeat(255), true),
        ("", false),
        ("a/b", false),
        ("a\nb", false),
        (&"x".repeat(256), false),
    ] {
        let fields = named(name).validate().err().map(|problems| problems.0[0].field.clone());
        assert_eq!(fields.as_deref(), if valid { None } else { Some("hostname") }, "{name}");
    }
    assert_eq!(changes(&plan(), &named("web")), [PlanChange::HostnameChanged]);
    assert_eq!(role_for(&named("web"), &named("db")), Role::Admin);
    assert_eq!(role_for(&named("web"), &plan()), Role::Admin);
}
