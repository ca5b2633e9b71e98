//! The panel's files, the scripts, the agent's binary, and the headers on all of them.

use wire::view::InstallView;

use super::*;

#[tokio::test]
async fn every_answer_keeps_the_browser_honest() {
    let (house, cookie) = House::settled().await;
    for path in [
        "/",
        "/hosts/abc",
        "/api/v1/session",
        "/api/v1/nothing",
        "/install.sh",
        "/healthz",
        "/assets/gone.js",
    ] {
        let headers = house.get(path).cookie(&cookie).send().await.headers;
        let csp = headers["content-security-policy"].to_str().unwrap();
        assert!(
            csp.contains("default-src 'self'; script-src 'self';") && !csp.contains("unsafe-eval"),
            "{csp}"
        );
        assert!(csp.contains("frame-ancestors 'none'"));
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
    }
    let api = house.get("/api/v1/session").cookie(&cookie).send().await;
    assert_eq!(api.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn any_path_that_is_nobody_elses_is_the_panels_page() {
    let house = House::new().await;
    for path in ["/", "/hosts/abc/jobs", "/setup", "/%2e%2e/%2e%2e/etc/passwd"] {
        let page = house.get(path).send().await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8", "{path}");
        assert!(!page.body.is_empty());
    }
    assert_eq!(house.get("/assets/gone-1234.js").send().await.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_new_host_gets_a_command_that_is_true() {
    let (house, cookie) = House::settled().await;
    let view: InstallView = house.get("/api/v1/fleet/install").cookie(&cookie).send().await.json();
    let fleet = house.fleet.fleet_view().unwrap();
    assert!(
        view.linux.contains("http://127.0.0.1:7700/install.sh") && view.linux.contains(&fleet.fingerprint)
    );
    assert!(view.enrol.contains(&fleet.fingerprint));
    let script = house.get("/install.sh").send().await;
    assert_eq!(script.headers["content-type"], "text/x-shellscript; charset=utf-8");
    let script = String::from_utf8(script.body.to_vec()).unwrap();
    assert!(script.starts_with("#!/bin/sh") && script.contains(&fleet.fingerprint));

    let binary = house.get("/dist/restic-manager-agent-x86_64").send().await;
    assert_eq!(binary.headers["content-length"], binary.body.len().to_string().as_str());
    assert_eq!(wire::domain::sha256(&binary.body), view.agents[0].sha256);
    assert!(view.linux.contains(&view.agents[0].sha256.to_string()));
    // An update of the binary shows in the next command.
    std::fs::write(house.directory.path().join("agent"), b"a newer agent's bytes").unwrap();
    let newer: InstallView = house.get("/api/v1/fleet/install").cookie(&cookie).send().await.json();
    assert_ne!(newer.agents[0].sha256, view.agents[0].sha256);

    assert_eq!(house.get("/dist/restic-manager-agent-mips").send().await.code(), ErrorCode::NotFound);
    assert_eq!(house.get("/dist/..%2fcoordinator.db").send().await.code(), ErrorCode::NotFound);
    assert!(house.get("/uninstall.sh").send().await.body.starts_with(b"#!/bin/sh"));
    assert_eq!(house.get("/healthz").send().await.body, "ok\n");
}
