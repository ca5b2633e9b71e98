//! Figures, the budgets they are held against, and how both are printed.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    AtMost(f64),
    AtLeast(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A quotient of two measurements.
    Ratio,
    Bytes,
    PerSecond,
    Seconds,
    Milliseconds,
    /// Of one core.
    Percent,
    Count,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in the JSON line.
    pub key: &'static str,
    pub what: String,
    pub value: f64,
    pub unit: Unit,
    pub budget: Option<Budget>,
}

impl Figure {
    pub fn new(key: &'static str, what: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { key, what: what.into(), value, unit, budget: None }
    }

    pub fn at_most(mut self, limit: f64) -> Self {
        self.budget = Some(Budget::AtMost(limit));
        self
    }

    pub fn at_least(mut self, limit: f64) -> Self {
        self.budget = Some(Budget::AtLeast(limit));
        self
    }

    pub fn is_kept(&self) -> bool {
        match self.budget {
            None => true,
            Some(Budget::AtMost(limit)) => self.value <= limit,
            Some(Budget::AtLeast(limit)) => self.value >= limit,
        }
    }
}

impl Unit {
    fn print(self, value: f64) -> String {
        match self {
            Self::Ratio => format!("{value:.3}"),
            Self::Bytes if value >= 1_048_576.0 => format!("{:.2} MiB", value / 1_048_576.0),
            Self::Bytes => format!("{:.2} KiB", value / 1024.0),
            Self::PerSecond => format!("{value:.0} /s"),
            Self::Seconds => format!("{value:.3} s"),
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Percent => format!("{value:.3} %"),
            Self::Count => format!("{value:.0}"),
        }
    }
}

/// Lines of what, value, budget and whether it is kept.
pub fn table(figures: &[Figure]) -> String {
    let width = figures.iter().map(|figure| figure.what.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for figure in figures {
        let Figure { what, value, unit, .. } = figure;
        let budget = match figure.budget {
            None => String::new(),
            Some(Budget::AtMost(limit)) => format!("≤ {}", unit.print(limit)),
            Some(Budget::AtLeast(limit)) => format!("≥ {}", unit.print(limit)),
        };
        let verdict = match (figure.budget, figure.is_kept()) {
            (None, _) => "",
            (_, true) => "kept",
            (_, false) => "MISSED",
        };
        let line = format!("{what:<width$}  {:>14}  {budget:<14}  {verdict}", unit.print(*value));
        // Writing into a text cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// One object of all keys, with the names of those that miss their budget under `missed`.
pub fn json(figures: &[Figure]) -> Value {
    let mut all = Map::new();
    for figure in figures {
        all.insert(figure.key.to_owned(), json!(figure.value));
    }
    let missed: Vec<&str> =
        figures.iter().filter(|figure| !figure.is_kept()).map(|figure| figure.key).collect();
    all.insert("missed".to_owned(), json!(missed));
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_or_missed_in_the_table_and_in_the_json() {
        let figures = [
            Figure::new("a", "as fast", 1.01, Unit::Ratio).at_most(1.02),
            Figure::new("b", "fast enough", 39_999.0, Unit::PerSecond).at_least(40_000.0),
            Figure::new("c", "for your information", 2048.0, Unit::Bytes),
        ];
        let table = table(&figures);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[0].ends_with("kept") && lines[1].ends_with("MISSED") && lines[2].ends_with("2.00 KiB"));
        assert_eq!(json(&figures)["missed"], json!(["b"]));
        assert_eq!(json(&figures)["a"], json!(1.01));
    }
}
