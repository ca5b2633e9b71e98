//! Would a plan do, and what does a crontab mean: the same code that agents run, asked before anything is sent.

use jiff::tz::TimeZone;
use wire::{
    cron::{self, Crontab},
    id::UnixMs,
    plan::{Plan, PlanProblem, warnings},
    view::{CronView, PlanCheckRequest, PlanCheckView},
};

use super::{
    Site,
    caller::{Operator, Viewer},
    problem::invalid_field,
    reply::{self, Answer},
    request::Request,
};

const NEXT: usize = 5;
const NEXT_MOST: usize = 50;

/// Everything that is wrong with a plan, and what will surprise.
#[utoipa::path(post, path = "/plan/check", tag = "plan", request_body = PlanCheckRequest,
    responses((status = 200, body = PlanCheckView)))]
pub(super) async fn check(site: Site, _: Operator, mut request: Request) -> Answer {
    let PlanCheckRequest { plan } = request.json(site.world()).await?;
    reply::json(&checked(plan))
}

fn checked(plan: serde_json::Value) -> PlanCheckView {
    let plan: Plan = match serde_path_to_error::deserialize(plan) {
        Ok(plan) => plan,
        Err(error) => {
            let field = error.path().to_string();
            let message = error.into_inner().to_string();
            return PlanCheckView { problems: vec![PlanProblem { field, message }], warnings: Vec::new() };
        }
    };
    let problems = plan.validate().err().map(|error| error.0).unwrap_or_default();
    PlanCheckView { problems, warnings: warnings(&plan) }
}

/// When a crontab fires next.
#[utoipa::path(get, path = "/cron", tag = "plan",
    params(
        ("expression" = Option<String>, Query, description = "Five fields or `@daily` and friends; nothing is none"),
        ("zone" = Option<String>, Query, description = "IANA name, UTC when absent"),
        ("n" = Option<u32>, Query, minimum = 1, maximum = 50, description = "How many; 5 when absent"),
    ),
    responses((status = 200, body = CronView)))]
pub(super) async fn cron(site: Site, _: Viewer, request: Request) -> Answer {
    let query = &request.query;
    let expression = query.one("expression")?.unwrap_or_default();
    let zone = query.one("zone")?;
    let n = query.parsed("n")?.unwrap_or(NEXT);
    if !(1..=NEXT_MOST).contains(&n) {
        return Err(invalid_field("n", format!("must lie between 1 and {NEXT_MOST}")));
    }
    reply::json(&meaning(expression, zone, n, site.world().now()))
}

/// What is no crontab is an answer too: a person is typing it.
fn meaning(expression: &str, zone: Option<&str>, n: usize, now: UnixMs) -> CronView {
    let problem = |problem: String| CronView { next: Vec::new(), problem: Some(problem) };
    let crontab: Crontab = match expression.parse() {
        Ok(crontab) => crontab,
        Err(error) => return problem(format!("{error}")),
    };
    let zone = match zone.map_or(Ok(TimeZone::UTC), cron::zone) {
        Ok(zone) => zone,
        Err(error) => return problem(format!("{error}")),
    };
    let Some(now) = now.timestamp() else { return problem("the coordinator's clock is out of range".into()) };
    CronView { next: crontab.next_n(now, &zone, n).into_iter().map(UnixMs::from).collect(), problem: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20 15:04 UTC.
    const NOW: UnixMs = UnixMs(1_795_187_040_000);

    #[test]
    fn a_crontab_has_next_runs_or_a_reason_why_not() {
        let view = meaning("0 2 * * *", Some("Europe/Berlin"), 2, NOW);
        let at: Vec<String> = view.next.iter().map(ToString::to_string).collect();
        assert_eq!(
            (at, view.problem),
            (vec!["2026-11-21T01:00:00Z".into(), "2026-11-22T01:00:00Z".into()], None)
        );
        for (expression, zone) in [("", None), ("61 * * * *", None), ("0 2 * * *", Some("Mars/Base"))] {
            let view = meaning(expression, zone, 5, NOW);
            assert!(view.next.is_empty() && view.problem.is_some(), "{expression} {zone:?}");
        }
    }

    #[test]
    fn a_plan_of_another_shape_is_a_problem_with_a_field() {
        let view = checked(serde_json::json!({ "groups": { "a": { "includes": 7 } } }));
        assert_eq!(view.problems[0].field, "groups.a.includes");
        let view = checked(serde_json::json!({ "groups": { "a": { "includes": ["relative"] } } }));
        assert!(view.problems.iter().any(|problem| problem.field == "groups.a.includes[0]"), "{view:?}");
        let view = checked(serde_json::json!({}));
        assert!(view.problems.is_empty() && view.warnings.is_empty());
    }
}
