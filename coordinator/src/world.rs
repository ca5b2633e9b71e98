//! Clock, sleep and entropy: real, or a fake that a test turns by hand.
//!
//! The only room that reads them. Must not know what anybody does with time.

#![allow(clippy::disallowed_methods, reason = "everybody else asks this room")]

pub mod environment;
mod fake;

pub use fake::FakeTime;

use std::{convert::Infallible, fmt, sync::Arc, time::Duration};

use rand_core::{TryCryptoRng, TryRng};
use wire::id::UnixMs;

/// Cheap to clone; every room is given one.
#[derive(Clone)]
pub struct World {
    time: Time,
    entropy: Entropy,
}

#[derive(Clone)]
enum Time {
    /// Wall clock, and tokio's timer.
    Real,
    Fake(FakeTime),
}

#[derive(Clone)]
enum Entropy {
    System,
    /// Repeatable: SHA-256 over a seed and a counter.
    Seeded(Arc<fake::Seeded>),
}

impl World {
    pub const fn real() -> Self {
        Self { time: Time::Real, entropy: Entropy::System }
    }

    /// Time stands still until the handle turns it; entropy repeats with the seed.
    pub fn fake(start: UnixMs, seed: u64) -> (Self, FakeTime) {
        let time = FakeTime::new(start);
        let entropy = Entropy::Seeded(Arc::new(fake::Seeded::new(seed)));
        (Self { time: Time::Fake(time.clone()), entropy }, time)
    }

    pub fn now(&self) -> UnixMs {
        match &self.time {
            Time::Real => UnixMs::from(jiff::Timestamp::now()),
            Time::Fake(time) => time.now(),
        }
    }

    pub async fn sleep(&self, duration: Duration) {
        match &self.time {
            Time::Real => tokio::time::sleep(duration).await,
            Time::Fake(time) => time.sleep(duration).await,
        }
    }

    /// `None` when `work` is not done in time.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.sleep(limit) => None,
        }
    }

    /// Cryptographic randomness.
    pub fn rng(&self) -> WorldRng {
        WorldRng(self.entropy.clone())
    }

    /// 32 random bytes.
    pub fn seed(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A new UUID, version 7: sorts by the time it was made.
    pub fn uuid(&self) -> uuid::Uuid {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        let millis = u64::try_from(self.now().0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.time {
            Time::Real => "World(real)",
            Time::Fake(_) => "World(fake)",
        })
    }
}

impl Entropy {
    fn fill(&self, into: &mut [u8]) {
        match self {
            Self::System => {
                getrandom::fill(into).expect("the operating system always has randomness after boot");
            }
            Self::Seeded(seeded) => seeded.fill(into),
        }
    }
}

/// The world's randomness, as the cryptographic crates want it.
#[derive(Clone)]
pub struct WorldRng(Entropy);

impl TryRng for WorldRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(dst);
        Ok(())
    }
}

impl TryCryptoRng for WorldRng {}
