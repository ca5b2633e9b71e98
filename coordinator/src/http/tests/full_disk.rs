//! A disk that is full: said plainly, nothing half-done, and over by itself once there is space.

use wire::view::TokenView;

use super::*;

#[tokio::test]
async fn what_cannot_be_written_is_refused_and_reading_goes_on() {
    let (house, cookie) = House::settled().await;
    // The database may not grow by one more page, which is what SQLite meets on a full disk.
    house.sql("pragma max_page_count = 1").await;
    let mut made = 0;
    let refused = loop {
        let answered = house.make_token(&cookie, made).await;
        if answered.status != 201 {
            break answered;
        }
        made += 1;
    };
    let problem = refused.problem();
    assert_eq!((problem.code, problem.status), (ErrorCode::StorageUnavailable, 503));
    assert!(problem.hint.contains("space"), "{problem:?}");
    let tokens: Vec<TokenView> = house.get("/api/v1/tokens").cookie(&cookie).send().await.json();
    assert_eq!(tokens.len(), usize::from(made), "nothing of the refused one is there");
    assert_eq!(house.get("/api/v1/session").cookie(&cookie).send().await.status, 200);
    assert_eq!(house.get("/healthz").send().await.status, 200);

    house.sql("pragma max_page_count = 1000000").await;
    assert_eq!(house.make_token(&cookie, made).await.status, 201);
}
