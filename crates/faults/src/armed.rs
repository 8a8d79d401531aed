//! What was asked for happens. A wish that cannot be read ends the process: a test that asks for nothing proves nothing.

use std::collections::BTreeMap;
use std::process::{Command, abort, id};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Number, Point, Protection, ask};

static PLAN: LazyLock<Plan> = LazyLock::new(Plan::asked);

#[derive(Clone, Copy)]
enum Action {
    Abort,
    Stop,
}

struct Plan {
    at: Option<(Action, Point, u64)>,
    reached: AtomicU64,
    without: Option<Protection>,
    poison: Option<String>,
    numbers: BTreeMap<Number, u64>,
}

/// Dies or stands still, where this is the point asked for and it is reached for the time asked for.
pub fn reach(point: Point) {
    let Some((action, wanted, count)) = PLAN.at else { return };
    if wanted != point || PLAN.reached.fetch_add(1, Ordering::SeqCst) + 1 != count {
        return;
    }
    eprintln!("{}{}", ask::SAID, point.name());
    match action {
        Action::Abort => abort(),
        Action::Stop => stop(),
    }
}

/// Whether a protection was taken away.
pub fn without(protection: Protection) -> bool {
    PLAN.without == Some(protection)
}

/// Dies where the bytes hold the poison.
pub fn meet(bytes: &[u8]) {
    let Some(poison) = &PLAN.poison else { return };
    if bytes.windows(poison.len()).any(|window| window == poison.as_bytes()) {
        eprintln!("{}{poison}", ask::SAID);
        abort();
    }
}

/// A number as asked for, or as it is.
pub fn number(number: Number, usual: u64) -> u64 {
    PLAN.numbers.get(&number).copied().unwrap_or(usual)
}

/// Stands still, all threads, until somebody says SIGCONT.
fn stop() {
    if let Err(error) = Command::new("kill").args(["-STOP", &id().to_string()]).status() {
        misread(ask::AT, &error.to_string());
    }
}

fn misread(variable: &str, text: &str) -> ! {
    eprintln!("{variable}: cannot be done: {text}");
    abort();
}

impl Plan {
    fn asked() -> Self {
        let read = |variable| std::env::var(variable).ok().filter(|text: &String| !text.is_empty());
        Self {
            at: read(ask::AT).map(|text| at(&text).unwrap_or_else(|| misread(ask::AT, &text))),
            reached: AtomicU64::new(0),
            without: read(ask::WITHOUT).map(|text| {
                let named = Protection::ALL.iter().find(|protection| protection.name() == text);
                *named.unwrap_or_else(|| misread(ask::WITHOUT, &text))
            }),
            poison: read(ask::POISON),
            numbers: read(ask::NUMBERS).map_or_else(BTreeMap::new, |text| {
                text.split(',').map(|one| number_of(one).unwrap_or_else(|| misread(ask::NUMBERS, one))).collect()
            }),
        }
    }
}

fn at(text: &str) -> Option<(Action, Point, u64)> {
    let (action, place) = text.split_once('@')?;
    let (name, count) = place.split_once('#')?;
    let action = match action {
        "abort" => Action::Abort,
        "stop" => Action::Stop,
        _ => return None,
    };
    let point = Point::ALL.iter().find(|point| point.name() == name)?;
    Some((action, *point, count.parse().ok().filter(|count| *count > 0)?))
}

fn number_of(text: &str) -> Option<(Number, u64)> {
    let (name, value) = text.split_once('=')?;
    let number = Number::ALL.iter().find(|number| number.name() == name)?;
    Some((*number, value.parse().ok()?))
}
