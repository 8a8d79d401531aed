//! A disk in memory that forgets, when the power is cut, what was not synced: bytes, lengths, names of files and of folders. What
//! remains of it is drawn: a write may have come to the platter whole, in pieces, or not at all, and a later one before an earlier.
//!
//! It fails, too: a write comes to half of its bytes, a sync to nothing, and what a failed sync left in memory is read back as if
//! it were there, while no later sync makes it durable (as Linux does).

use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use wiredesk_publish::log::disk::{Disk, DiskFile};

/// The unit in which bytes come to the platter.
const PAGE: usize = 64;

/// Draws numbers from a seed (splitmix64).
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut drawn = self.0;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (drawn ^ (drawn >> 31)) % end
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

impl Change {
    fn on(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, new) => {
                let end = at + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(new);
            }
            Self::Cut(length) => bytes.resize(*length, 0),
        }
    }

    /// What of it comes to the platter without a sync.
    fn partly_on(&self, bytes: &mut Vec<u8>, dice: &mut Dice) {
        match self {
            _ if dice.percent(30) => {}
            _ if dice.percent(30) => self.on(bytes),
            Self::Cut(_) => self.on(bytes),
            Self::Write(at, new) => {
                for (page, piece) in new.chunks(PAGE).enumerate() {
                    if dice.percent(60) {
                        Self::Write(at + page * PAGE, piece.to_vec()).on(bytes);
                    }
                }
            }
        }
    }
}

#[derive(Debug, Default)]
struct Kept {
    /// Whether its name would be there after a power cut.
    named: bool,
    /// What is on the platter for certain.
    durable: Vec<u8>,
    /// What the program sees.
    seen: Vec<u8>,
    /// What the next sync makes durable.
    dirty: Vec<Change>,
}

#[derive(Debug)]
struct State {
    dice: Dice,
    /// Folders, and whether their names are durable.
    folders: BTreeMap<PathBuf, bool>,
    files: BTreeMap<PathBuf, Kept>,
    /// Operations until the power is cut.
    left: u64,
    /// So many changes of a hundred fail.
    failing: u64,
}

/// The disk. Clones are one disk.
#[derive(Clone, Debug)]
pub(crate) struct Forgetful(Arc<Mutex<State>>);

impl Forgetful {
    /// An empty disk with one folder.
    pub(crate) fn new(seed: u64, root: &Path) -> Self {
        let folders = BTreeMap::from([(root.to_owned(), true)]);
        let state = State { dice: Dice(seed), folders, files: BTreeMap::new(), left: u64::MAX, failing: 0 };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }

    /// From now on so many changes of a hundred fail, and after `operations` everything does, for there is no power.
    pub(crate) fn fail(&self, percent: u64, operations: u64) {
        let mut state = self.state();
        (state.failing, state.left) = (percent, operations);
    }

    /// Whether the power is gone.
    pub(crate) fn is_dead(&self) -> bool {
        self.state().left == 0
    }

    /// The power comes back: what was not synced is what chance left of it.
    pub(crate) fn power_cut(&self) {
        let mut state = self.state();
        let State { dice, folders, files, .. } = &mut *state;
        let gone: Vec<PathBuf> =
            folders.iter().filter(|(_, named)| !**named && dice.percent(50)).map(|(path, _)| path.clone()).collect();
        let is_gone = |path: &Path| gone.iter().any(|gone| path.starts_with(gone));
        folders.retain(|path, _| !is_gone(path));
        files.retain(|path, file| !is_gone(path) && (file.named || dice.percent(50)));
        folders.values_mut().for_each(|named| *named = true);
        for file in files.values_mut() {
            file.named = true;
            file.dirty.drain(..).for_each(|change| change.partly_on(&mut file.durable, dice));
            file.seen = file.durable.clone();
        }
        (state.failing, state.left) = (0, u64::MAX);
    }
}

fn no_power() -> io::Error {
    io::Error::other("no power")
}

impl State {
    /// Counts an operation; it fails when there is no power.
    fn operation(&mut self) -> io::Result<()> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 { Err(no_power()) } else { Ok(()) }
    }

    /// Counts a change of something, and says whether it fails.
    fn changing(&mut self) -> io::Result<()> {
        self.operation()?;
        let failing = self.failing;
        if self.dice.percent(failing) {
            let full = self.dice.percent(50);
            return Err(if full { ErrorKind::StorageFull.into() } else { io::Error::other("the disk said no") });
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> io::Result<&mut Kept> {
        self.files.get_mut(path).ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Disk for Forgetful {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        for path in path.ancestors() {
            if state.folders.contains_key(path) {
                break;
            }
            state.folders.insert(path.to_owned(), false);
        }
        Ok(())
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.operation()?;
        if !state.folders.contains_key(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let inside = state.files.keys().chain(state.folders.keys()).filter(|path| path.parent() == Some(folder));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect())
    }

    fn read(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut state = self.state();
        state.operation()?;
        let mut bytes = Cursor::new(state.file(path)?.seen.clone());
        bytes.set_position(from);
        Ok(Box::new(bytes))
    }

    fn write(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.operation()?;
        if !path.parent().is_some_and(|folder| state.folders.contains_key(folder)) {
            return Err(ErrorKind::NotFound.into());
        }
        state.files.entry(path.to_owned()).or_default();
        Ok(Box::new(Open { disk: self.clone(), path: path.to_owned() }))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.changing()?;
        let State { folders, files, .. } = &mut *state;
        let inside = |path: &Path| path.parent() == Some(folder);
        folders.iter_mut().filter(|(path, _)| inside(path)).for_each(|(_, named)| *named = true);
        files.iter_mut().filter(|(path, _)| inside(path)).for_each(|(_, file)| file.named = true);
        Ok(())
    }
}

#[derive(Debug)]
struct Open {
    disk: Forgetful,
    path: PathBuf,
}

impl Open {
    fn change(&self, change: Change) -> io::Result<()> {
        let mut state = self.disk.state();
        let file = state.file(&self.path)?;
        change.on(&mut file.seen);
        file.dirty.push(change);
        Ok(())
    }
}

impl DiskFile for Open {
    fn length(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        state.operation()?;
        Ok(state.file(&self.path)?.seen.len() as u64)
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let at = usize::try_from(at).expect("a small file");
        let went = self.disk.state().changing();
        let written = if went.is_ok() { bytes.len() } else { bytes.len() / 2 };
        self.change(Change::Write(at, bytes[..written].to_vec()))?;
        went
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.disk.state().changing()?;
        self.change(Change::Cut(usize::try_from(length).expect("a small file")))
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        let went = state.changing();
        let State { dice, files, .. } = &mut *state;
        let file = files.get_mut(&self.path).ok_or(ErrorKind::NotFound)?;
        match went {
            Ok(()) => file.dirty.drain(..).for_each(|change| change.on(&mut file.durable)),
            // Given up: some of it has come to the platter, and of the rest nothing is tried again.
            Err(_) => file.dirty.drain(..).for_each(|change| change.partly_on(&mut file.durable, dice)),
        }
        went
    }
}
