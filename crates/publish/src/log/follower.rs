//! Follows the log while it is written.
//!
//! A line is seen when it is whole, which may be a moment before it is durable: a sync that fails takes the lines of its batch
//! back, and others come in their place. So the follower looks, before it reads on, whether the line that it handed on last
//! still stands where it was; where not, it goes back to the last one that does.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::error::OpenError;
use crate::log::disk::Disk;
use crate::log::line::{Line, parse};
use crate::log::segments::{bases, broken, path, read, read_from};

/// So many lines are known again: more than a batch has, and no more than one batch is ever taken back.
const KNOWN: usize = 1000;

/// A line that was handed on. One that comes in its place has another time, or another key.
#[derive(Debug)]
struct Known {
    at: u64,
    offset: i64,
    timestamp: i64,
    key: String,
}

impl Known {
    fn of(line: &Line<'_>) -> Self {
        Self { at: line.at, offset: line.offset, timestamp: line.timestamp, key: line.key.clone() }
    }

    fn is(&self, line: &Line<'_>) -> bool {
        (self.offset, self.timestamp, &self.key) == (line.offset, line.timestamp, &line.key)
    }
}

/// Where the next line begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The segment, by its first offset.
    base: i64,
    /// In bytes.
    at: u64,
    /// The line's offset.
    next: i64,
}

/// Reads a channel's folder to its end, and on from there.
#[derive(Debug)]
pub(crate) struct Follower<'a> {
    disk: &'a dyn Disk,
    folder: &'a Path,
    place: Option<Place>,
    /// The last lines of this segment that were handed on, the oldest first.
    known: VecDeque<Known>,
}

/// Takes in a line, or ends the reading.
type Take<'a> = dyn FnMut(&Line<'_>) -> Result<(), OpenError> + 'a;

impl<'a> Follower<'a> {
    /// Reads what is there, and hands on what begins at offset `from` or later.
    pub(crate) fn begin(
        disk: &'a dyn Disk,
        folder: &'a Path,
        from: i64,
        take: &mut Take<'_>,
    ) -> Result<Self, OpenError> {
        let mut known = VecDeque::new();
        let Some((base, end)) = read_from(disk, folder, from, &mut |line| {
            note(&mut known, line);
            take(line)
        })?
        else {
            return Ok(Self { disk, folder, place: None, known });
        };
        known.retain(|line| line.offset >= base);
        if known.is_empty() {
            // What was passed over may be taken back, too.
            let some = end.next.saturating_sub(KNOWN as i64).max(base);
            read(disk, &path(folder, base), (0, base), some, &mut |line| {
                note(&mut known, line);
                Ok(())
            })?;
            known.retain(|line| line.offset < end.next);
        }
        Ok(Self { disk, folder, place: Some(Place { base, at: end.length, next: end.next }), known })
    }

    /// Hands on what has come.
    pub(crate) fn read_on(&mut self, take: &mut Take<'_>) -> Result<(), OpenError> {
        let Some(place) = self.stood()? else {
            // Nothing was written ever.
            self.place = bases(self.disk, self.folder)?.first().map(|base| Place { base: *base, at: 0, next: *base });
            return Ok(());
        };
        let Place { base, at, next } = place;
        let read = read(self.disk, &path(self.folder, base), (at, next), next, &mut |line| {
            note(&mut self.known, line);
            take(line)
        })?;
        let rotated =
            read.whole && read.next > base && bases(self.disk, self.folder)?.binary_search(&read.next).is_ok();
        self.place = Some(if rotated {
            self.known.clear();
            Place { base: read.next, at: 0, next: read.next }
        } else {
            Place { base, at: read.length, next: read.next }
        });
        Ok(())
    }

    /// Where to read on: behind the last line that still stands.
    fn stood(&mut self) -> Result<Option<Place>, OpenError> {
        let Some(Place { base, next, .. }) = self.place else { return Ok(None) };
        let oldest = self.known.front().map(|line| line.offset);
        while let Some(last) = self.known.back() {
            if let Some(end) = self.still_stands(base, last)? {
                let place = Place { base, at: end, next: last.offset + 1 };
                say(self.folder, place.next, next);
                return Ok(Some(place));
            }
            self.known.pop_back();
        }
        if oldest.is_some_and(|oldest| oldest > base) {
            let line = u64::try_from(next - base).unwrap_or_default();
            return Err(OpenError::Corrupt { path: path(self.folder, base), line });
        }
        say(self.folder, base, next);
        Ok(Some(Place { base, at: 0, next: base }))
    }

    /// Where a line ends that was handed on; `None` where another has its place.
    fn still_stands(&self, base: i64, line: &Known) -> Result<Option<u64>, OpenError> {
        let segment = path(self.folder, base);
        let file = self.disk.read(&segment, line.at).map_err(broken("read", &segment))?;
        let mut bytes = Vec::new();
        let length = BufReader::new(file).read_until(b'\n', &mut bytes).map_err(broken("read", &segment))?;
        let is_it = bytes.ends_with(b"\n") && parse(&bytes).is_some_and(|found| line.is(&found));
        Ok(is_it.then_some(line.at + length as u64))
    }
}

fn note(known: &mut VecDeque<Known>, line: &Line<'_>) {
    if line.at == 0 {
        known.clear(); // another segment
    }
    if known.len() == KNOWN {
        known.pop_front();
    }
    known.push_back(Known::of(line));
}

fn say(folder: &Path, stands: i64, read: i64) {
    if stands < read {
        let folder = folder.display();
        tracing::warn!(
            stage = "publish",
            "records {stands} to {} of {folder} were taken back after they were read",
            read - 1
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::disk::SystemDisk;

    /// Lines of these keys, the first of them at this offset.
    fn lines(first: i64, keys: &[&str]) -> String {
        let line = |(offset, key)| {
            format!("{{\"offset\":{offset},\"timestamp\":1,\"key\":\"{key}\",\"headers\":{{}},\"value\":{{}}}}\n")
        };
        (first..).zip(keys).map(line).collect()
    }

    /// What is handed on, as offsets and keys.
    fn handed(act: impl FnOnce(&mut Take<'_>)) -> Vec<(i64, String)> {
        let mut handed = Vec::new();
        act(&mut |line| {
            handed.push((line.offset, line.key.clone()));
            Ok(())
        });
        handed
    }

    fn keyed(first: i64, keys: &[&str]) -> Vec<(i64, String)> {
        (first..).zip(keys).map(|(offset, key)| (offset, (*key).to_owned())).collect()
    }

    #[test]
    fn who_follows_the_log_goes_back_with_it_when_what_was_read_is_taken_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |text: String| std::fs::write(path(folder.path(), 0), text).expect("room");
        for from in [0, i64::MAX] {
            write(lines(0, &["one", "two", "three"]));
            let mut follower = None;
            let seen = handed(|take| {
                follower = Some(Follower::begin(&SystemDisk, folder.path(), from, take).expect("readable"));
            });
            assert_eq!(seen, keyed(0, if from == 0 { &["one", "two", "three"] } else { &[] }));
            let mut follower = follower.expect("it has begun");
            let mut read_on = || handed(|take| follower.read_on(take).expect("readable"));

            // A sync failed; what came in place of its batch is longer.
            write(lines(0, &["one", "another one, longer than two", "three", "four"]));
            assert_eq!(read_on(), keyed(1, &["another one, longer than two", "three", "four"]));
            // Another failed, and nothing came in place of its batch yet.
            write(lines(0, &["one"]));
            assert_eq!(read_on(), []);
            write(lines(0, &["one", "five"]));
            assert_eq!(read_on(), keyed(1, &["five"]));
            // And one whose batch was the first of all.
            write(String::new());
            assert_eq!(read_on(), []);
            write(lines(0, &["six"]));
            assert_eq!(read_on(), keyed(0, &["six"]));
        }
    }

    #[test]
    fn more_than_is_ever_taken_back_is_a_damage_that_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let many: Vec<String> = (0..=KNOWN).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        std::fs::write(path(folder.path(), 0), lines(0, &many)).expect("room");
        let mut follower = Follower::begin(&SystemDisk, folder.path(), 0, &mut |_| Ok(())).expect("readable");
        std::fs::write(path(folder.path(), 0), lines(0, &["another"])).expect("room");
        let damaged = follower.read_on(&mut |_| Ok(()));
        assert!(matches!(damaged, Err(OpenError::Corrupt { .. })), "{damaged:?}");
    }
}
