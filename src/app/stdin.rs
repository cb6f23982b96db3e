//! Standard input, or a pipe that has a name, read by a thread of its own, so that nobody else has to
//! wait for it.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Bytes read at once, and how many such pieces may wait.
const PIECE: usize = 64 << 10;
const PIECES: usize = 16;

/// Whether somebody sends something: it is a pipe or a file, and no terminal, socket or `/dev/null`.
pub(super) fn is_given() -> bool {
    is_file() || is_pipe()
}

/// Whether all of it is there.
#[cfg(unix)]
pub(super) fn is_file() -> bool {
    kind().is_some_and(|kind| kind.is_file())
}

#[cfg(unix)]
fn is_pipe() -> bool {
    use std::os::unix::fs::FileTypeExt;

    kind().is_some_and(|kind| kind.is_fifo())
}

#[cfg(unix)]
fn kind() -> Option<std::fs::FileType> {
    use std::os::fd::AsFd;

    let file = io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    Some(file.and_then(|file| file.metadata()).ok()?.file_type())
}

#[cfg(not(unix))]
pub(super) const fn is_file() -> bool {
    false
}

#[cfg(not(unix))]
fn is_pipe() -> bool {
    use std::io::IsTerminal;

    !io::stdin().is_terminal()
}

/// Begins to read. The pieces come in order; an empty one is the end, and so is an error.
pub(super) fn pieces() -> Receiver<io::Result<Vec<u8>>> {
    let (sender, pieces) = sync_channel(PIECES);
    thread::spawn(move || send(io::stdin().lock(), &sender));
    pieces
}

/// The same of a pipe by its path. It is opened by the thread, too: that waits for a writer.
#[cfg(feature = "tui")]
pub(super) fn pieces_of(path: std::path::PathBuf) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, pieces) = sync_channel(PIECES);
    thread::spawn(move || match std::fs::File::open(path) {
        Ok(pipe) => send(pipe, &sender),
        Err(error) => drop(sender.send(Err(error))),
    });
    pieces
}

fn send(mut pipe: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let read = pipe.read(&mut piece).map(|bytes| {
            piece.truncate(bytes);
            piece
        });
        let is_end = read.as_ref().map_or(true, Vec::is_empty);
        if sender.send(read).is_err() || is_end {
            return;
        }
    }
}
