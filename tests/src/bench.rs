//! What the project promises in numbers, measured: the real binaries under load, beside what they are compared with.
//!
//! Each room measures one thing and answers with figures; how they are printed is `figure`'s.

pub mod backup;
pub mod crowd;
pub mod figure;
pub mod idle;
pub mod lines;
pub mod process;
pub mod restore;
pub mod station;
pub mod sync;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Small enough for a test of the bench itself; its figures mean nothing.
    pub quick: bool,
    pub agents: usize,
}

impl Scale {
    /// One of two sizes.
    pub const fn pick<T: Copy>(self, whole: T, quick: T) -> T {
        if self.quick { quick } else { whole }
    }
}

/// The middle one; between two, the lower.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

/// The smallest value that `percent` of all do not exceed.
pub fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() * percent).div_ceil(100).max(1) - 1]
}
