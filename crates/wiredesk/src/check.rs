//! `wiredesk check`: all that is wrong with a configuration, at once.

use std::io::{IsTerminal, Write};
use std::path::Path;

use wiredesk_publish::settings::Kind;

use crate::config::fault::Faults;
use crate::config::print::render;
use crate::config::{self, Loaded};

/// Nothing is wrong.
const OK: u8 = 0;
/// Something is wrong with the configuration (`EX_CONFIG` of sysexits).
const CONFIG: u8 = 78;

/// Checks a configuration and says what was found: to people on standard error, to programs as a JSON list on standard output.
/// Gives the exit code.
pub(crate) fn check(path: &Path, json: bool) -> u8 {
    match config::load(path) {
        Ok(loaded) => {
            show(&loaded.warnings, json);
            if !json {
                // A reader that went away is no fault of the configuration.
                let _ = writeln!(std::io::stdout(), "ok: {}", summary(&loaded));
            }
            OK
        }
        Err(faults) => {
            show(&faults, json);
            CONFIG
        }
    }
}

/// Shows faults: to people on standard error, in colour where that is a terminal; to programs on standard output.
pub(crate) fn show(faults: &Faults, json: bool) {
    // Neither stream's reader may make a check fail by going away.
    if json {
        let rows = serde_json::to_string_pretty(faults.rows()).unwrap_or_else(|_| "[]".into());
        let _ = writeln!(std::io::stdout(), "{}", crate::out::json(rows));
    } else if !faults.is_empty() {
        let terminal = std::io::stderr().is_terminal();
        let _ = writeln!(anstream::stderr(), "{}", render(faults, terminal).trim_end());
    }
}

/// What the desk would do, in one line.
fn summary(loaded: &Loaded) -> String {
    let feeds = loaded.feeds.len();
    let publish = &loaded.config.publish;
    let to = match publish.kind {
        Kind::Log => format!("the log in {}", loaded.config.daemon.data_dir.display()),
        Kind::Stdout => "standard output".into(),
        Kind::Kafka => format!("topic {} at {}", publish.kafka.topic, publish.kafka.brokers),
    };
    let rules = match loaded.rules.len() {
        0 => String::new(),
        1 => ", 1 rule for a site".into(),
        more => format!(", {more} rules for sites"),
    };
    format!("{feeds} feed{}{rules}, publish to {to}", if feeds == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_ends_with_the_code_of_a_configuration_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wiredesk.toml");
        std::fs::write(&path, "[fetch]\nuser_agent = \"Example/1 (+https://example.org)\"\n").expect("written");
        assert_eq!(check(&path, true), OK);
        std::fs::write(&path, "[fetch]\ntimeout = 3\n").expect("written");
        assert_eq!(check(&path, false), CONFIG);
        assert_eq!(check(&folder.path().join("absent.toml"), true), CONFIG);
    }

    #[test]
    fn the_summary_says_what_the_desk_would_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("wiredesk.toml");
        let text = "[publish]\nkind = \"kafka\"\nkafka = { brokers = \"k:9092\", topic = \"news\" }\n\
                    [[feeds]]\nid = \"a\"\nurl = \"https://a.example/feed\"\n";
        std::fs::write(&path, text).expect("written");
        let loaded = config::load(&path).expect("no fault");
        assert_eq!(summary(&loaded), "1 feed, publish to topic news at k:9092");
    }
}
