//! What is being read of directories, of all hosts together: so much memory and no more.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::fleet::FleetError;

/// Some of the largest directories at once, or very many usual ones.
const MOST_BYTES: usize = 128 << 20;

#[derive(Clone, Default)]
pub(super) struct Coming(Arc<AtomicUsize>);

/// One directory's part of it; given back when it is dropped.
pub(super) struct Part {
    all: Coming,
    bytes: usize,
}

impl Coming {
    pub fn begin(&self) -> Part {
        Part { all: self.clone(), bytes: 0 }
    }
}

impl Part {
    /// It has grown to so many bytes.
    pub fn grow(&mut self, bytes: usize) -> Result<(), FleetError> {
        let more = bytes.saturating_sub(self.bytes);
        self.bytes += more;
        if self.all.0.fetch_add(more, Ordering::AcqRel) + more > MOST_BYTES {
            return Err(FleetError::Busy {
                detail: "too many large directories are being read at once".into(),
                hint: "Wait until some of them are shown, and open it again.".into(),
            });
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_are_bounded_and_what_is_dropped_makes_room() {
        let all = Coming::default();
        let (mut one, mut other) = (all.begin(), all.begin());
        one.grow(MOST_BYTES / 2).unwrap();
        one.grow(MOST_BYTES / 2 + 1).unwrap();
        assert!(matches!(other.grow(MOST_BYTES / 2), Err(FleetError::Busy { .. })));
        drop(other);
        let mut again = all.begin();
        again.grow(MOST_BYTES / 2 - 1).unwrap();
        drop((one, again));
        assert_eq!(all.0.load(Ordering::Acquire), 0);
    }
}
