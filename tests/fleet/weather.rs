//! Links in bad weather: bytes come in crumbs and late, and at some byte the link is cut, reset, or falls silent.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use coordinator::world::World;
use tests::simulated::Dice;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, ReadHalf, WriteHalf,
    duplex, split,
};

/// What a socket's own buffers would take.
const WINDOW_BYTES: usize = 16 * 1024;
const CRUMB_BYTES: usize = 4096;

/// How a link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// When an end wants.
    Holds,
    /// Both ends see it end, in the middle of whatever was said.
    Cut,
    /// Both ends get an error.
    Reset,
    /// The agent's end is gone; the coordinator's never hears of it.
    Silence,
}

/// One link's weather.
#[derive(Clone, Debug)]
pub struct Sky {
    pub fate: Fate,
    /// Bytes in both directions together until the fate comes.
    pub after_bytes: usize,
    /// Bytes that come at once, at most.
    pub crumb_bytes: usize,
    /// Each crumb is late by up to so much of the coordinator's time.
    pub late_ms: u64,
    pub dice: Dice,
}

/// One end of a link.
pub struct End {
    io: DuplexStream,
    reset: Arc<AtomicBool>,
}

impl Sky {
    pub const fn clear() -> Self {
        Self {
            fate: Fate::Holds,
            after_bytes: usize::MAX,
            crumb_bytes: CRUMB_BYTES,
            late_ms: 0,
            dice: Dice::new(0),
        }
    }

    /// Anything may happen, at any byte: within the handshake as well as after hours of work.
    pub fn stormy(dice: &mut Dice) -> Self {
        let magnitude = dice.between(6..=17);
        let fate = *dice.pick(&[Fate::Cut, Fate::Cut, Fate::Reset, Fate::Silence, Fate::Holds]);
        let crumbs = [1, 7, 64, 512, CRUMB_BYTES];
        Self {
            fate,
            after_bytes: usize::try_from(dice.between(0..=1 << magnitude)).unwrap_or(usize::MAX),
            // The smallest crumbs only for short lives: they cost a wake-up each.
            crumb_bytes: crumbs[dice.index(crumbs.len()).max(usize::from(magnitude > 12) * 3)],
            late_ms: if dice.one_in(4) { dice.between(0..=40) } else { 0 },
            dice: dice.another(),
        }
    }

    /// The agent's end and the coordinator's, with the weather in between.
    pub fn link(self, world: &World) -> (End, End) {
        let (agent, agent_side) = duplex(WINDOW_BYTES);
        let (coordinator, coordinator_side) = duplex(WINDOW_BYTES);
        let reset = Arc::new(AtomicBool::new(false));
        let ends = (
            End { io: agent, reset: Arc::clone(&reset) },
            End { io: coordinator, reset: Arc::clone(&reset) },
        );
        tokio::spawn(between(self, world.clone(), agent_side, coordinator_side, reset));
        ends
    }
}

/// Carries bytes both ways until the fate comes or both ends are done.
async fn between(
    mut sky: Sky,
    world: World,
    agent: DuplexStream,
    coordinator: DuplexStream,
    reset: Arc<AtomicBool>,
) {
    let (from_agent, to_agent) = split(agent);
    let (from_coordinator, to_coordinator) = split(coordinator);
    let after_bytes = if sky.fate == Fate::Holds { usize::MAX } else { sky.after_bytes };
    let left = Arc::new(AtomicUsize::new(after_bytes));
    let mut carrier = |from, to| Carrier {
        from,
        to,
        left: Arc::clone(&left),
        crumb_bytes: sky.crumb_bytes,
        late_ms: sky.late_ms,
        dice: sky.dice.another(),
        world: world.clone(),
    };
    let mut up = carrier(from_agent, to_coordinator);
    let mut down = carrier(from_coordinator, to_agent);
    let spent = {
        let (up, down) = (up.carry(), down.carry());
        tokio::pin!(up, down);
        // One direction may be done while the other still speaks.
        tokio::select! {
            spent = &mut up => spent || down.await,
            spent = &mut down => spent || up.await,
        }
    };
    if !spent {
        return;
    }
    match sky.fate {
        Fate::Holds | Fate::Cut => {}
        Fate::Reset => reset.store(true, Ordering::SeqCst),
        Fate::Silence => {
            // Nothing is said any more, and nothing ends, until the coordinator lets go.
            let (mut from_coordinator, _still_open) = (down.from, up.to);
            drop((up.from, down.to));
            let mut nothing = vec![0; CRUMB_BYTES];
            while from_coordinator.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
        }
    }
}

/// One direction.
struct Carrier {
    from: ReadHalf<DuplexStream>,
    to: WriteHalf<DuplexStream>,
    /// Shared by both directions.
    left: Arc<AtomicUsize>,
    crumb_bytes: usize,
    late_ms: u64,
    dice: Dice,
    world: World,
}

impl Carrier {
    /// True when the link's bytes were used up; false when this end is done.
    async fn carry(&mut self) -> bool {
        let mut crumb = vec![0; self.crumb_bytes];
        loop {
            let read = match self.from.read(&mut crumb).await {
                Ok(0) | Err(_) => {
                    let _ = self.to.shutdown().await;
                    return false;
                }
                Ok(read) => read,
            };
            if self.late_ms > 0 {
                let late = self.dice.between(0..=self.late_ms);
                self.world.sleep(Duration::from_millis(late)).await;
            }
            let before = self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(read)))
                .unwrap_or(0);
            let passes = read.min(before);
            if self.to.write_all(&crumb[..passes]).await.is_err() {
                return false;
            }
            if passes < read {
                return true;
            }
        }
    }
}

impl End {
    fn check(&self) -> io::Result<()> {
        if self.reset.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        if polled.is_ready() {
            self.check()?;
        }
        polled
    }
}

impl AsyncWrite for End {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
