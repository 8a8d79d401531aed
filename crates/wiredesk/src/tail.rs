//! `wiredesk tail`: follows what is published.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use wiredesk_model::fault::{AsFault, Fault};
use wiredesk_model::link::printable;
use wiredesk_model::topic::Channel;
use wiredesk_publish::follow::{Following, From, Item, follow};
use wiredesk_publish::writer::patiently;

use crate::cli::Output;
use crate::config;
use crate::exit::{Exit, Failure};
use crate::out::steerless;

/// What `tail` was asked for.
pub(crate) struct Wish {
    pub(crate) from_start: bool,
    pub(crate) number: Option<u64>,
    pub(crate) onwards: bool,
    pub(crate) output: Output,
}

/// Follows the configured topic until its end, the number wished for, or an interrupt.
pub(crate) fn tail(path: &Path, wish: &Wish) -> Result<Exit, Failure> {
    let loaded = config::load(path).map_err(|faults| {
        crate::check::show(&faults, false);
        Failure { exit: Exit::Config, error: anyhow::anyhow!("{} cannot be used", path.display()) }
    })?;
    let stopped = AtomicBool::new(false);
    let mut left = wish.number.unwrap_or(u64::MAX);
    let mut seen = |item: Item| {
        if left == 0 || show(&item, wish.output).is_err() {
            return ControlFlow::Break(()); // a reader that has seen enough is no failure
        }
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let following = Following {
        settings: &loaded.config.publish,
        data_dir: &loaded.config.daemon.data_dir,
        secrets: &loaded.kafka_properties,
        channel: Channel::Articles,
        from: if wish.from_start { From::Beginning } else { From::End },
        onwards: wish.onwards,
        stop: &|| stopped.load(Ordering::Relaxed),
    };
    let timeout = loaded.config.publish.kafka.connect_timeout;
    patiently(timeout, following.stop, || follow(&following, &mut seen)).map_err(|error| {
        let exit = if error.fault() == Fault::Fatal { Exit::Config } else { Exit::Unavailable };
        Failure { exit, error: error.into() }
    })?;
    Ok(Exit::Ok)
}

/// Writes a record to standard output: as a card, or its JSON on a line.
pub(crate) fn show(item: &Item, output: Output) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{}", steerless(&String::from_utf8_lossy(&item.value)))?,
        Output::Text => write!(out, "{}", card(item))?,
    }
    out.flush()
}

/// A record as people read it: where it is, its headline, where it came from, and what was left out of the page.
fn card(item: &Item) -> String {
    let record: Value = serde_json::from_slice(&item.value).unwrap_or_default();
    let text = |pointer: &str| printable(record.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let number = |pointer: &str| record.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let (dim, bold) = (Style::new().dimmed(), Style::new().bold());
    let (green, yellow) = (AnsiColor::Green.on_default(), AnsiColor::Yellow.on_default());
    let key: String = item.key.chars().take(12).collect();
    let revised = if text("/event") == "revised" {
        format!(" {yellow}(revision {}){yellow:#}", number("/revision"))
    } else {
        String::new()
    };
    let notices: Vec<_> =
        record["notices"].as_array().into_iter().flatten().filter_map(|n| n["type"].as_str()).map(printable).collect();
    let site = ["/publisher/name", "/feed/title", "/domain"]
        .map(text)
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    let lifted = if notices.is_empty() { String::new() } else { format!(", lifted out: {}", notices.join(", ")) };
    format!(
        "{green}{:>7}{green:#} {dim}{key}{dim:#} {bold}{}{bold:#}{revised}\n{:>7} {dim}{} · {} words · {} blocks left out{lifted}{dim:#}\n",
        item.receipt.to_string(),
        text("/title"),
        "",
        site,
        number("/word_count"),
        number("/extraction/blocks_removed"),
    )
}
