//! The one loop: frame, segment, and on to whoever wants it.

use std::io;

use super::progress::Progress;
use crate::capture::Capture;
use crate::wire::decoder::Decoder;
use crate::wire::frame::Frame;
use crate::wire::segment::Decoded;

/// How many frames pass between two looks at the clock.
const FRAMES_PER_LOOK: u64 = 4096;

/// Reads `capture` to its end and hands every frame, with what was decoded from it, to `visit`,
/// whose error ends the loop.
#[inline]
pub(super) fn run(
    capture: &mut Capture,
    decoder: &mut Decoder,
    mut progress: Progress,
    mut visit: impl FnMut(&Frame<'_>, &Decoded<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut frames: u64 = 0;
    while let Some(frame) = capture.next_frame() {
        visit(&frame, &decoder.decode(&frame))?;
        frames += 1;
        if frames.is_multiple_of(FRAMES_PER_LOOK) {
            progress.update(capture.bytes_read(), frames);
        }
    }
    Ok(())
}
