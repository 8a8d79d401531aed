//! Log lines on standard error: for people, or JSON when asked. Nothing from outside reaches a terminal as a control character.

use std::io::{self, Write};
use std::sync::OnceLock;

use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cli::LogFormat;
use crate::out::steerless;

/// Progress bars of the run under way, so that log lines are written above them.
static BARS: OnceLock<MultiProgress> = OnceLock::new();

/// The bars that log lines are written above.
pub(crate) fn bars() -> &'static MultiProgress {
    BARS.get_or_init(MultiProgress::new)
}

/// Standard error, a line at a time, above the bars, without control characters.
struct Lines;

struct Line(Vec<u8>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;
    fn make_writer(&'a self) -> Line {
        Line(Vec::new())
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.0);
        let write = || io::stderr().lock().write_all(steerless(&text).as_bytes());
        // A log that cannot be written is no reason to end.
        let _ = match BARS.get() {
            Some(bars) => bars.suspend(write),
            None => write(),
        };
    }
}

/// Starts logging. `default` is the filter where the user gave none.
pub(crate) fn start(format: LogFormat, filter: Option<&str>, default: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter.unwrap_or(default))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Lines);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).init(),
        LogFormat::Auto => {
            let colour = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
            builder.with_ansi(colour).with_target(false).compact().init();
        }
    }
    Ok(())
}
