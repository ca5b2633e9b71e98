//! Server-sent events, read as a browser would.

use warp::reply::Response;
use wire::{
    id::{AgentId, SealKey, TokenKey},
    trust::{Token, TokenSeed},
    view::Event,
};

use super::*;

/// The events of one open connection.
pub(super) struct Stream {
    body: std::pin::Pin<Box<dyn hyper::body::Body<Data = Bytes, Error = warp::Error> + Send>>,
    text: String,
}

impl Stream {
    pub fn of(response: Response) -> Self {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { body: Box::pin(response.into_body()), text: String::new() }
    }

    /// The next block, without its empty line; `None` when the server ended it.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    pub async fn event(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data:")) {
                let value = serde_json::from_str(data).unwrap();
                contract().check_event(&value);
                return Some(serde_json::from_value(value).unwrap());
            }
        }
    }
}

impl House {
    pub(super) async fn listen(&self, cookie: &str) -> Stream {
        let mut stream = Stream::of(self.get("/api/v1/events").cookie(cookie).start().await);
        let greeting = stream.block().await.unwrap();
        assert!(greeting.contains("retry:2000"), "{greeting}");
        stream
    }

    /// Something that listeners are told of.
    pub(super) async fn make_token(&self, cookie: &str, n: u8) -> Answered {
        let keys = TokenSeed::from_bytes(&[n; 32]).keys();
        let token = Token {
            fleet: self.fleet.fleet_view().unwrap().fleet,
            token: TokenKey::from(keys.sign.public()),
            seal: SealKey(keys.seal.public().0),
            name_pattern: "*".into(),
            tags: Vec::new(),
            uses: 1,
            issued_at: NOW,
            expires_at: NOW.plus_ms(3_600_000),
            plan: None,
            secrets: Vec::new(),
        };
        let token = Signed::sign(&token, &self.operator).unwrap();
        self.post("/api/v1/tokens", &serde_json::json!({ "token": token })).cookie(cookie).send().await
    }
}

#[tokio::test]
async fn a_change_is_told_to_whoever_listens() {
    let (house, cookie) = House::settled().await;
    let mut stream = house.listen(&cookie).await;
    let made = house.make_token(&cookie, 1).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    assert_eq!(stream.event().await, Some(Event::Tokens));
}

#[tokio::test]
async fn signing_out_ends_the_connection_at_once() {
    let (house, cookie) = House::settled().await;
    let mut stream = house.listen(&cookie).await;
    house.delete("/api/v1/session").cookie(&cookie).send().await;
    assert_eq!(stream.event().await, Some(Event::SignedOut));
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn a_session_that_expires_or_is_taken_away_ends_it_with_the_next_heartbeat() {
    let (house, cookie) = House::settled().await;
    let mut stream = house.listen(&cookie).await;
    house.sql("UPDATE people SET disabled_at = 1").await;
    let told = tokio::spawn(async move { (stream.event().await, stream.event().await) });
    while !told.is_finished() {
        house.time.advance(Duration::from_secs(15));
        tokio::task::yield_now().await;
    }
    assert_eq!(told.await.unwrap(), (Some(Event::SignedOut), None));
}

#[tokio::test]
async fn a_coordinator_that_stops_lets_go_of_whoever_listens() {
    let (house, cookie) = House::settled().await;
    let mut stream = house.listen(&cookie).await;
    house.http.stop();
    assert_eq!(stream.event().await, None);
}

#[tokio::test]
async fn a_silent_fleet_still_beats() {
    let (house, cookie) = House::settled().await;
    let mut stream = house.listen(&cookie).await;
    let beat = tokio::spawn(async move { stream.block().await });
    while !beat.is_finished() {
        house.time.advance(Duration::from_secs(15));
        tokio::task::yield_now().await;
    }
    assert_eq!(beat.await.unwrap().as_deref(), Some(":"));
}

#[tokio::test]
async fn whoever_reads_too_slowly_is_told_so_and_nobody_waits() {
    let (house, cookie) = House::settled().await;
    let mut stream = house.listen(&cookie).await;
    for n in 0..3_000_u32 {
        // Each another host, so that none is left out as a repetition.
        let mut agent = [0; 32];
        agent[..4].copy_from_slice(&n.to_be_bytes());
        house.fleet.tell(Event::Host { agent: AgentId(agent) });
    }
    let mut last = None;
    let mut told = 0;
    while last != Some(Event::Lagged) {
        last = stream.event().await;
        told += 1;
        assert!(last.is_some() && told <= 3_000, "nobody was told of the loss: {last:?}");
    }
}

#[tokio::test]
async fn whoever_takes_nothing_for_a_minute_is_let_go() {
    let (house, cookie) = House::settled().await;
    let mut stream = house.listen(&cookie).await;
    for n in 0..200_u32 {
        let mut agent = [0; 32];
        agent[..4].copy_from_slice(&n.to_be_bytes());
        house.fleet.tell(Event::Host { agent: AgentId(agent) });
    }
    // Its buffer is full by then, and it stands there.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        house.time.advance(Duration::from_secs(15));
        tokio::task::yield_now().await;
    }
    let mut told = 0;
    while told < 200 && stream.event().await.is_some() {
        told += 1;
    }
    assert!(told < 200, "it was waited for");
}
