//! A record that somebody changed in the coordinator's database is found and named.

use crate::host::Host;

#[tokio::test]
async fn a_tampered_record_is_found_by_verify_and_named() {
    let mut host = Host::ready("0 2 * * *").await;
    host.good_backup().await;
    assert!(host.coordinator.program.stop().success());
    let clean = host.verify();
    assert!(clean.status.success(), "{}", String::from_utf8_lossy(&clean.stdout));

    let database = host.place.coordinator().join("coordinator.db");
    let connection = rusqlite::Connection::open(&database).expect("the database opens");
    let (place, body): (i64, Vec<u8>) = connection
        .query_row(
            "SELECT place, body FROM records WHERE kind = 'job.finished' ORDER BY place LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("a finished job");
    let tampered = String::from_utf8(body.clone()).expect("JSON").replacen("succeeded", "cancelled", 1);
    assert_ne!(tampered.as_bytes(), body);
    let change = |bytes: &[u8]| {
        connection
            .execute("UPDATE records SET body = ?1 WHERE place = ?2", (bytes, place))
            .expect("the record can be changed")
    };
    assert_eq!(change(tampered.as_bytes()), 1);
    let seq = place & ((1 << 40) - 1);

    let found = host.verify();
    let said = String::from_utf8_lossy(&found.stdout);
    assert_eq!(found.status.code(), Some(1), "{said}");
    assert!(said.contains("host-1"), "the host is not named: {said}");
    assert!(said.contains(&format!("record {seq}")), "record {seq} is not named: {said}");

    assert_eq!(change(&body), 1);
    assert!(host.verify().status.success(), "as it was, it verifies again");

    let rename = |from: &str, to: &str| {
        connection
            .execute("UPDATE audit SET actor = ?2 WHERE seq = 1 AND actor = ?1", (from, to))
            .expect("what a record of the audit is found by can be changed")
    };
    let actor: String = connection
        .query_row("SELECT actor FROM audit WHERE seq = 1", [], |row| row.get(0))
        .expect("setting up was recorded");
    assert_eq!(rename(&actor, "somebody else"), 1);
    let found = host.verify();
    let said = String::from_utf8_lossy(&found.stdout);
    assert_eq!(found.status.code(), Some(1), "{said}");
    assert!(said.contains("audit: record 1 "), "record 1 of the audit is not named: {said}");
    assert_eq!(rename("somebody else", &actor), 1);
    assert!(host.verify().status.success(), "as it was, it verifies again");
}
