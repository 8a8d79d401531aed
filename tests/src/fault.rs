//! What a daemon is to suffer, as the environment that tells it so (`wiredesk_faults::ask`).

use std::process::Command;
use std::sync::LazyLock;

use wiredesk_faults::{Number, Point, Protection, ask};

use crate::desk::program;

/// Whether the program knows the variable that a fault is asked for in.
static ARMED: LazyLock<bool> = LazyLock::new(|| {
    let (program, name) = (std::fs::read(program()).expect("a readable program"), ask::AT.as_bytes());
    program.windows(name.len()).any(|window| window == name)
});

/// A fault to be had; by default none.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    variables: Vec<(&'static str, String)>,
}

impl Fault {
    /// No fault.
    pub fn none() -> Self {
        Self::default()
    }

    /// The process dies when it reaches the point for the `count`-th time.
    pub fn abort_at(point: Point, count: u64) -> Self {
        Self::none().and(ask::AT, format!("abort@{}#{count}", point.name()))
    }

    /// The process stands still (SIGSTOP) when it reaches the point for the `count`-th time.
    pub fn stop_at(point: Point, count: u64) -> Self {
        Self::none().and(ask::AT, format!("stop@{}#{count}", point.name()))
    }

    /// A page that holds this word kills the process that reads it.
    pub fn poison(word: &str) -> Self {
        Self::none().and(ask::POISON, word.to_owned())
    }

    /// And the process goes without this protection.
    pub fn without(self, protection: Protection) -> Self {
        self.and(ask::WITHOUT, protection.name().to_owned())
    }

    /// And this number is another one.
    pub fn number(self, number: Number, value: u64) -> Self {
        self.and(ask::NUMBERS, format!("{}={value}", number.name()))
    }

    fn and(mut self, variable: &'static str, value: String) -> Self {
        self.variables.push((variable, value));
        self
    }

    /// The command, so that its process suffers it.
    ///
    /// # Panics
    /// Where the program was built without faults: a test that asks for one in vain proves nothing.
    pub fn on<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        assert!(
            self.variables.is_empty() || *ARMED,
            "the program under test has no faults in it: `cargo build --release --workspace --bins`, as tests/run does"
        );
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// Whether a process said on standard error that it came to this point.
    pub fn was_met(point: Point, said: &str) -> bool {
        said.lines().any(|line| line.strip_prefix(ask::SAID).is_some_and(|name| name == point.name()))
    }
}
