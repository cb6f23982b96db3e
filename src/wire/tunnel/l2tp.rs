//! L2TPv2 (RFC 2661): PPP over UDP.

use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::trail::TunnelKind;

/// Bits of the first word.
const IS_CONTROL: u16 = 0x8000;
const HAS_LENGTH: u16 = 0x4000;
const HAS_SEQUENCE: u16 = 0x0800;
const HAS_OFFSET: u16 = 0x0200;
const VERSION: u16 = 0x000f;

/// §3.1: flags and version, then length, tunnel, session, two sequence numbers, an offset and as much
/// padding, of which only tunnel and session are always there.
pub(super) fn header<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let field = |at: usize| {
        let octets = walk.rest.get(at..).and_then(|rest| rest.first_chunk());
        octets.map(|octets| u16::from_be_bytes(*octets))
    };
    let flags = field(0).ok_or(NotTcp::Undecoded)?;
    if flags & VERSION != 2 || flags & IS_CONTROL != 0 {
        return Err(NotTcp::Undecoded);
    }
    let tunnel_at = if flags & HAS_LENGTH == 0 { 2 } else { 4 };
    let tunnel = field(tunnel_at).ok_or(NotTcp::Undecoded)?;
    let session = field(tunnel_at + 2).ok_or(NotTcp::Undecoded)?;
    let mut len = tunnel_at + 4;
    if flags & HAS_SEQUENCE != 0 {
        len += 4;
    }
    if flags & HAS_OFFSET != 0 {
        len += 2 + usize::from(field(len).ok_or(NotTcp::Undecoded)?);
    }
    walk.header_of(HeaderKind::Named("L2TP"), len)?;
    // Each end chooses its own numbers: they differ by direction.
    let identifier = u32::from(tunnel) << 16 | u32::from(session);
    walk.trail.enter(TunnelKind::L2tp, Some(identifier))?;
    Ok(Next::Ppp)
}
