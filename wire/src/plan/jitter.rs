//! Jitter: how much later than its crontab says a schedule starts at one host. Always the same there, so that agent and
//! panel name the same times, and different elsewhere, so that a fleet does not start at once.

use crate::{
    domain::sha256,
    id::{AgentId, ScheduleName},
};

/// Seconds to add to each run of this schedule at this host: 0 to `jitter_s`, both included.
pub fn delay_s(agent: &AgentId, schedule: &ScheduleName, jitter_s: u32) -> u32 {
    let hash = sha256(&[&agent.0, schedule.as_str().as_bytes()].concat());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.0[..8]);
    let delay = u64::from_be_bytes(first) % (u64::from(jitter_s) + 1);
    u32::try_from(delay).unwrap_or(jitter_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_stays_in_its_bounds_repeats_and_spreads() {
        let schedule: ScheduleName = "nightly".parse().unwrap();
        let delays: Vec<u32> = (0..200u8).map(|n| delay_s(&AgentId([n; 32]), &schedule, 600)).collect();
        assert!(delays.iter().all(|delay| *delay <= 600));
        assert!(delays.iter().any(|delay| *delay < 60) && delays.iter().any(|delay| *delay > 540));
        assert_eq!(delays[7], delay_s(&AgentId([7; 32]), &schedule, 600));
        assert_eq!(delay_s(&AgentId([7; 32]), &schedule, 0), 0);
    }
}
