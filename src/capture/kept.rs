//! Inputs that are read twice.
//!
//! A file is opened again for the second reading, and unpacked again. What can be read only once (a
//! pipe) goes, as it comes, into a temporary file without a name; the second reading is of that.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::KeptError;
use super::input_path::{InputPath, Reader};
use super::open::{self, Unopened};
use super::{Capture, InputStatus};

/// Where pipes are kept, and how much of them.
#[derive(Debug, Clone)]
pub struct KeptLimits {
    /// The folder of the temporary file.
    pub folder: PathBuf,
    /// Bytes that all pipes together may take; `None`: half of what is free in the folder.
    pub most: Option<u64>,
}

impl KeptLimits {
    /// Bytes that may be kept, as things are now.
    pub fn bytes(&self) -> io::Result<u64> {
        self.most.map_or_else(|| Ok(free(&self.folder)? / 2), Ok)
    }
}

/// Bytes that this user may still write in a folder.
fn free(folder: &Path) -> io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Whether an input can be read only once: it is no regular file.
pub fn is_pipe(input: &InputPath) -> bool {
    let metadata = match input {
        InputPath::Stdin => stdin().and_then(|file| file.metadata()),
        InputPath::File(path) => path.metadata(),
    };
    // One that is not there is no pipe: opening it will say so.
    metadata
        .map_or(*input == InputPath::Stdin, |metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Inputs, opened so that they can be opened once more.
#[derive(Debug)]
pub struct KeptInputs(Vec<KeptInput>);

/// One of them.
#[derive(Debug)]
struct KeptInput {
    path: InputPath,
    kind: KeptKind,
}

#[derive(Debug)]
enum KeptKind {
    File(FileStamp),
    /// A file that somebody else opened as our standard input, and where it begins.
    OpenFile(FileStamp, File, u64),
    Pipe(Arc<KeptBytes>),
}

impl KeptInputs {
    /// Opens all inputs for their first reading. Pipes end as soon as `stopped` is set.
    pub fn open(
        paths: &[InputPath],
        limits: &KeptLimits,
        stopped: &Arc<AtomicBool>,
    ) -> Result<(Self, Capture), KeptError> {
        open::check(paths)?;
        let mut room = None;
        let mut inputs = Vec::new();
        let mut unopened = Vec::new();
        for path in paths {
            let (kind, reader, size) = first(path, limits, &mut room, stopped)?;
            inputs.push(KeptInput { path: path.clone(), kind });
            unopened.push(Unopened { path: path.clone(), reader, size });
        }
        let inputs = Self(inputs);
        match Capture::recognise(unopened) {
            Ok(capture) => Ok((inputs, capture)),
            Err(error) => Err(inputs.failure().unwrap_or_else(|| error.into())),
        }
    }

    /// Why a pipe cannot be kept any more, so that there will be no second reading.
    pub fn failure(&self) -> Option<KeptError> {
        self.0.iter().find_map(|input| match &input.kind {
            KeptKind::Pipe(kept) => kept.failure(&input.path),
            KeptKind::File(_) | KeptKind::OpenFile(..) => None,
        })
    }

    /// Whether one of the inputs is a pipe.
    pub fn has_pipe(&self) -> bool {
        self.0.iter().any(|input| matches!(input.kind, KeptKind::Pipe(_)))
    }

    /// Opens all inputs for their second reading. Fails if one of them is another one by now.
    pub fn reopen(&self) -> Result<Capture, KeptError> {
        let unopened: Result<Vec<_>, KeptError> = self.0.iter().map(KeptInput::reopen).collect();
        Ok(Capture::recognise(unopened?)?)
    }

    /// Fails if an input changed between the readings, or during the second one. `first` and `second`
    /// are what they found in each input.
    pub fn check(&self, first: &[InputStatus], second: &[InputStatus]) -> Result<(), KeptError> {
        let both = first.iter().zip(second);
        for (input, (first, second)) in self.0.iter().zip(both) {
            // Their notes may differ: a pipe that broke ends as it was kept.
            let found =
                |status: &InputStatus| (status.packets, status.bytes, status.first, status.last);
            if found(first) != found(second) || !input.is_as_before() {
                return Err(KeptError::Changed { input: input.path.clone() });
            }
        }
        Ok(())
    }
}

/// How an input is opened for the first time.
fn first(
    path: &InputPath,
    limits: &KeptLimits,
    room: &mut Option<Room>,
    stopped: &Arc<AtomicBool>,
) -> Result<(KeptKind, Reader, Option<u64>), KeptError> {
    let unreadable = |error| KeptError::Open(open::unreadable(path, error));
    let mut file = match path {
        InputPath::Stdin => stdin(),
        InputPath::File(path) => open::file(path),
    }
    .map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        let kept = KeptBytes::create(limits, room).map_err(|source| KeptError::Folder {
            input: path.clone(),
            folder: limits.folder.clone(),
            source,
        })?;
        let kept = Arc::new(kept);
        let reader = Keeping { pipe: file, kept: Arc::clone(&kept), stopped: Arc::clone(stopped) };
        return Ok((KeptKind::Pipe(kept), Box::new(reader), None));
    }
    let (stamp, size) = (FileStamp::of(&metadata), metadata.len());
    if let InputPath::File(_) = path {
        return Ok((KeptKind::File(stamp), Box::new(file), Some(size)));
    }
    let start = file.stream_position().map_err(unreadable)?;
    let again = file.try_clone().map_err(unreadable)?;
    let size = size.saturating_sub(start);
    Ok((KeptKind::OpenFile(stamp, again, start), Box::new(file), Some(size)))
}

/// Standard input, without the buffer that the standard library puts before it.
fn stdin() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

impl KeptInput {
    fn reopen(&self) -> Result<Unopened, KeptError> {
        let unreadable = |error| KeptError::Open(open::unreadable(&self.path, error));
        let (reader, size): (Reader, u64) = match (&self.kind, &self.path) {
            (KeptKind::Pipe(kept), _) => {
                let bytes = kept.reader().map_err(unreadable)?;
                (Box::new(bytes), kept.len())
            }
            (KeptKind::OpenFile(_, file, start), _) => {
                let mut file = file.try_clone().map_err(unreadable)?;
                file.seek(SeekFrom::Start(*start)).map_err(unreadable)?;
                let size = file.metadata().map_err(unreadable)?.len();
                (Box::new(file), size.saturating_sub(*start))
            }
            (KeptKind::File(_), InputPath::File(path)) => {
                let file = open::file(path).map_err(unreadable)?;
                let size = file.metadata().map_err(unreadable)?.len();
                (Box::new(file), size)
            }
            (KeptKind::File(_), InputPath::Stdin) => {
                return Err(unreadable(io::ErrorKind::Other.into()));
            }
        };
        if !self.is_as_before() {
            return Err(KeptError::Changed { input: self.path.clone() });
        }
        Ok(Unopened { path: self.path.clone(), reader, size: Some(size) })
    }

    /// Whether it is the file that it was when it was opened first.
    fn is_as_before(&self) -> bool {
        let (stamp, metadata) = match (&self.kind, &self.path) {
            (KeptKind::OpenFile(stamp, file, _), _) => (stamp, file.metadata()),
            (KeptKind::File(stamp), InputPath::File(path)) => (stamp, path.metadata()),
            _ => return true,
        };
        metadata.is_ok_and(|metadata| FileStamp::of(&metadata) == *stamp)
    }
}

/// By what a file is known again that nobody wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileStamp {
    device: u64,
    inode: u64,
    len: u64,
    written: (i64, i64),
}

impl FileStamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            written: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// Bytes that all pipes together may still take. Looked up when the first one is opened.
#[derive(Debug, Clone)]
struct Room {
    most: u64,
    left: Arc<AtomicU64>,
}

impl Room {
    fn new(most: u64) -> Self {
        Self { most, left: Arc::new(AtomicU64::new(most)) }
    }
}

/// What came through a pipe, in a temporary file without a name.
#[derive(Debug)]
struct KeptBytes {
    file: File,
    folder: PathBuf,
    len: AtomicU64,
    room: Room,
    failed: Mutex<Option<Failure>>,
}

/// Why no more could be kept.
#[derive(Debug)]
enum Failure {
    Full,
    Write(io::Error),
}

impl KeptBytes {
    fn create(limits: &KeptLimits, room: &mut Option<Room>) -> io::Result<Self> {
        let file = tempfile::tempfile_in(&limits.folder)?;
        let room = match room {
            Some(room) => room.clone(),
            None => room.insert(Room::new(limits.bytes()?)).clone(),
        };
        let folder = limits.folder.clone();
        Ok(Self { file, folder, len: AtomicU64::new(0), room, failed: Mutex::new(None) })
    }

    fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    /// Keeps what comes next.
    fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        let wanted = bytes.len() as u64;
        let take = |left: u64| left.checked_sub(wanted);
        let kept = match self.room.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => self.file.write_all_at(bytes, self.len()).map_err(Failure::Write),
            Err(_) => Err(Failure::Full),
        };
        match kept {
            Ok(()) => {
                self.len.fetch_add(wanted, Ordering::Relaxed);
                Ok(())
            }
            Err(failure) => {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    fn failure(&self, input: &InputPath) -> Option<KeptError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, folder) = (input.clone(), self.folder.clone());
        Some(match failed.as_ref()? {
            Failure::Full => KeptError::Full { input, folder, most: self.room.most },
            // An error cannot be copied, but its kind and its words can.
            Failure::Write(source) => {
                let source = io::Error::new(source.kind(), source.to_string());
                KeptError::Write { input, folder, source }
            }
        })
    }

    /// All of it, from the start.
    fn reader(&self) -> io::Result<KeptReader> {
        Ok(KeptReader { file: self.file.try_clone()?, at: 0, end: self.len() })
    }
}

/// A pipe whose bytes are kept as they are read.
struct Keeping {
    pipe: File,
    kept: Arc<KeptBytes>,
    stopped: Arc<AtomicBool>,
}

impl Read for Keeping {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.stopped.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let octets = self.pipe.read(space)?;
        self.kept.keep(space.get(..octets).unwrap_or_default())?;
        Ok(octets)
    }
}

/// Reads what was kept.
struct KeptReader {
    file: File,
    at: u64,
    end: u64,
}

impl Read for KeptReader {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let len = space.len().min(left);
        let octets = self.file.read_at(space.get_mut(..len).unwrap_or_default(), self.at)?;
        self.at += octets as u64;
        Ok(octets)
    }
}
