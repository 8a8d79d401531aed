//! A figure: the median of its rounds with the least and the most, and the goal where there is one.

use serde_json::json;

use super::cost::machine_line;

/// Prints figures as they come.
#[derive(Debug)]
pub struct Report {
    json: bool,
    said: Option<String>,
}

/// What a figure should reach.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    Under(f64),
    /// For information.
    None,
}

impl Report {
    /// A report on standard output: a table, or JSON lines.
    pub fn new(json: bool) -> Self {
        Self { json, said: None }
    }

    /// A line for people about what is being measured, on standard error where figures are JSON.
    pub fn say(&mut self, line: &str) {
        if self.json {
            eprintln!("{line}");
        } else {
            println!("  {line}");
        }
    }

    /// Begins a benchmark.
    pub fn begin(&mut self, bench: &str) {
        if !self.json {
            println!("{}{bench} ({})", if self.said.is_some() { "\n" } else { "" }, machine_line());
        }
        self.said = Some(bench.to_owned());
    }

    /// Prints a figure of the benchmark that has begun.
    pub fn figure(&mut self, name: &str, unit: &str, rounds: &[f64], goal: Goal) {
        let Some((least, median, most)) = spread(rounds) else { return };
        let (reached, wanted) = match goal {
            Goal::AtLeast(goal) => (Some(median >= goal), format!("goal: at least {goal}")),
            Goal::Under(goal) => (Some(median < goal), format!("goal: under {goal}")),
            Goal::None => (None, String::new()),
        };
        if self.json {
            let (bench, rounds) = (self.said.as_deref(), rounds.len());
            println!(
                "{}",
                json!({ "bench": bench, "figure": name, "unit": unit, "median": median, "least": least, "most": most,
                    "rounds": rounds, "goal": match goal { Goal::AtLeast(goal) | Goal::Under(goal) => Some(goal), Goal::None => None },
                    "reached": reached })
            );
            return;
        }
        let between = if rounds.len() > 1 { format!("{} to {}", short(least), short(most)) } else { String::new() };
        let mark = match reached {
            Some(true) => "  reached",
            Some(false) => "  missed",
            None => "",
        };
        println!("{}", format!("  {name:<44}{:>9} {unit:<10}{between:<20}{wanted}{mark}", short(median)).trim_end());
    }
}

/// The least, the median and the most.
fn spread(rounds: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = (sorted.first()?, sorted.last()?);
    let half = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) };
    Some((*least, median, *most))
}

/// Three figures that count, or whole numbers.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
