//! Looks at people's own paths, which may lie on a mount that does not answer: then the thread that asked never comes
//! back. Each path costs one thread at the most, and is not asked again while that hangs; what lies elsewhere is looked at
//! all the same.
//!
//! Knows nothing of what is looked for.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Semaphore, oneshot};

use crate::world::World;

/// So many looks at a time, those that hang among them.
const PLACES: usize = 8;
/// Of a thread that asks the file system a few questions.
const STACK_BYTES: usize = 256 * 1024;

#[derive(Clone)]
pub struct Looks {
    places: Arc<Semaphore>,
    /// Looks that nobody waits for any more, and that are not over.
    lost: Arc<Mutex<Vec<Arc<Look>>>>,
}

/// Why nothing was seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unseen {
    #[error("the file system did not answer within {} s", .limit.as_secs())]
    Silent { limit: Duration, path: Option<String> },
    #[error("an earlier look at {path} hangs still, so none was tried: mend the mount that does not answer")]
    Hangs { path: String },
    #[error(
        "earlier looks at paths of this host hang still, so none was tried: mend the mounts that do not answer"
    )]
    AllHang,
    #[error("the look at it failed")]
    Failed,
}

impl Unseen {
    /// Which path does not answer, if that is known.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Silent { path, .. } => path.as_deref(),
            Self::Hangs { path } => Some(path),
            Self::AllHang | Self::Failed => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Looking,
    /// Nobody waits for it.
    Lost,
    Over,
}

/// One look, as its thread and whoever waits for it know it.
struct Look {
    state: Mutex<State>,
    /// What it asks about at the moment.
    at: Mutex<Option<String>>,
}

impl Look {
    /// Whether this one hangs where `path` lies too.
    fn holds_up(&self, path: &str) -> bool {
        locked(&self.at).as_ref().is_some_and(|at| Path::new(path).starts_with(at))
    }
}

/// Whoever waits for a look. The look is lost when this goes before it is over.
struct Wait {
    look: Arc<Look>,
    lost: Arc<Mutex<Vec<Arc<Look>>>>,
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut state = locked(&self.look.state);
        if *state == State::Looking {
            *state = State::Lost;
            locked(&self.lost).push(self.look.clone());
        }
    }
}

impl Default for Looks {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)), lost: Arc::default() }
    }
}

impl Looks {
    /// Nobody looks now: a test may let time pass, which a real disk does not follow.
    #[cfg(test)]
    pub fn is_idle(&self) -> bool {
        self.places.available_permits() == PLACES
    }

    /// Does it on a thread of its own, which says before each path that it is about to ask about that one. Fails at once
    /// when one of `paths` hangs already, or all that may hang do; waits its turn, within `limit`, for looks that are only
    /// slow.
    pub async fn look<T: Send + 'static>(
        &self,
        world: &World,
        limit: Duration,
        paths: &[String],
        work: impl FnOnce(&dyn Fn(&str)) -> T + Send + 'static,
    ) -> Result<T, Unseen> {
        self.may_answer(paths)?;
        let place = world.within(limit, self.places.clone().acquire_owned()).await;
        let Ok(place) = place.ok_or(Unseen::Silent { limit, path: None })? else {
            return Err(Unseen::Failed);
        };
        let look = Arc::new(Look { state: Mutex::new(State::Looking), at: Mutex::default() });
        let _wait = Wait { look: look.clone(), lost: self.lost.clone() };
        let (told, found) = oneshot::channel();
        let (doing, lost) = (look.clone(), self.lost.clone());
        let thread = std::thread::Builder::new().name("look".to_owned()).stack_size(STACK_BYTES);
        let begun = thread.spawn(move || {
            let note = |path: &str| *locked(&doing.at) = Some(path.to_owned());
            let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&note)));
            if std::mem::replace(&mut *locked(&doing.state), State::Over) == State::Lost {
                locked(&lost).retain(|other| !Arc::ptr_eq(other, &doing));
            }
            drop(place);
            // Whoever gave up does not hear it.
            drop(told.send(found));
        });
        if begun.is_err() {
            *locked(&look.state) = State::Over;
            return Err(Unseen::Failed);
        }
        match world.within(limit, found).await {
            Some(Ok(Ok(found))) => Ok(found),
            Some(_) => Err(Unseen::Failed),
            None => Err(Unseen::Silent { limit, path: locked(&look.at).clone() }),
        }
    }

    fn may_answer(&self, paths: &[String]) -> Result<(), Unseen> {
        let lost = locked(&self.lost);
        if let Some(path) = paths.iter().find(|path| lost.iter().any(|look| look.holds_up(path))) {
            return Err(Unseen::Hangs { path: path.clone() });
        }
        if lost.len() >= PLACES { Err(Unseen::AllHang) } else { Ok(()) }
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub mod tests {
    use std::sync::mpsc::{Sender, channel};

    use wire::id::UnixMs;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LATE: Duration = Duration::from_secs(30);

    /// A look at this path hangs until what is returned is dropped.
    pub async fn hang(looks: &Looks, path: &str) -> Sender<()> {
        // However long its thread takes to begin, it has said where it looks before its time is over.
        let (world, time) = World::fake(UnixMs(0), 1);
        let ((hold, held_up), (begin, begun)) = (channel::<()>(), oneshot::channel());
        let at = path.to_owned();
        let look = looks.look(&world, SOON, &[], move |note| {
            note(&at);
            begin.send(()).unwrap();
            held_up.recv().is_ok()
        });
        let (seen, ()) = tokio::join!(look, async {
            begun.await.unwrap();
            time.advance(SOON);
        });
        assert_eq!(seen, Err(Unseen::Silent { limit: SOON, path: Some(path.to_owned()) }));
        hold
    }

    /// As many looks as may hang, until these are dropped.
    pub async fn hang_all(looks: &Looks) -> Vec<Sender<()>> {
        let mut held = Vec::new();
        for n in 0..PLACES {
            held.push(hang(looks, &format!("/mnt/{n}")).await);
        }
        held
    }

    async fn answers(looks: &Looks, world: &World, path: &str) -> Result<i32, Unseen> {
        looks.look(world, LATE, &[path.to_owned()], |_| 7).await
    }

    #[tokio::test]
    async fn what_hangs_takes_one_thread_and_nothing_from_what_lies_elsewhere() {
        let (looks, world) = (Looks::default(), World::real());
        let held = hang(&looks, "/mnt/nas").await;
        let before = world.monotonic();
        for below in ["/mnt/nas", "/mnt/nas/", "/mnt/nas/photos"] {
            let seen = answers(&looks, &world, below).await;
            assert_eq!(seen, Err(Unseen::Hangs { path: below.to_owned() }));
        }
        assert!(world.monotonic().saturating_sub(before) < LATE, "it is not waited for");
        for elsewhere in ["/mnt", "/mnt/nas-2", "/home"] {
            assert_eq!(answers(&looks, &world, elsewhere).await, Ok(7));
        }
        drop(held);
        until_it_answers(&looks, &world, "/mnt/nas").await;
    }

    #[tokio::test]
    async fn so_many_that_hang_take_no_more_threads_and_give_them_back() {
        let (looks, world) = (Looks::default(), World::real());
        assert_eq!(answers(&looks, &world, "/home").await, Ok(7));
        let held = hang_all(&looks).await;
        assert_eq!(answers(&looks, &world, "/home").await, Err(Unseen::AllHang));
        drop(held);
        until_it_answers(&looks, &world, "/home").await;
    }

    async fn until_it_answers(looks: &Looks, world: &World, path: &str) {
        let before = world.monotonic();
        while answers(looks, world, path).await != Ok(7) {
            assert!(world.monotonic().saturating_sub(before) < LATE, "it hangs on");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn many_that_are_only_slow_have_their_turn() {
        let (looks, world) = (Looks::default(), World::real());
        let all = (0..20).map(|n| {
            let (looks, world) = (looks.clone(), world.clone());
            tokio::spawn(async move { looks.look(&world, LATE, &[], move |_| n).await })
        });
        for (n, one) in all.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(one.await.unwrap(), Ok(n));
        }
    }
}
