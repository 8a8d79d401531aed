//! One channel's folder: segments `%020d.jsonl`, named by the offset of their first line.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::OpenError;
use crate::log::disk::{Disk, DiskFile};
use crate::log::line::{Line, parse};

pub(crate) fn path(folder: &Path, base: i64) -> PathBuf {
    folder.join(format!("{base:020}.jsonl"))
}

pub(crate) fn broken(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| OpenError::Io { doing, path: path.clone(), source }
}

/// The first offsets of the segments in a folder, in order.
pub(crate) fn bases(disk: &dyn Disk, folder: &Path) -> Result<Vec<i64>, OpenError> {
    let names = match disk.names(folder) {
        Ok(names) => names,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(broken("read", folder)(e)),
    };
    let mut bases: Vec<i64> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".jsonl").filter(|digits| digits.len() == 20)?.parse().ok())
        .collect();
    bases.sort_unstable();
    Ok(bases)
}

/// Where reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// The offset that would come next.
    pub(crate) next: i64,
    /// The length of all whole lines up to there.
    pub(crate) length: u64,
    /// The length of the lines that were counted and not parsed.
    pub(crate) skipped: u64,
    /// Whether all of the segment was read: nothing but whole, right lines.
    pub(crate) whole: bool,
}

/// Reads a segment line by line, from byte `at` on, where the line of offset `offset` begins; lines below `from` are
/// counted, not parsed. Stops at the first line that is torn or not the one that belongs there.
pub(crate) fn read(
    disk: &dyn Disk,
    segment: &Path,
    (at, offset): (u64, i64),
    from: i64,
    take: &mut dyn FnMut(&Line<'_>) -> Result<(), OpenError>,
) -> Result<Read, OpenError> {
    let file = disk.read(segment, at).map_err(broken("read", segment))?;
    let mut file = BufReader::with_capacity(256 << 10, file);
    let mut so_far = Read { next: offset, length: at, skipped: at, whole: true };
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = file.read_until(b'\n', &mut bytes).map_err(broken("read", segment))?;
        if read == 0 {
            return Ok(so_far);
        }
        if bytes.last() != Some(&b'\n') {
            return Ok(Read { whole: false, ..so_far });
        }
        if so_far.next >= from {
            match parse(&bytes) {
                Some(line) if line.offset == so_far.next => take(&Line { at: so_far.length, ..line })?,
                _ => return Ok(Read { whole: false, ..so_far }),
            }
        } else {
            so_far.skipped += read as u64;
        }
        so_far.next += 1;
        so_far.length += read as u64;
    }
}

/// What of a channel is known to be whole and durable, so that START neither parses it nor writes it anew.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known {
    /// The lines below this offset: the index has them.
    Below(i64),
    /// All but so many bytes at its end, which are more than was ever written without a sync: for channels that no index knows.
    AllBut(u64),
}

/// Where reading begins that leaves out what is known of a segment: a place where a line begins, and that line's offset.
fn begin(disk: &dyn Disk, segment: &Path, base: i64, had: u64, known: Known) -> Result<(u64, i64), OpenError> {
    let Known::AllBut(end) = known else { return Ok((0, base)) };
    let Some(at) = had.checked_sub(end).filter(|at| *at > 0) else { return Ok((0, base)) };
    let file = disk.read(segment, at).map_err(broken("read", segment))?;
    let mut file = BufReader::with_capacity(256 << 10, file);
    let mut bytes = Vec::new();
    let rest = file.read_until(b'\n', &mut bytes).map_err(broken("read", segment))?;
    bytes.clear();
    file.read_until(b'\n', &mut bytes).map_err(broken("read", segment))?;
    // A line says its offset itself. Where none stands whole, as little is known as of an end that was torn: all is read.
    let line = parse(&bytes).filter(|line| line.offset > base);
    Ok(line.map_or((0, base), |line| (at + rest as u64, line.offset)))
}

/// The channel's end, open for writing.
#[derive(Debug)]
pub(crate) struct Channel {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    file: Box<dyn DiskFile>,
    /// The offset of the next line.
    pub(crate) next: i64,
    /// The good length of the last segment.
    length: u64,
    /// How long a segment gets before the next one is begun.
    rotate: u64,
    /// Whether a cut did not succeed: what is on disk beyond `length` is unknown.
    spoilt: bool,
    /// Whether the segment's name is durable.
    named: bool,
}

impl Channel {
    /// Opens a channel's folder, cuts what a crash left of a line, and makes the rest durable. What is `known` is trusted. Returns
    /// the offset of the first line kept.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        rotate: u64,
        known: Known,
    ) -> Result<(Self, i64, Option<String>), OpenError> {
        disk.make_folder(&folder).map_err(broken("make", &folder))?;
        if let Some(above) = folder.parent() {
            disk.sync_folder(above).map_err(broken("sync", above))?;
        }
        let bases = bases(&*disk, &folder)?;
        let first = bases.first().copied().unwrap_or(0);
        let base = bases.last().copied().unwrap_or(0);
        let segment = path(&folder, base);
        let mut file = disk.write(&segment).map_err(broken("write", &segment))?;
        let had = file.length().map_err(broken("read", &segment))?;
        let from = begin(&*disk, &segment, base, had, known)?;
        let parsed = if let Known::Below(next) = known { next } else { from.1 };
        let good = read(&*disk, &segment, from, parsed, &mut |_| Ok(()))?;
        let cut = had.saturating_sub(good.length);
        let warning =
            (cut > 0).then(|| format!("{} ended in {cut} bytes of an unfinished write; cut", segment.display()));
        // What is read may be in memory only, left there by a sync that failed; it would be gone one day, for no later sync takes
        // it to the disk. So it is cut and written anew, from where that ends which is known.
        file.cut(good.length).map_err(broken("cut", &segment))?;
        write_anew(&*disk, &segment, file.as_mut(), good.skipped, good.length).map_err(broken("write", &segment))?;
        file.sync().map_err(broken("sync", &segment))?;
        disk.sync_folder(&folder).map_err(broken("sync", &folder))?;
        let (next, length) = (good.next, good.length);
        Ok((Self { disk, folder, file, next, length, rotate, spoilt: false, named: true }, first, warning))
    }

    /// Begins a new segment when the last one is full.
    pub(crate) fn rotate(&mut self) -> io::Result<()> {
        if self.length > 0 && self.length >= self.rotate {
            let segment = path(&self.folder, self.next);
            self.file = self.disk.write(&segment)?;
            (self.length, self.named) = (0, false);
        }
        if !self.named {
            // A failed attempt at this very segment may have left something.
            self.file.cut(0)?;
            self.disk.sync_folder(&self.folder)?;
            self.named = true;
        }
        Ok(())
    }

    /// Writes lines behind the good end, without moving it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(self.length, bytes)
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// Moves the good end behind what was written.
    pub(crate) fn keep(&mut self, lines: i64, bytes: usize) {
        self.next += lines;
        self.length += bytes as u64;
    }

    /// Cuts what was written behind the good end.
    pub(crate) fn take_back(&mut self) -> io::Result<()> {
        self.spoilt = true;
        self.file.cut(self.length)?;
        self.file.sync()?;
        self.spoilt = false;
        Ok(())
    }

    /// Whether the end can still be trusted.
    pub(crate) fn is_spoilt(&self) -> bool {
        self.spoilt
    }
}

/// Writes what stands between two places of a file once more.
fn write_anew(disk: &dyn Disk, path: &Path, file: &mut dyn DiskFile, mut from: u64, to: u64) -> io::Result<()> {
    const PIECE: u64 = 1 << 20;
    let mut bytes = Vec::new();
    while from < to {
        bytes.clear();
        disk.read(path, from)?.take(PIECE.min(to - from)).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_at(from, &bytes)?;
        from += bytes.len() as u64;
    }
    Ok(())
}

/// Reads a channel from an offset to its end, segment by segment. A closed segment must be whole and reach to the next.
/// Returns where it stopped: the last segment's first offset and how far it was read.
pub(crate) fn read_from(
    disk: &dyn Disk,
    folder: &Path,
    from: i64,
    take: &mut dyn FnMut(&Line<'_>) -> Result<(), OpenError>,
) -> Result<Option<(i64, Read)>, OpenError> {
    let bases = bases(disk, folder)?;
    // The first segment that may hold `from`.
    let start = bases.partition_point(|base| *base <= from).saturating_sub(1);
    let mut stopped = None;
    for (i, base) in bases.iter().enumerate().skip(start) {
        let segment = path(folder, *base);
        let read = read(disk, &segment, (0, *base), from, take)?;
        if let Some(following) = bases.get(i + 1)
            && (!read.whole || read.next != *following)
        {
            let line = u64::try_from(read.next - base).unwrap_or_default() + 1;
            return Err(OpenError::Corrupt { path: segment, line });
        }
        stopped = Some((*base, read));
    }
    Ok(stopped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::disk::SystemDisk;
    use crate::log::line::append;
    use wiredesk_model::topic::{Channel as Name, Message};

    const LINES: i64 = 200;

    /// A channel of many lines, and a place in it behind which only `end` bytes are left.
    fn world(end: u64) -> (tempfile::TempDir, PathBuf, Vec<u8>, Known) {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("articles.copies");
        std::fs::create_dir_all(&folder).expect("room");
        let mut bytes = Vec::new();
        for offset in 0..LINES {
            let (value, headers) = (br#"{"n":1}"#.to_vec(), Vec::new());
            let message = Message { channel: Name::Copies, key: "k".into(), headers, timestamp: 5, value };
            append(&mut bytes, offset, &message).expect("JSON");
        }
        std::fs::write(path(&folder, 0), &bytes).expect("room");
        (dir, folder, bytes, Known::AllBut(end))
    }

    fn open(folder: &Path, known: Known) -> (Channel, Option<String>) {
        let opened = Channel::open(Arc::new(SystemDisk), folder.to_owned(), 1 << 20, known).expect("START");
        (opened.0, opened.2)
    }

    #[test]
    fn of_a_channel_that_no_index_knows_only_the_end_is_parsed() {
        let (_dir, folder, mut bytes, known) = world(1000);
        // Long durable, and of no interest to START: were it parsed, all behind it would be cut.
        bytes[3] = b'?';
        std::fs::write(path(&folder, 0), &bytes).expect("room");
        let (channel, warning) = open(&folder, known);
        assert_eq!((channel.next, channel.length, warning), (LINES, bytes.len() as u64, None));
    }

    #[test]
    fn whatever_is_torn_at_the_end_of_a_long_channel_is_cut_and_its_offset_given_again() {
        let (_dir, folder, bytes, known) = world(1000);
        let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
        for torn in (0..1500).step_by(31) {
            let mut left = bytes[..bytes.len() - torn].to_vec();
            left.extend_from_slice(&[0; 7]);
            std::fs::write(path(&folder, 0), &left).expect("room");
            let (channel, warning) = open(&folder, known);
            let whole = left.iter().filter(|byte| **byte == b'\n').count() as i64;
            assert_eq!(channel.next, whole, "{torn} bytes are missing");
            assert!(warning.is_some() && channel.length <= if torn == 0 { bytes.len() } else { last } as u64);
        }
    }

    #[test]
    fn a_hole_in_the_end_of_a_long_channel_is_where_it_ends() {
        let (_dir, folder, bytes, known) = world(1000);
        for hole in (bytes.len() - 900..bytes.len() - 50).step_by(50) {
            let mut left = bytes.clone();
            left[hole..hole + 40].fill(0);
            std::fs::write(path(&folder, 0), &left).expect("room");
            let (channel, _) = open(&folder, known);
            let whole = bytes[..hole].iter().filter(|byte| **byte == b'\n').count() as i64;
            assert!(channel.next <= whole && channel.next >= whole - 1, "{} of {whole} at {hole}", channel.next);
        }
    }
}
