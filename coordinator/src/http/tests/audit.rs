//! The records through the API: found, paged, exported and verified by somebody who has nothing but the file.

use serde_json::{Value, json};
use wire::{
    domain,
    id::CoordinatorId,
    view::{Actor, AuditAction, AuditBody, AuditChainView, AuditLine, AuditView, Page},
};

use super::*;

impl House {
    pub(super) async fn audit(&self, cookie: &str, query: &str) -> Page<AuditView> {
        let answered = self.get(&format!("/api/v1/audit?{query}")).cookie(cookie).send().await;
        assert_eq!(answered.status, 200, "{query}: {:?}", answered.body);
        answered.json()
    }

    async fn template(&self, cookie: &str, name: &str) {
        let path = format!("/api/v1/templates/{name}");
        let answered = self.put(&path, &json!({ "plan": {} })).cookie(cookie).send().await;
        assert_eq!(answered.status, 200, "{:?}", answered.body);
    }
}

fn seqs(page: &Page<AuditView>) -> Vec<u64> {
    page.items.iter().map(|view| view.seq).collect()
}

fn names(page: &Page<AuditView>) -> Vec<&str> {
    page.items.iter().map(|view| view.body.target.as_ref().map_or("", |target| &*target.name)).collect()
}

#[tokio::test]
async fn each_filter_narrows_and_what_is_no_filter_is_refused() {
    let (house, cookie) = House::settled().await;
    let otto = house.person("otto", Role::Operator).await;
    house.template(&cookie, "web%20servers").await;
    house.time.advance(Duration::from_secs(10));
    house.template(&otto, "mail_1").await;
    house.template(&otto, "mailx1").await;
    house.sign_in("otto", "not his password").await;

    let all = house.audit(&cookie, "order=asc").await;
    let actions: Vec<AuditAction> = all.items.iter().map(|view| view.body.action).collect();
    assert_eq!(
        actions,
        [
            AuditAction::SetUp,
            AuditAction::SignIn,
            AuditAction::SignIn,
            AuditAction::TemplateKeep,
            AuditAction::TemplateKeep,
            AuditAction::TemplateKeep,
            AuditAction::SignInRefused
        ]
    );
    assert_eq!(all.items[3].body.actor, Actor::Person { name: "alice".into(), role: Role::Admin });
    assert_eq!(all.items[3].body.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(seqs(&house.audit(&cookie, "").await), [7, 6, 5, 4, 3, 2, 1], "the newest first");

    for (query, found) in [
        ("actor=OTT", vec![7, 6, 5, 3]),
        ("actor=tt", vec![]),
        ("action=sign_in&action=set_up", vec![3, 2, 1]),
        ("action=sign_in_refused", vec![7]),
        ("target_kind=template", vec![6, 5, 4]),
        ("target=SERVER", vec![4]),
        ("target=mail_", vec![5]),
        ("target=1&action=set_up", vec![1]),
        ("target=%25", vec![]),
        ("target_kind=template&target_id=mailx1", vec![6]),
        ("actor=otto&action=template_keep&order=asc", vec![5, 6]),
        (&format!("since={}", NOW.0 + 10_000), vec![7, 6, 5]),
        (&format!("until={}", NOW.0 + 10_000), vec![4, 3, 2, 1]),
        (&format!("since={0}&until={0}", NOW.0), vec![]),
    ] {
        assert_eq!(seqs(&house.audit(&cookie, query).await), found, "{query}");
    }
    for bad in
        ["action=nothing", "target_kind=x", "since=x", "order=up", "limit=0", "limit=501", "actor=a&actor=b"]
    {
        let answered = house.get(&format!("/api/v1/audit?{bad}")).cookie(&cookie).send().await;
        assert_eq!(answered.code(), ErrorCode::InvalidField, "{bad}");
    }
    for bad in ["AAAA", "!", "AAAAAAAAAAAAAAA"] {
        let answered = house.get(&format!("/api/v1/audit?cursor={bad}")).cookie(&cookie).send().await;
        assert_eq!(answered.code(), ErrorCode::InvalidCursor, "{bad}");
    }
}

#[tokio::test]
async fn pages_put_together_are_the_whole_whatever_comes_meanwhile() {
    let (house, cookie) = House::settled().await;
    for n in 0..20 {
        house.template(&cookie, &format!("t{n}")).await;
    }
    for order in ["asc", "desc"] {
        for limit in [1, 3, 7, 50] {
            let whole = house.audit(&cookie, &format!("order={order}&target_kind=template&limit=500")).await;
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let query = format!("order={order}&target_kind=template&limit={limit}{cursor}");
                let page = house.audit(&cookie, &query).await;
                assert!(page.items.len() <= limit);
                found.extend(page.items);
                let Some(next) = page.next else { break };
                cursor = format!("&cursor={next}");
                if order == "desc" && limit == 7 {
                    // It comes before the first page, and shifts nothing.
                    house.template(&cookie, &format!("meanwhile{}", found.len())).await;
                }
            }
            assert_eq!(found, whole.items, "{order} {limit}");
        }
    }
}

#[tokio::test]
async fn the_file_can_be_verified_by_whoever_has_it_and_the_coordinators_key() {
    let (house, cookie) = House::settled().await;
    for n in 0..1_200 {
        let act = Audit::new(house.keys.clone()).own(NOW);
        let entry = crate::audit::Entry::new(AuditAction::TemplateKeep);
        let entry = entry.on(wire::view::TargetKind::Template, n, format!("ü{n}"));
        house.store.write(move |tx| act.record(tx, entry)).await.unwrap();
    }
    let answered = house.get("/api/v1/audit/export").cookie(&cookie).send().await;
    assert_eq!(answered.headers["content-type"], "application/x-ndjson");
    let text = std::str::from_utf8(&answered.body).unwrap();
    assert_eq!(text.lines().count(), 1_202);
    let id: CoordinatorId = house.keys.id();
    // As docs/PROTOCOL.md has it, with nothing of the coordinator's own code.
    let mut hash = domain::AUDIT_RECORD.hash(&[&id.0]);
    for (seq, line) in (1_u64..).zip(text.lines()) {
        let line: AuditLine = serde_json::from_str(line).unwrap();
        assert_eq!((line.seq, line.coordinator), (seq, id));
        let body = line.body.as_bytes();
        let length = u64::try_from(body.len()).unwrap().to_be_bytes();
        hash = domain::AUDIT_RECORD.hash(&[&hash.0, &seq.to_be_bytes(), &length, body]);
        assert_eq!(hash, line.hash);
        let signed = [&id.0[..], &seq.to_be_bytes(), &hash.0].concat();
        assert!(wire::identity::verify(&id.0, domain::AUDIT_HEAD, &signed, &line.signature));
        serde_json::from_str::<AuditBody>(&line.body).unwrap();
    }
    let some = house.get("/api/v1/audit/export?target=%C3%BC7&order=desc").cookie(&cookie).send().await;
    assert_eq!(std::str::from_utf8(&some.body).unwrap().lines().count(), 111);
}

#[tokio::test]
async fn a_spreadsheet_gets_text_and_no_formula() {
    let (house, cookie) = House::settled().await;
    house.template(&cookie, "%3DHYPERLINK(%22x%22)").await;
    let answered = house.get("/api/v1/audit/export?format=csv").cookie(&cookie).send().await;
    assert_eq!(answered.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(answered.headers["content-disposition"], "attachment; filename=\"audit.csv\"");
    let text = std::str::from_utf8(&answered.body).unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("seq,time,actor_kind,actor,role,"), "{}", lines[0]);
    assert_eq!(lines.len(), 4);
    assert!(
        lines[3].starts_with("3,2026-11-20T15:04:00Z,person,alice,admin,,127.0.0.1,template_keep,template,")
    );
    assert!(lines[3].contains("\"'=HYPERLINK(\"\"x\"\")\""), "{}", lines[3]);
    let bad = house.get("/api/v1/audit/export?format=pdf").cookie(&cookie).send().await;
    assert_eq!(bad.code(), ErrorCode::InvalidField);
}

#[tokio::test]
async fn the_chain_is_told_whole_or_broken() {
    let (house, cookie) = House::settled().await;
    let view: AuditChainView = house.get("/api/v1/audit/chain").cookie(&cookie).send().await.json();
    assert_eq!((view.first, view.last, view.verified, view.broken), (Some(1), Some(2), Some(2), None));
    house.template(&cookie, "a").await;
    house.sql("UPDATE audit SET actor = 'mallory' WHERE seq = 3").await;
    let view: AuditChainView = house.get("/api/v1/audit/chain").cookie(&cookie).send().await.json();
    assert_eq!(view.verified, Some(2));
    assert!(view.broken.unwrap().contains("record 3"));
}

#[tokio::test]
async fn a_refusal_of_somebody_known_is_written_down_and_one_of_a_look_is_not() {
    let (house, cookie) = House::settled().await;
    let vera = house.person("vera", Role::Viewer).await;
    assert_eq!(house.delete("/api/v1/templates/a").cookie(&vera).send().await.code(), ErrorCode::Forbidden);
    assert_eq!(house.get("/api/v1/tokens").cookie(&vera).send().await.code(), ErrorCode::Forbidden);
    assert_eq!(house.delete("/api/v1/templates/a").send().await.code(), ErrorCode::NotSignedIn);
    let page = house.audit(&cookie, "action=refused").await;
    assert_eq!(names(&page), ["DELETE /templates/{name}"]);
    let refused = &page.items[0].body;
    assert_eq!(refused.actor, Actor::Person { name: "vera".into(), role: Role::Viewer });
    assert!(refused.after.as_ref().and_then(Value::as_str).unwrap().contains("needs the role operator"));

    // A script that goes on and on fills no disk.
    for _ in 0..60 {
        house.delete("/api/v1/templates/a").cookie(&vera).send().await;
    }
    assert_eq!(house.audit(&cookie, "action=refused&limit=500").await.items.len(), 20);
}

#[tokio::test]
async fn a_wrong_setup_link_is_written_down() {
    let house = House::new().await;
    house.access.offer_setup().await.unwrap();
    let request = house.setup_request(&"A".repeat(43));
    let check = json!({ "token": request.token, "user": request.user, "password": request.password });
    assert_eq!(house.post("/api/v1/setup/check", &check).send().await.code(), ErrorCode::BadBootstrapToken);
    assert_eq!(house.post("/api/v1/setup", &request).send().await.code(), ErrorCode::BadBootstrapToken);
    let cookie = house.set_up().await.cookie();
    let page = house.audit(&cookie, "action=sign_in_refused").await;
    assert_eq!(seqs(&page), [2, 1]);
    assert_eq!(page.items[0].body.actor, Actor::Nobody { name: String::new() });
}
