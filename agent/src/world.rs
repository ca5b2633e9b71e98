//! Clock, sleep, entropy, the host's zone, its process table, power and network: real, or fakes that a test turns by
//! hand. Also who may change a file.
//!
//! The only room that reads them. Must not know what anybody does with time, chance or processes.

#![allow(clippy::disallowed_methods, reason = "everybody else asks this room")]

mod editor;
mod fake;
mod guard;
mod process;
mod sensors;

pub use editor::edit;
pub use fake::FakeTime;
pub use guard::Exposed;
pub use process::{ProcessId, Program};

use std::{
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use rand_core::{TryCryptoRng, TryRng};
use wire::id::{JobId, UnixMs};

/// Cheap to clone; every room is given one.
#[derive(Clone)]
pub struct World {
    time: Time,
    entropy: Entropy,
    /// What this lies in is not asked who may write to it. Only tests have one: theirs lies in /tmp.
    ground: Option<Arc<Path>>,
}

#[derive(Clone)]
enum Time {
    /// The host's clocks and zone, and tokio's timer.
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
        Self { time: Time::Real, entropy: Entropy::System, ground: None }
    }

    /// Time stands still until the handle turns it; entropy repeats with the seed; the zone is UTC until it is set.
    pub fn fake(start: UnixMs, seed: u64) -> (Self, FakeTime) {
        let time = FakeTime::new(start);
        let entropy = Entropy::Seeded(Arc::new(fake::Seeded::new(seed)));
        (Self { time: Time::Fake(time.clone()), entropy, ground: None }, time)
    }

    /// The wall clock: what people read, and what may jump.
    pub fn now(&self) -> UnixMs {
        match &self.time {
            Time::Real => UnixMs::from(jiff::Timestamp::now()),
            Time::Fake(time) => time.now(),
        }
    }

    /// Time since some fixed instant of this boot. Never jumps, and goes on while the machine sleeps.
    pub fn monotonic(&self) -> Duration {
        match &self.time {
            Time::Real => process::since_boot(),
            Time::Fake(time) => time.monotonic(),
        }
    }

    /// The same without the time that the machine slept: how long anything had to do its work.
    pub fn awake(&self) -> Duration {
        match &self.time {
            Time::Real => process::awake(),
            Time::Fake(time) => time.awake(),
        }
    }

    /// Timers stand still while the machine sleeps.
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

    /// The host's own time zone, as it is set now.
    pub fn zone(&self) -> TimeZone {
        match &self.time {
            Time::Real => TimeZone::system(),
            Time::Fake(time) => time.zone(),
        }
    }

    /// Whether the machine runs on something else than its battery. One without a battery always does.
    pub fn is_on_mains_power(&self) -> bool {
        match &self.time {
            Time::Real => sensors::is_on_mains_power(Path::new("/")),
            Time::Fake(time) => time.is_on_mains_power(),
        }
    }

    /// Whether the way out costs by the byte. Where nothing says so, it does not.
    pub fn is_metered(&self) -> bool {
        match &self.time {
            Time::Real => sensors::is_metered(Path::new("/")),
            Time::Fake(time) => time.is_metered(),
        }
    }

    /// Where the path leads, when nobody but root and us can change what lies there: for files that decide what is done
    /// with root's power. What was true a while ago need not be true now, so it is asked each time.
    pub fn guarded(&self, path: &Path) -> Result<PathBuf, Exposed> {
        guard::walk(path, self.ground.as_deref())
    }

    /// Asks nothing of the directories that `ground` lies in.
    #[cfg(test)]
    pub fn above(self, ground: &Path) -> Self {
        Self { ground: std::fs::canonicalize(ground).ok().map(Into::into), ..self }
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

    /// A UUID version 7: sorts by the time it was made.
    pub fn uuid(&self) -> uuid::Uuid {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        let ms = u64::try_from(self.now().0).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }

    pub fn job_id(&self) -> JobId {
        JobId(self.uuid())
    }

    /// What the operating system calls this host; restic's locks name it so.
    pub fn hostname(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }

    /// Who runs under this number now; `None` when nobody does.
    pub fn process(&self, pid: u32) -> Option<ProcessId> {
        process::look(pid)
    }

    /// Whether anything still bears this number, be it one that ended and that nobody has asked how: restic counts that
    /// as alive.
    pub fn bears(&self, pid: u32) -> bool {
        process::bears(pid)
    }

    /// Which program runs under this number now; `None` when nobody bears it.
    pub fn program(&self, pid: u32) -> Option<Program> {
        process::program(pid)
    }

    /// Whether that very process (not another that got its number) still runs.
    pub fn is_alive(&self, process: &ProcessId) -> bool {
        self.process(process.pid).as_ref() == Some(process)
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
            // Without randomness no key, nonce or id is safe to make: there is nothing sensible to go on with.
            Self::System => getrandom::fill(into).expect("the operating system gives random bytes"),
            Self::Seeded(seeded) => seeded.fill(into),
        }
    }
}

/// For everything that wants a `CryptoRng`.
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
