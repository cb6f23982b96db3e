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

mod ip;
mod link;
mod mptcp;
mod tcp;

use std::borrow::Cow;
use std::ops::Range;

use crate::track::proof::Verdict;
use crate::wire::frame::Frame;
use crate::wire::header::HeaderKind;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::headers;
use crate::wire::seq::{Dsn, WireDsn};

pub use tcp::flag_names;

/// One line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// How deep it stands; 0 is a header, or what trails them.
    pub depth: usize,
    /// What of the frame it is.
    pub part: Part,
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value, for a person.
    pub value: String,
    /// Its octets, from the beginning of the frame.
    pub octets: Range<usize>,
}

/// What of a frame a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Several fields, which follow it one level deeper.
    Header,
    /// Octets that no other field of this part has.
    Octets,
    /// Some bits of the octets before it.
    Bits,
}

/// What the connection of a frame tells of its fields.
#[derive(Clone, Copy)]
pub struct FieldContext<'a> {
    /// What the proof in an option is worth; `None` where there is none.
    pub proof: &'a dyn Fn(&MptcpOption) -> Option<Verdict>,
    /// Initial data sequence number of the host that sent the frame.
    pub sender_idsn: Option<Dsn>,
    /// That of its peer.
    pub receiver_idsn: Option<Dsn>,
}

impl FieldContext<'_> {
    /// Nothing is known of the connection.
    pub const NOTHING: FieldContext<'static> =
        FieldContext { proof: &|_| None, sender_idsn: None, receiver_idsn: None };
}

/// A data sequence number as octets of the stream are counted: the first one has 1.
pub fn relative(number: WireDsn, idsn: Option<Dsn>) -> Option<i64> {
    let idsn = idsn?;
    // RFC 8684 §3.3.1: a number of 32 bits is the lower half of one of 64. Which one, its place in
    // the stream tells; that far, up to 4 GiB are told apart.
    let expanded = number.expand(idsn.add(u64::from(u32::MAX / 2)));
    Some(expanded.distance_from(idsn))
}

/// All fields of `frame`, in the order of its octets.
pub fn fields(frame: &Frame<'_>, context: &FieldContext<'_>) -> Vec<Field> {
    let captured = frame.data.len();
    let mut walk = Walk { data: frame.data, at: 0, end: captured, fields: Vec::new(), depth: 0 };
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
    walk.fields
}

/// A way through the octets of a frame. Octets past `end` belong to no field that is read now.
struct Walk<'a> {
    data: &'a [u8],
    at: usize,
    end: usize,
    depth: usize,
    fields: Vec<Field>,
}

/// A header whose fields are being read.
struct Open {
    index: usize,
    start: usize,
}

impl<'a> Walk<'a> {
    /// Octets that are left.
    const fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// The next octets, as many as are left of `len`.
    fn peek(&self, len: usize) -> &'a [u8] {
        let end = (self.at + len).min(self.end);
        self.data.get(self.at..end).unwrap_or_default()
    }

    fn peek_u8(&self, offset: usize) -> Option<u8> {
        self.peek(offset + 1).get(offset).copied()
    }

    /// Begins a header; what follows is one level deeper until it is closed.
    fn open(&mut self, name: impl Into<Cow<'static, str>>) -> Open {
        let open = Open { index: self.fields.len(), start: self.at };
        self.push(Part::Header, name, String::new(), self.at..self.at);
        self.depth += 1;
        open
    }

    /// Ends a header.
    fn close(&mut self, open: &Open, value: String) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(field) = self.fields.get_mut(open.index) {
            field.octets = open.start..self.at;
            field.value = value;
        }
    }

    /// The next `len` octets are one field. Of one that was cut, only that is said.
    fn octets(
        &mut self,
        len: usize,
        name: impl Into<Cow<'static, str>>,
        value: impl FnOnce(&[u8]) -> String,
    ) {
        let octets = self.peek(len);
        if octets.is_empty() {
            return;
        }
        let value = if octets.len() < len { "cut".to_owned() } else { value(octets) };
        let range = self.at..self.at + octets.len();
        self.at = range.end;
        self.push(Part::Octets, name, value, range);
    }

    /// A field that is a number.
    fn number(&mut self, len: usize, name: impl Into<Cow<'static, str>>) {
        self.octets(len, name, |octets| number(octets).to_string());
    }

    /// A field that is shown as it is.
    fn hex(&mut self, len: usize, name: impl Into<Cow<'static, str>>) {
        self.octets(len, name, hex);
    }

    /// Bits of the octet before: the mask and the name of each.
    fn bits(&mut self, bits: &[(u8, &'static str)]) {
        let Some(octet) = self.at.checked_sub(1).and_then(|at| self.data.get(at)).copied() else {
            return;
        };
        self.depth += 1;
        for (mask, name) in bits {
            let drawn = drawn_bits(octet, *mask);
            self.push(Part::Bits, *name, drawn, self.at - 1..self.at);
        }
        self.depth -= 1;
    }

    fn push(
        &mut self,
        part: Part,
        name: impl Into<Cow<'static, str>>,
        value: String,
        octets: Range<usize>,
    ) {
        self.fields.push(Field { depth: self.depth, part, name: name.into(), value, octets });
    }
}

/// `.... ...1`: the bits of a mask, and points for the others.
fn drawn_bits(octet: u8, mask: u8) -> String {
    let mut drawn = String::with_capacity(9);
    for bit in (0..8).rev() {
        if bit == 3 {
            drawn.push(' ');
        }
        drawn.push(match (mask >> bit & 1, octet >> bit & 1) {
            (0, _) => '.',
            (_, 0) => '0',
            _ => '1',
        });
    }
    drawn
}

/// Octets as a number, big end first.
fn number(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// Octets as digits.
fn hex(octets: &[u8]) -> String {
    const_hex::encode_prefixed(octets)
}
