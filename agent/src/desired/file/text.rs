//! plan.toml as text: read with line and field of everything that is wrong, written so that it reads back the same.
//!
//! Pure. TOML knows no null: a cadence that is absent stands there as `never`.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use toml::de::{DeTable, DeValue};
use wire::{
    id::{GroupName, PingName, RepositoryName, ScheduleName},
    plan::{Group, Hooks, Limits, Maintenance, Ping, Plan, Presence, Repository, Schedule},
};

/// One thing that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct FileProblem {
    /// Counts from 1; absent: it is nowhere in particular.
    pub line: Option<usize>,
    /// Such as `groups.default.includes[0]`; empty where the text is not even TOML.
    pub field: String,
    pub message: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.field.as_str()) {
            (Some(line), "") => write!(f, "line {line}: {}", self.message),
            (Some(line), field) => write!(f, "line {line}, {field}: {}", self.message),
            (None, "") => f.write_str(&self.message),
            (None, field) => write!(f, "{field}: {}", self.message),
        }
    }
}

/// The plan that the text says, or everything that is wrong with it.
pub fn read(text: &str) -> Result<Plan, Vec<FileProblem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| problem(text, None, error)).collect());
    }
    let table = document.get_ref();
    if table.is_empty() {
        // What an editor leaves for a moment, or a disk for good; the plan would be to back up nothing.
        let message =
            "the file says nothing: to give the plan back to the panel, run `plan adopt`".to_owned();
        return Err(vec![FileProblem { line: None, field: String::new(), message }]);
    }
    let plan: Plan = toml::from_str(text).map_err(|error| vec![problem(text, Some(table), &error)])?;
    match plan.validate() {
        Ok(()) => Ok(plan),
        Err(wrong) => Err(wrong
            .0
            .into_iter()
            .map(|problem| FileProblem {
                line: position(table, &problem.field).map(|at| line(text, at)),
                field: problem.field,
                message: problem.message,
            })
            .collect()),
    }
}

fn problem(text: &str, table: Option<&DeTable<'_>>, error: &toml::de::Error) -> FileProblem {
    let at = error.span().map(|span| span.start);
    FileProblem {
        line: at.map(|at| line(text, at)),
        field: table.zip(at).map(|(table, at)| field(table, at)).unwrap_or_default(),
        message: error.message().trim().replace('\n', ", "),
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The deepest field that stands at this place of the text.
fn field(table: &DeTable<'_>, at: usize) -> String {
    let mut best = (0, String::new());
    entries(table, "", 1, &mut |depth, path, spans| {
        if depth > best.0 && spans.iter().any(|(start, end)| (*start..*end).contains(&at)) {
            best = (depth, path.to_owned());
        }
    });
    best.1
}

type Span = (usize, usize);

/// Every key and element with where it stands, its parents first.
fn entries(table: &DeTable<'_>, prefix: &str, depth: usize, tell: &mut impl FnMut(usize, &str, [Span; 2])) {
    for (key, value) in table {
        let name: &str = key.get_ref();
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let (key, at) = (key.span(), value.span());
        tell(depth, &path, [(key.start, key.end), (at.start, at.end)]);
        below(value.get_ref(), &path, depth + 1, tell);
    }
}

fn below(value: &DeValue<'_>, path: &str, depth: usize, tell: &mut impl FnMut(usize, &str, [Span; 2])) {
    match value {
        DeValue::Table(table) => entries(table, path, depth, tell),
        DeValue::Array(elements) => {
            for (n, element) in elements.iter().enumerate() {
                let (path, at) = (format!("{path}[{n}]"), element.span());
                tell(depth, &path, [(at.start, at.end); 2]);
                below(element.get_ref(), &path, depth + 1, tell);
            }
        }
        _ => {}
    }
}

/// Where the field stands; where it is missing, what it would stand in. Names may hold dots, so whole paths are compared.
fn position(table: &DeTable<'_>, field: &str) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    entries(table, "", 1, &mut |_, path, [(start, _), _]| {
        let rest = field.strip_prefix(path);
        let inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        if inside && best.is_none_or(|(length, _)| path.len() > length) {
            best = Some((path.len(), start));
        }
    });
    best.map(|(_, start)| start)
}

/// A plan, field by field in the order that people read it.
#[derive(Serialize)]
struct Written<'a> {
    presence: Presence,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: &'a Option<String>,
    repositories: &'a BTreeMap<RepositoryName, Repository>,
    groups: &'a BTreeMap<GroupName, Group>,
    schedules: &'a BTreeMap<ScheduleName, Schedule>,
    maintenance: Cadences<'a>,
    limits: &'a Limits,
    #[serde(skip_serializing_if = "Hooks::is_default")]
    hooks: &'a Hooks,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pings: &'a BTreeMap<PingName, Ping>,
}

#[derive(Serialize)]
struct Cadences<'a> {
    forget: &'a str,
    prune: &'a str,
    check: &'a str,
    check_read_data_percent: u8,
    drill: &'a str,
    drill_files: u32,
    drill_mib: u32,
}

/// The plan as TOML. What it reads back as is the very same plan.
pub fn write(plan: &Plan) -> Result<String, toml::ser::Error> {
    let Plan { repositories, groups, schedules, maintenance, limits, presence, hooks, pings, hostname } =
        plan;
    let Maintenance { forget, prune, check, check_read_data_percent, drill, drill_files, drill_mib } =
        maintenance;
    let cadence = |cron: &'_ Option<wire::cron::Crontab>| -> String {
        cron.as_ref().map_or_else(|| "never".to_owned(), |cron| cron.as_str().to_owned())
    };
    let [forget, prune, check, drill] = [forget, prune, check, drill].map(cadence);
    let maintenance = Cadences {
        forget: &forget,
        prune: &prune,
        check: &check,
        check_read_data_percent: *check_read_data_percent,
        drill: &drill,
        drill_files: *drill_files,
        drill_mib: *drill_mib,
    };
    toml::to_string(&Written {
        presence: *presence,
        repositories,
        groups,
        schedules,
        maintenance,
        limits,
        hooks,
        pings,
        hostname,
    })
}
