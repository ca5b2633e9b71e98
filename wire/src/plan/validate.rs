//! What makes a plan valid, in messages that name the field, and what is worth a warning.
//!
//! Pure: whether a path exists is the endpoint's to find out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::{
    Backend, Group, Hooks, LONGEST_HOOK_S, Plan, Repository, Retention, Schedule, pattern::is_pattern,
};
use crate::{cron, id::GroupName};

/// One thing that is wrong, with the path of the field as JSON and TOML name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PlanProblem {
    /// Such as `groups.default.includes[0]`.
    pub field: String,
    pub message: String,
}

/// A plan that must not be used, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan is not valid: {}", list(.0))]
pub struct PlanError(pub Vec<PlanProblem>);

fn list(problems: &[PlanProblem]) -> String {
    problems.iter().map(|p| format!("{}: {}", p.field, p.message)).collect::<Vec<_>>().join("; ")
}

/// A valid plan that will surprise somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum PlanWarning {
    /// A keep rule is finer than any schedule that feeds the group, so it keeps no more than a coarser one.
    RetentionFinerThanSchedule { group: GroupName, rule: String },
    /// No enabled schedule backs this group up.
    NeverScheduled { group: GroupName },
}

impl Plan {
    /// All problems at once, so that a person mends them in one go.
    pub fn validate(&self) -> Result<(), PlanError> {
        let mut problems = Problems(Vec::new());
        for (name, repository) in &self.repositories {
            problems.repository(&format!("repositories.{name}"), repository);
            problems.wards(&format!("repositories.{name}"), repository);
        }
        for (name, group) in &self.groups {
            problems.group(self, &format!("groups.{name}"), group);
        }
        for (name, schedule) in &self.schedules {
            problems.schedule(self, &format!("schedules.{name}"), schedule);
        }
        problems.hooks("hooks", &self.hooks);
        problems.maintenance(self);
        for (name, ping) in &self.pings {
            for (n, group) in ping.groups.iter().enumerate() {
                problems.known_group(self, &format!("pings.{name}.groups[{n}]"), group);
            }
        }
        if let Some(nice) = self.limits.nice
            && !(-20..=19).contains(&nice)
        {
            problems.add("limits.nice", "must lie between -20 and 19".to_owned());
        }
        for (field, limit) in [
            ("limits.upload_kib_s", self.limits.upload_kib_s),
            ("limits.download_kib_s", self.limits.download_kib_s),
        ] {
            if limit == Some(0) {
                problems.add(field, "0 would stop all transfer: leave it out for no limit".to_owned());
            }
        }
        if let Some(name) = &self.hostname
            && (name.is_empty() || name.len() > 255 || name.contains(|c: char| c == '/' || c.is_control()))
        {
            problems.add("hostname", "must be 1 to 255 characters of text without a slash".to_owned());
        }
        if problems.0.is_empty() { Ok(()) } else { Err(PlanError(problems.0)) }
    }
}

struct Problems(Vec<PlanProblem>);

impl Problems {
    fn add(&mut self, field: &str, message: String) {
        self.0.push(PlanProblem { field: field.to_owned(), message });
    }

    fn text(&mut self, field: &str, value: &str, what: &str) {
        if value.trim().is_empty() {
            self.add(field, format!("must name {what}"));
        } else if value.chars().any(char::is_control) {
            self.add(field, "must not contain control characters".to_owned());
        }
    }

    fn absolute(&mut self, field: &str, path: &str) {
        let windows = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
        if path.contains('\0') {
            self.add(field, "must not contain a zero byte".to_owned());
        } else if !path.starts_with('/') && !windows {
            self.add(field, format!("`{path}` must be an absolute path, such as /home"));
        }
    }

    fn repository(&mut self, field: &str, repository: &Repository) {
        let at = |part: &str| format!("{field}.backend.{part}");
        match &repository.backend {
            Backend::Local { path } => self.absolute(&at("path"), path),
            Backend::Sftp { host, user, path, .. } => {
                self.host(&at("host"), host);
                self.text(&at("user"), user, "the user to log in as");
                if user.starts_with('-') || user.contains(['@', '/', ' ']) {
                    self.add(&at("user"), format!("`{user}` is not a user name"));
                }
                self.text(&at("path"), path, "a directory on the server");
            }
            Backend::Rest { url, path } => {
                self.url(&at("url"), url);
                if path.contains(['?', '#', '\\']) || path.split('/').any(|part| part == "..") {
                    self.add(&at("path"), "must be plain path segments below the server".to_owned());
                }
            }
            Backend::S3 { endpoint, bucket, .. } => {
                self.url(&at("endpoint"), endpoint);
                self.bucket(&at("bucket"), bucket);
            }
            Backend::B2 { bucket, .. } | Backend::Gs { bucket, .. } => self.bucket(&at("bucket"), bucket),
            Backend::Azure { container, .. } | Backend::Swift { container, .. } => {
                self.bucket(&at("container"), container);
            }
            Backend::Rclone { remote, path } => {
                self.text(&at("path"), path, "a path of the remote");
                let valid = !remote.is_empty()
                    && !remote.starts_with('-')
                    && remote.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
                if !valid {
                    self.add(
                        &at("remote"),
                        format!("`{remote}` must be the name of a remote of rclone's own configuration, without options"),
                    );
                }
            }
        }
    }

    fn host(&mut self, field: &str, host: &str) {
        let valid = !host.is_empty()
            && !host.starts_with('-')
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'));
        if !valid {
            self.add(field, format!("`{host}` is not a host name or address"));
        }
    }

    fn bucket(&mut self, field: &str, bucket: &str) {
        let valid = !bucket.is_empty()
            && bucket.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if !valid {
            self.add(field, format!("`{bucket}` is not a name of letters, digits, `.`, `-` and `_`"));
        }
    }

    fn url(&mut self, field: &str, url: &str) {
        let Some((_, rest)) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
        else {
            return self.add(field, format!("`{}` must begin with https:// or http://", without_login(url)));
        };
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.contains('@') {
            self.add(
                field,
                "must not contain a user or password: give the login as a secret of its own".to_owned(),
            );
        } else if authority.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            self.add(field, "must name a server, such as https://backup.example.org:8000".to_owned());
        }
    }

    fn group(&mut self, plan: &Plan, field: &str, group: &Group) {
        if !plan.repositories.contains_key(&group.repository) {
            let known: Vec<_> = plan.repositories.keys().map(ToString::to_string).collect();
            let known = if known.is_empty() { "there are none yet".to_owned() } else { known.join(", ") };
            self.add(
                &format!("{field}.repository"),
                format!("there is no repository `{}` in this plan ({known})", group.repository),
            );
        }
        if group.includes.is_empty() {
            self.add(&format!("{field}.includes"), "must name at least one path to back up".to_owned());
        }
        for (n, path) in group.includes.iter().enumerate() {
            self.absolute(&format!("{field}.includes[{n}]"), path);
        }
        for (n, pattern) in group.excludes.iter().enumerate() {
            if pattern.trim().is_empty() || pattern.contains(['\n', '\0']) {
                self.add(&format!("{field}.excludes[{n}]"), "must be one pattern, not empty".to_owned());
            } else if !is_pattern(pattern) {
                let message = "restic cannot read it: close every [ with a ] behind something, or write \\[ for the character itself";
                self.add(&format!("{field}.excludes[{n}]"), message.to_owned());
            }
        }
        for (n, name) in group.exclude_if_present.iter().enumerate() {
            if name.is_empty() || name.contains(['/', '\n', '\0']) {
                self.add(
                    &format!("{field}.exclude_if_present[{n}]"),
                    "must be a file name, not a path".to_owned(),
                );
            }
        }
        self.retention(&format!("{field}.retention"), &group.retention);
        self.hooks(&format!("{field}.hooks"), &group.hooks);
        if let Some(to) = &group.copy_to {
            if !plan.repositories.contains_key(to) {
                self.add(&format!("{field}.copy_to"), format!("there is no repository `{to}` in this plan"));
            } else if *to == group.repository {
                self.add(
                    &format!("{field}.copy_to"),
                    "must be another repository than the group's own".to_owned(),
                );
            }
        }
        if group.retry.max > 20 {
            self.add(&format!("{field}.retry.max"), "must be 20 at most".to_owned());
        }
        if group.retry.max > 0 && !(1..=1800).contains(&group.retry.backoff_s) {
            self.add(&format!("{field}.retry.backoff_s"), "must lie between 1 and 1800 seconds".to_owned());
        }
    }

    fn wards(&mut self, field: &str, repository: &Repository) {
        let mut seen = BTreeMap::new();
        for (n, ward) in repository.wards.iter().enumerate() {
            let at = format!("{field}.wards[{n}]");
            self.text(&format!("{at}.hostname"), &ward.hostname, "the host as restic names it");
            for (group, retention) in &ward.groups {
                if let Some(first) = seen.insert((&ward.hostname, group), n) {
                    let host = &ward.hostname;
                    self.add(
                        &format!("{at}.groups.{group}"),
                        format!("wards[{first}] names the group `{group}` of the host `{host}` already: one policy decides what is forgotten of it"),
                    );
                }
                self.retention(&format!("{at}.groups.{group}"), retention);
            }
        }
    }

    fn maintenance(&mut self, plan: &Plan) {
        let maintenance = &plan.maintenance;
        if maintenance.check_read_data_percent > 100 {
            self.add("maintenance.check_read_data_percent", "must lie between 0 and 100".to_owned());
        }
        if !(1..=10_000).contains(&maintenance.drill_files) {
            self.add("maintenance.drill_files", "must lie between 1 and 10000".to_owned());
        }
        if !(1..=1_048_576).contains(&maintenance.drill_mib) {
            self.add("maintenance.drill_mib", "must lie between 1 and 1048576 (a TiB)".to_owned());
        }
    }

    fn hooks(&mut self, field: &str, hooks: &Hooks) {
        for path in hooks.files() {
            self.absolute(field, path);
        }
        if hooks.timeout_s.is_some_and(|limit| !(1..=LONGEST_HOOK_S).contains(&limit)) {
            self.add(
                &format!("{field}.timeout_s"),
                format!("must lie between 1 and {LONGEST_HOOK_S} (a day)"),
            );
        }
    }

    fn retention(&mut self, field: &str, retention: &Retention) {
        if let Some(within) = &retention.keep_within
            && !is_restic_duration(within)
        {
            self.add(
                &format!("{field}.keep_within"),
                format!("`{within}` is not a duration such as 14d, 6m or 2y5m7d3h"),
            );
        }
        for (n, tag) in retention.keep_tags.iter().enumerate() {
            if tag.is_empty() || tag.contains(',') || tag.chars().any(|c| c.is_whitespace() || c.is_control())
            {
                self.add(
                    &format!("{field}.keep_tags[{n}]"),
                    "must be one tag, without blanks or commas".to_owned(),
                );
            }
        }
    }

    fn known_group(&mut self, plan: &Plan, field: &str, group: &GroupName) {
        if !plan.groups.contains_key(group) {
            self.add(field, format!("there is no group `{group}` in this plan"));
        }
    }

    fn schedule(&mut self, plan: &Plan, field: &str, schedule: &Schedule) {
        if schedule.groups.is_empty() {
            self.add(&format!("{field}.groups"), "must name at least one group".to_owned());
        }
        for (n, group) in schedule.groups.iter().enumerate() {
            if !plan.groups.contains_key(group) {
                self.add(
                    &format!("{field}.groups[{n}]"),
                    format!("there is no group `{group}` in this plan"),
                );
            } else if schedule.groups[..n].contains(group) {
                self.add(&format!("{field}.groups[{n}]"), format!("names `{group}` twice"));
            }
        }
        if let Some(zone) = &schedule.zone
            && let Err(error) = cron::zone(zone)
        {
            self.add(&format!("{field}.zone"), error.to_string());
        }
        if schedule.jitter_s > 86_400 {
            self.add(&format!("{field}.jitter_s"), "must be 86400 (a day) at most".to_owned());
        }
    }
}

fn without_login(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    }
}

/// restic's `--keep-within` duration: numbers with the units y, m, d, h in this order, each once at most.
fn is_restic_duration(text: &str) -> bool {
    let mut units = "ymdh".chars();
    let mut digits = 0;
    let mut seen = false;
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits += 1;
        } else if (1..=6).contains(&digits) && units.any(|unit| unit == c) {
            (digits, seen) = (0, true);
        } else {
            return false;
        }
    }
    seen && digits == 0
}

/// What is valid but will surprise.
pub fn warnings(plan: &Plan) -> Vec<PlanWarning> {
    let mut all = Vec::new();
    for (name, group) in &plan.groups {
        let finest_s = plan
            .schedules
            .values()
            .filter(|schedule| schedule.enabled && schedule.groups.contains(name))
            .filter_map(|schedule| schedule.cron.shortest_interval_s())
            .min();
        match finest_s {
            None => all.push(PlanWarning::NeverScheduled { group: name.clone() }),
            Some(interval_s) => {
                if let Some(rule) = finer_rule(&group.retention, interval_s) {
                    all.push(PlanWarning::RetentionFinerThanSchedule {
                        group: name.clone(),
                        rule: rule.to_owned(),
                    });
                }
            }
        }
    }
    all
}

fn finer_rule(retention: &Retention, interval_s: u64) -> Option<&'static str> {
    const DAY: u64 = 86_400;
    [
        (retention.keep_hourly, 3_600, "keep_hourly"),
        (retention.keep_daily, DAY, "keep_daily"),
        (retention.keep_weekly, 7 * DAY, "keep_weekly"),
        (retention.keep_monthly, 31 * DAY, "keep_monthly"),
    ]
    .into_iter()
    .find(|(keep, period_s, _)| *keep > 0 && interval_s > *period_s)
    .map(|(_, _, rule)| rule)
}
