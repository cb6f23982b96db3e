//! A frame field by field: what each octet of its headers is, from the link layer to the last option.
//!
//! ```text
//!  header  TCP                        20 + 20 octets
//!  octets    sequence number          653223704
//!  octets    flags                    SYN
//!  header    MP_CAPABLE               v1, 4 octets
//!  octets      flags                  0x01
//!  bits          H HMAC-SHA256        .... ...1
//! ```
//!
//! The fields of octets stand one behind the other and leave none of the captured octets out, so that
//! a dump of the frame and the tree of its fields can point at each other. What is not captured is not
//! there, and what cannot be read is a field as well.

mod context;
mod ip;
mod link;
mod mptcp;
mod tcp;
mod walk;

use crate::wire::frame::Frame;
use crate::wire::header::HeaderKind;
use crate::wire::segment::headers;
use walk::Walk;

pub use context::{FieldContext, relative};
pub use tcp::flag_names;
pub use walk::{Field, Part};

/// All fields of `frame`, in the order of its octets.
pub fn fields(frame: &Frame<'_>, context: &FieldContext<'_>) -> Vec<Field> {
    let captured = frame.data.len();
    let mut walk = Walk::new(frame.data);
    // Where the IP packet ends. Without one, nothing can trail it.
    let mut packet_end = usize::MAX;
    for header in headers(frame) {
        walk.end = header.octets.end;
        match header.kind {
            HeaderKind::Ipv4 { packet_len } => {
                packet_end = walk.at + packet_len as usize;
                ip::ipv4(&mut walk, packet_len);
            }
            HeaderKind::Ipv6 { packet_len } => {
                packet_end = walk.at + packet_len as usize;
                ip::ipv6(&mut walk, packet_len);
            }
            HeaderKind::Extension(protocol) => ip::extension(&mut walk, protocol, header.len),
            HeaderKind::Tcp { segment_len } => {
                tcp::header(&mut walk, context);
                walk.end = captured.min(packet_end);
                let octets = frame.data.get(header.octets).unwrap_or_default();
                tcp::payload(&mut walk, octets, segment_len as usize);
            }
            _ => link::header(&mut walk, &header),
        }
    }
    walk.end = captured;
    // Such as the padding of a short Ethernet frame.
    let name = if walk.at >= packet_end { "trailer" } else { "not decoded" };
    walk.octets(walk.left(), name, |octets| format!("{} octets", octets.len()));
    let missing = (frame.wire_len as usize).saturating_sub(frame.data.len());
    if missing > 0 {
        let value = format!("{missing} octets, cut by the snap length");
        let octets = walk.at..walk.at;
        walk.push(Part::Octets, "not captured", value, octets);
    }
    walk.into_fields()
}
