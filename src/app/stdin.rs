//! Standard input, read by a thread of its own, so that nobody else has to wait for it.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Bytes read at once, and how many such pieces may wait.
const PIECE: usize = 64 << 10;
const PIECES: usize = 16;

/// Begins to read. The pieces come in order; an empty one is the end, and so is an error.
pub(super) fn pieces() -> Receiver<io::Result<Vec<u8>>> {
    let (sender, pieces) = sync_channel(PIECES);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut piece = vec![0; PIECE];
            let read = stdin.read(&mut piece).map(|bytes| {
                piece.truncate(bytes);
                piece
            });
            let is_end = read.as_ref().map_or(true, Vec::is_empty);
            if sender.send(read).is_err() || is_end {
                return;
            }
        }
    });
    pieces
}
