//! `plan diff`: what differs between two revisions, field by field.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::Serialize;
use wire::plan::Plan;

use super::words;
use crate::{
    cli::{Failure, failure, look},
    config::Paths,
    store::plan,
};

/// One field; absent on the side that does not have it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub field: String,
    /// As TOML writes it.
    pub old: Option<String>,
    pub new: Option<String>,
}

pub fn perform(paths: &Paths, from: Option<u64>, to: Option<u64>, json: bool) -> Result<(), Failure> {
    let connection = look::database(paths)?;
    let newest = plan::revision(&connection)?;
    if newest == 0 {
        return look::print(words::NO_PLAN);
    }
    let to = to.unwrap_or(newest);
    let from = from.unwrap_or_else(|| to.saturating_sub(1));
    let (old, new) = (at(&connection, from, newest)?, at(&connection, to, newest)?);
    let differences = differences(&old, &new)?;
    if json {
        return look::print_json(&differences);
    }
    look::print(&words::differences(from, to, &differences))
}

/// Before the first revision there was nothing.
fn at(connection: &Connection, revision: u64, newest: u64) -> Result<Plan, Failure> {
    if revision == 0 {
        return Ok(Plan::default());
    }
    match plan::get(connection, revision)? {
        Some(found) => Ok(found.plan),
        None => failure(format!("there is no revision {revision} of the plan: there are 1 to {newest}")),
    }
}

pub fn differences(old: &Plan, new: &Plan) -> Result<Vec<Difference>, toml::ser::Error> {
    let (mut old, new) = (fields(old)?, fields(new)?);
    let mut all: Vec<Difference> = Vec::new();
    for (field, value) in new {
        match old.remove(&field) {
            Some(before) if before == value => {}
            before => all.push(Difference { field, old: before, new: Some(value) }),
        }
    }
    all.extend(old.into_iter().map(|(field, value)| Difference { field, old: Some(value), new: None }));
    all.sort_by(|a, b| a.field.cmp(&b.field));
    Ok(all)
}

/// Every field with its value, as the plan's file has them.
fn fields(plan: &Plan) -> Result<BTreeMap<String, String>, toml::ser::Error> {
    let table = toml::Table::try_from(plan)?;
    let mut all = BTreeMap::new();
    // What TOML leaves out because it knows no null is said by the file's own words.
    for (task, cadence) in
        wire::plan::MaintenanceTask::ALL.map(|task| (task, task.cadence(&plan.maintenance)))
    {
        if cadence.is_none() {
            all.insert(format!("maintenance.{}", task.as_str()), "\"never\"".to_owned());
        }
    }
    below(&toml::Value::Table(table), "", &mut all);
    Ok(all)
}

fn below(value: &toml::Value, path: &str, into: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                below(value, &path, into);
            }
        }
        other => {
            into.insert(path.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{file, rehearsal::plan};

    #[test]
    fn what_differs_is_said_by_field() {
        let old = plan();
        let mut new = old.clone();
        new.maintenance.prune = None;
        new.schedules.clear();
        let group = new.groups.values_mut().next().unwrap();
        group.includes.push("/home".to_owned());
        group.retention.keep_daily = 14;
        let all = differences(&old, &new).unwrap();
        insta::assert_snapshot!(words::differences(3, 4, &all));
        assert_eq!(differences(&old, &old).unwrap(), []);
        let back = differences(&new, &old).unwrap();
        assert_eq!(back.len(), all.len());
        assert!(file::read(&file::write(&old).unwrap()).is_ok());
    }
}
