//! GTP-U (3GPP TS 29.281): user data between base station and core.

use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::trail::TunnelKind;

/// Message type of user data.
const G_PDU: u8 = 0xff;
/// Far more extension headers than any packet has.
const MOST_EXTENSIONS: usize = 16;

/// §5.1: version 1, protocol type 1, message type, length, tunnel endpoint. If any of three bits is
/// set, four octets more; if an extension follows is said by the last of them.
pub(super) fn header<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<8>(HeaderKind::Named("GTP-U"))?;
    if header[0] & 0xf0 != 0x30 || header[1] != G_PDU {
        return Err(NotTcp::Undecoded);
    }
    let endpoint = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    if header[0] & 0x07 != 0 {
        let optional = walk.header::<4>(HeaderKind::Named("GTP-U optional fields"))?;
        // §5.1: the field means nothing without its bit.
        if header[0] & 0x04 != 0 {
            pass_extensions(walk, optional[3])?;
        }
    }
    walk.trail.enter(TunnelKind::GtpU, Some(endpoint))?;
    Ok(Next::Ip)
}

/// §5.2.1: length in words of four octets, content, type of the next one.
fn pass_extensions<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    mut kind: u8,
) -> Result<(), NotTcp<'a>> {
    for _ in 0..MOST_EXTENSIONS {
        if kind == 0 {
            return Ok(());
        }
        let len = walk.rest.first().map_or(0, |words| usize::from(*words) * 4);
        if len == 0 {
            return Err(NotTcp::Undecoded);
        }
        let octets = walk.header_of(HeaderKind::Named("GTP-U extension"), len)?;
        kind = octets.last().copied().unwrap_or(0);
    }
    Err(NotTcp::Undecoded)
}
