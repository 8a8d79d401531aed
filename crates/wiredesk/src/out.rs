//! Standard output for results. A reader that has seen enough ends the program quietly; output that is lost is an error.

use std::fmt::Display;
use std::io::Write;

use crate::exit::Exit;

/// Writes to standard output, colours stripped where it is no terminal.
pub(crate) fn print(text: impl Display) {
    let mut out = anstream::stdout().lock();
    if let Err(error) = write!(out, "{text}").and_then(|()| out.flush()) {
        end(&error);
    }
}

/// The same, and a line end.
pub(crate) fn line(text: impl Display) {
    print(format_args!("{text}\n"));
}

fn end(error: &std::io::Error) -> ! {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        std::process::exit(Exit::Ok as i32);
    }
    eprintln!("error: standard output cannot be written: {error}");
    std::process::exit(Exit::Io as i32);
}
