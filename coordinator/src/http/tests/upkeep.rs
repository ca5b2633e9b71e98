//! What looks after a host's backups, through the API.

use serde_json::Value;
use wire::view::{HostRow, MaintenanceView, Page, PlanRevisionView, PlanView, RepositoryHistoryView};

use super::{documents::assert_valid_answer, member::Member, *};

#[tokio::test]
async fn a_plans_past_its_upkeep_and_its_numbers_are_what_the_document_says() {
    let member = Member::new().await;
    let history = member.get("/plan/history").send().await;
    assert_valid_answer("GET /hosts/{agent}/plan/history", &history);
    let history: Page<PlanRevisionView> = history.json();
    assert_eq!((history.items.len(), history.items[0].by.as_str()), (1, "plan.toml"));
    let past = member.get("/plan/revisions/1").send().await;
    assert_valid_answer("GET /hosts/{agent}/plan/revisions/{revision}", &past);
    assert!(past.json::<PlanView>().read_only.is_some());
    let place = &history.items[0].place;
    assert_eq!(member.get(&format!("/plan/revisions/1?place={place}")).send().await.status, 200);
    assert_eq!(member.get("/plan/revisions/1?place=2.1").send().await.code(), ErrorCode::NotFound);
    let sharing = member.get("/repositories/main/sharing?limit=10").send().await;
    assert_valid_answer("GET /hosts/{agent}/repositories/{repository}/sharing", &sharing);
    assert_eq!(member.get("/plan/revisions/2").send().await.code(), ErrorCode::NotFound);
    assert_eq!(member.get("/plan/history?cursor=abc").send().await.code(), ErrorCode::InvalidCursor);

    let maintenance = member.get("/maintenance").send().await;
    assert_valid_answer("GET /hosts/{agent}/maintenance", &maintenance);
    let maintenance: Vec<MaintenanceView> = maintenance.json();
    assert_eq!((maintenance.len(), maintenance[0].zone.as_str()), (4, "Europe/Berlin"));

    for days in ["", "?days=90", "?days=365"] {
        let numbers = member.get(&format!("/repositories/main/history{days}")).send().await;
        assert_valid_answer("GET /hosts/{agent}/repositories/{repository}/history", &numbers);
        assert!(numbers.json::<RepositoryHistoryView>().points.is_empty());
    }
    assert_eq!(member.get("/repositories/main/history?days=31").send().await.code(), ErrorCode::InvalidField);
    assert_eq!(member.get("/repositories/none/history").send().await.code(), ErrorCode::NotFound);
    let none = member.house.get("/api/v1/hosts?held=true&sort=held").cookie(&member.cookie).send().await;
    assert_eq!(none.json::<Page<HostRow>>().total, Some(0));
    let jobs = member.get("/jobs?kind=backup&kind=drill&repository=main").send().await;
    assert_eq!(jobs.json::<Value>()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_admin_removes_a_host_and_nobody_else() {
    let member = Member::new().await;
    let path = format!("/api/v1/hosts/{}", member.agent);
    let otto = member.house.person("otto", Role::Operator).await;
    assert_eq!(member.house.delete(&path).cookie(&otto).send().await.code(), ErrorCode::Forbidden);
    assert_eq!(member.house.delete(&path).cookie(&member.cookie).send().await.status, 204);
    assert_eq!(member.get("").send().await.code(), ErrorCode::NotFound);
    assert_eq!(member.house.delete(&path).cookie(&member.cookie).send().await.code(), ErrorCode::NotFound);
}
