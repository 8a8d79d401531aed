//! START and RUN of the embedded log, over its three channels.

use std::io;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wiredesk_faults::{Point, reach};
use wiredesk_model::outcome::Receipt;
use wiredesk_model::topic::{Channel as Name, Found, Message, TopicIdentity};

use crate::error::{CommitError, OpenError, has_no_room};
use crate::log::disk::{Disk, SystemDisk};
use crate::log::line::{append, found};
use crate::log::segments::{Channel, Known, read_from};
use crate::writer::{Opened, Opening, Tail, TakeTail, Writer, known, slice_size};

/// The log's topic is always called this; it has no other to be told apart from.
const TOPIC: &str = "articles";
/// Of reports, which no index knows, so much is read and written anew at START, in bytes: more than a batch of them comes to. Of articles
/// all that the index does not know, for they are believed.
const REPORTS: u64 = 64 << 20;

/// The folder of a channel.
pub(crate) fn folder(data_dir: &Path, channel: Name) -> PathBuf {
    data_dir.join("log").join(channel.topic(TOPIC))
}

/// Appends records to the log.
#[derive(Debug)]
pub struct LogWriter {
    /// In the order of [`Name::ALL`].
    channels: [Channel; 3],
    folder: PathBuf,
}

impl LogWriter {
    pub(crate) fn open(opening: &Opening<'_>, tail: &mut TakeTail<'_>) -> Result<Opened, OpenError> {
        Self::open_on(Arc::new(SystemDisk), opening, tail)
    }

    /// Opens the log on a disk of the caller's.
    ///
    /// # Errors
    /// [`OpenError`]: lost data, another log, a damaged segment, the disk's own.
    pub fn open_on(disk: Arc<dyn Disk>, opening: &Opening<'_>, tail: &mut TakeTail<'_>) -> Result<Opened, OpenError> {
        if (opening.stop)() {
            return Err(OpenError::Stopped);
        }
        let log = opening.data_dir.join("log");
        disk.make_folder(&log).map_err(|source| OpenError::Io { doing: "make", path: log.clone(), source })?;
        let cluster = name(&*disk, &log, &opening.desk.to_string())?;
        let identity = TopicIdentity { kind: "log".into(), cluster, topic: TOPIC.into(), partitions: 1 };
        let next = known(opening, &identity)?.and_then(|next| next.get(&0)).copied();
        let rotate = opening.settings.log.rotate.0;
        let mut warnings = Vec::new();
        let mut channel = |name: Name, known: Known| {
            let opened = Channel::open(Arc::clone(&disk), folder(opening.data_dir, name), rotate, known)?;
            let (channel, first, warning) = opened;
            warnings.extend(warning);
            Ok::<_, OpenError>((channel, first))
        };
        let (articles, first) = channel(Name::Articles, Known::Below(next.unwrap_or(0)))?;
        let (letters, _) = channel(Name::DeadLetters, Known::AllBut(REPORTS))?;
        let (copies, _) = channel(Name::Copies, Known::AllBut(REPORTS))?;
        if let Some(next) = next.filter(|next| *next > articles.next) {
            return Err(OpenError::Lost { topic: TOPIC.into(), partition: 0, next, end: articles.next });
        }
        if let Some(next) = next.filter(|next| *next < first) {
            warnings.push(format!("the log begins at offset {first}, but was read only up to {next}"));
        }
        let from = next.unwrap_or(first).max(first);
        read_tail(&*disk, opening, from, articles.next, tail, &mut warnings)?;
        let writer = Writer::Log(Self { channels: [articles, letters, copies], folder: log });
        Ok(Opened { writer, identity, warnings })
    }

    /// Writes and makes durable all of the batch, or none of it.
    pub(crate) fn commit(&mut self, batch: &[Message]) -> Result<Vec<Receipt>, CommitError> {
        let at = self.folder.display().to_string();
        if self.channels.iter().any(Channel::is_spoilt) {
            return Err(CommitError::Uncertain { error: format!("the end of the log in {at} is unknown") });
        }
        let mut lines: [(Vec<u8>, i64); 3] = Default::default();
        let mut receipts = Vec::with_capacity(batch.len());
        for message in batch {
            let (bytes, count) = &mut lines[message.channel as usize];
            let offset = self.channels[message.channel as usize].next + *count;
            append(bytes, offset, message)
                .map_err(|error| CommitError::Refused { error: format!("{}: {error}", message.key), size: false })?;
            *count += 1;
            receipts.push(Receipt { partition: 0, offset });
        }
        let touched = || (0..lines.len()).filter(|i| lines[*i].1 > 0);
        let mut syncing = false;
        let done = (|| -> io::Result<()> {
            for i in touched() {
                self.channels[i].rotate()?;
                self.channels[i].write(&lines[i].0)?;
            }
            reach(Point::Written);
            syncing = true;
            // The articles last: what goes beside them is at least once, they are exactly once.
            for i in touched().collect::<Vec<_>>().into_iter().rev() {
                self.channels[i].sync()?;
            }
            Ok(())
        })();
        if let Err(failed) = done {
            let taken_back = touched().try_for_each(|i| self.channels[i].take_back());
            let error = match &taken_back {
                Ok(()) => format!("writing to {at}: {failed}"),
                Err(worse) => format!("writing to {at}: {failed}; taking it back: {worse}"),
            };
            // After a failed sync nobody knows what the disk holds: only reading it again tells.
            return Err(match (taken_back, syncing) {
                (Err(_), _) | (_, true) => CommitError::Uncertain { error },
                (Ok(()), false) if has_no_room(&failed) => CommitError::Wait { error },
                (Ok(()), false) => CommitError::Aborted { error },
            });
        }
        for i in touched().collect::<Vec<_>>() {
            self.channels[i].keep(lines[i].1, lines[i].0.len());
        }
        Ok(receipts)
    }
}

/// The log's own name, drawn when it is made: a copy of the folder is the same log, an empty one is another.
///
/// It is written at each START, for what was found may be in memory only, left there by a sync that failed.
fn name(disk: &dyn Disk, log: &Path, fresh: &str) -> Result<String, OpenError> {
    let path = log.join("id");
    let broken = |doing| {
        let path = path.clone();
        move |source| OpenError::Io { doing, path, source }
    };
    // The folder's own name, which may be from a START that was cut short.
    if let Some(above) = log.parent() {
        disk.sync_folder(above).map_err(broken("sync"))?;
    }
    let mut text = String::new();
    if disk.names(log).map_err(broken("read"))?.iter().any(|name| name == "id") {
        disk.read(&path, 0).and_then(|file| file.take(200).read_to_string(&mut text)).map_err(broken("read"))?;
    }
    if !text.ends_with('\n') || text.trim().len() < 2 {
        text = format!("{fresh}\n");
    }
    let mut file = disk.write(&path).map_err(broken("write"))?;
    file.write_at(0, text.as_bytes()).and_then(|()| file.cut(text.len() as u64)).map_err(broken("write"))?;
    file.sync().and_then(|()| disk.sync_folder(log)).map_err(broken("sync"))?;
    Ok(text.trim().to_owned())
}

fn read_tail(
    disk: &dyn Disk,
    opening: &Opening<'_>,
    from: i64,
    end: i64,
    tail: &mut TakeTail<'_>,
    warnings: &mut Vec<String>,
) -> Result<(), OpenError> {
    let mut slice: Vec<Found> = Vec::new();
    let mut foreign = 0u64;
    let mut hand_on = |slice: &mut Vec<Found>, next: i64| {
        tail(Tail { found: slice, next: &[(0, next)] }).map_err(|source| OpenError::Tail { source })?;
        reach(Point::CaughtUp);
        slice.clear();
        Ok(())
    };
    read_from(disk, &folder(opening.data_dir, Name::Articles), from, &mut |line| {
        if (opening.stop)() {
            return Err(OpenError::Stopped);
        }
        match found(line) {
            Some(found) => {
                match &found.joint {
                    Some(joint) if opening.again && opening.desk.was_taken_over_by(&joint.desk) => {
                        return Err(OpenError::TakenOver { by: joint.desk.clone() });
                    }
                    Some(joint) if joint.desk.name == opening.desk.name => {}
                    _ => foreign += 1,
                }
                slice.push(found);
            }
            None => foreign += 1,
        }
        if slice.len() >= slice_size() { hand_on(&mut slice, line.offset + 1) } else { Ok(()) }
    })?;
    hand_on(&mut slice, end)?;
    if foreign > 0 {
        warnings.push(format!("{foreign} records in the log were written by another desk or program"));
    }
    Ok(())
}
