//! The embedded log on a disk that forgets what was not synced, and that fails besides: what was receipted is there, once, and
//! START is always able to go on. A kill -9 cannot show that, for the system keeps what a dead process wrote.
//!
//! `WIREDESK_SEED=n` plays one life history again.

mod forgetful;
mod start;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use forgetful::{Dice, Forgetful};
use start::{opening, start};
use wiredesk_model::id::{ArticleId, DeskId, Digest, EntryKey, FeedId};
use wiredesk_model::topic::{Channel, Found, Message, Positions};
use wiredesk_model::units::Size;
use wiredesk_publish::error::{CommitError, OpenError};
use wiredesk_publish::log::LogWriter;
use wiredesk_publish::settings::Settings;
use wiredesk_publish::writer::{Opened, Opening, TakeTail, Writer};

const LIVES: usize = 20;
const RECORDS: usize = 150;

/// A desk with its index, which survives everything, and what it was promised.
struct Desk {
    seed: u64,
    dice: Dice,
    disk: Forgetful,
    data: PathBuf,
    settings: Settings,
    positions: Positions,
    /// Records that are still to be published, in order.
    todo: Vec<usize>,
    /// Where the log said that a record is.
    promised: BTreeMap<usize, i64>,
    lives: i64,
}

/// How a life ended.
enum End {
    /// All is published.
    Done,
    /// The process is gone; what it wrote is seen by the next.
    Killed,
    /// The power is gone.
    Dead,
}

fn hash(number: usize) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
    Digest::from_bytes(bytes)
}

fn number(hash: Digest) -> usize {
    u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("eight")) as usize
}

fn message(channel: Channel, number: usize) -> Message {
    let text = number.to_string();
    let header = |key: &str, value: String| (key.to_owned(), value);
    Message {
        channel,
        key: hash(number).hex(),
        headers: vec![
            header("wd-entry", EntryKey::of(&FeedId::new("feed"), &text).to_string()),
            header("wd-id", ArticleId::of(&text).to_string()),
            header("wd-revision", "1".into()),
            header("wd-desk", "a@1".into()),
        ],
        timestamp: 5,
        // Bodies of many lengths: a batch put twice at one place does not cover itself.
        value: format!("{{\"text\":\"{}\"}}", "x".repeat(number * 37 % 211)).into_bytes(),
    }
}

impl Desk {
    fn new(seed: u64) -> Self {
        let data = PathBuf::from("/data");
        let mut settings = Settings::default();
        settings.log.rotate = Size(1500);
        Self {
            seed,
            dice: Dice(seed ^ 0xD15C),
            disk: Forgetful::new(seed, &data),
            data,
            settings,
            positions: Positions::default(),
            todo: (0..RECORDS).collect(),
            promised: BTreeMap::new(),
            lives: 0,
        }
    }

    fn open(&mut self, positions: &Positions, again: bool) -> Result<(Opened, Vec<Found>), OpenError> {
        let (desk, secrets) = (DeskId { name: "a".into(), started: self.lives }, BTreeMap::new());
        let usual = opening(&self.settings, &self.data, &desk, positions, &secrets);
        let opening = Opening { again, ..usual };
        let open = |tail: &mut TakeTail<'_>| LogWriter::open_on(Arc::new(self.disk.clone()), &opening, tail);
        let (opened, found, positions) = start(positions, open)?;
        self.positions = positions;
        Ok((opened, found))
    }

    /// START, until it succeeds or the process ends with an error, as the daemon does.
    fn start(&mut self, again: bool) -> Result<Writer, End> {
        for _ in 0..10_000 {
            let positions = self.positions.clone();
            match self.open(&positions, again) {
                Ok((opened, found)) => {
                    for record in found {
                        let at = number(record.hash);
                        if let Some(promised) = self.promised.insert(at, record.receipt.offset) {
                            assert_eq!(promised, record.receipt.offset, "seed {}: record {at} moved", self.seed);
                        }
                        self.todo.retain(|other| *other != at);
                    }
                    return Ok(opened.writer);
                }
                Err(_) if self.disk.is_dead() => return Err(End::Dead),
                // On a full disk the daemon tries again; what else fails may end it, and another one is started.
                Err(OpenError::Io { .. }) if self.dice.percent(10) => return Err(End::Killed),
                Err(OpenError::Io { .. }) => {}
                Err(error) => panic!("seed {}: START cannot go on: {error}", self.seed),
            }
        }
        panic!("seed {}: START never succeeded", self.seed)
    }

    fn life(&mut self) -> End {
        self.lives += 1;
        let mut again = false;
        loop {
            let mut writer = match self.start(again) {
                Ok(writer) => writer,
                Err(end) => return end,
            };
            again = true;
            loop {
                if self.todo.is_empty() {
                    return End::Done;
                }
                let some = (1 + self.dice.below(5) as usize).min(self.todo.len());
                let numbers: Vec<_> = self.todo[..some].to_vec();
                let mut batch: Vec<_> = numbers.iter().map(|number| message(Channel::Articles, *number)).collect();
                if self.dice.percent(30) {
                    batch.push(message(Channel::DeadLetters, 1_000_000));
                    batch.insert(0, message(Channel::Copies, 1_000_001));
                }
                match writer.commit(&batch).map_err(|incomplete| incomplete.why) {
                    Ok(receipts) => {
                        let articles = batch.iter().zip(&receipts).filter(|(m, _)| m.channel == Channel::Articles);
                        for ((_, receipt), number) in articles.zip(&numbers) {
                            self.promised.insert(*number, receipt.offset);
                        }
                        self.todo.drain(..some);
                        // Between the receipt and the index the process may end.
                        if self.dice.percent(10) {
                            return if self.disk.is_dead() { End::Dead } else { End::Killed };
                        }
                        let end = self.promised.values().max().expect("some") + 1;
                        self.positions.next.insert(0, end);
                    }
                    Err(_) if self.disk.is_dead() => return End::Dead,
                    Err(CommitError::Wait { .. } | CommitError::Aborted { .. }) => {}
                    Err(CommitError::Uncertain { .. }) => break,
                    Err(error) => panic!("seed {}: {error}", self.seed),
                }
                if self.dice.percent(5) {
                    return End::Killed;
                }
            }
        }
    }

    /// Everything that is in the log, read by a desk that knows nothing.
    fn all(&mut self) -> Vec<(usize, i64)> {
        let kept = self.positions.clone();
        let (_, found) = self.open(&Positions::default(), false).expect("a log in order");
        self.positions = kept;
        found.iter().map(|record| (number(record.hash), record.receipt.offset)).collect()
    }
}

fn play(seed: u64) {
    let mut desk = Desk::new(seed);
    for life in 0..LIVES {
        let failing = [0, 3, 10, 25][desk.dice.below(4) as usize];
        let operations = if life + 1 == LIVES { u64::MAX } else { 2 + desk.dice.below(200) };
        desk.disk.fail(if life + 1 == LIVES { 0 } else { failing }, operations);
        match desk.life() {
            End::Done if life + 1 < LIVES => desk.disk.power_cut(),
            End::Done | End::Killed => {}
            End::Dead => desk.disk.power_cut(),
        }
        let promised = desk.promised.clone();
        desk.disk.fail(0, u64::MAX);
        let there: BTreeMap<_, _> = desk.all().into_iter().collect();
        for (number, offset) in promised {
            assert_eq!(there.get(&number), Some(&offset), "seed {seed}, life {life}: record {number} was receipted");
        }
    }
    while !matches!(desk.life(), End::Done) {}
    desk.disk.power_cut();
    let all = desk.all();
    let offsets: Vec<i64> = all.iter().map(|(_, offset)| *offset).collect();
    assert_eq!(
        offsets,
        (0..RECORDS as i64).collect::<Vec<_>>(),
        "seed {seed}: every record once, one behind the other"
    );
    let mut numbers: Vec<usize> = all.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..RECORDS).collect::<Vec<_>>(), "seed {seed}");
}

#[test]
fn what_was_receipted_is_in_the_log_once_whatever_the_disk_forgets_and_start_goes_on() {
    if let Some(seed) = std::env::var("WIREDESK_SEED").ok().and_then(|text| text.parse().ok()) {
        return play(seed);
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
    println!("seeds 0 to 400, and 400 from {now}");
    (0..400).chain((0..400).map(|n| now.wrapping_add(n))).for_each(play);
}
