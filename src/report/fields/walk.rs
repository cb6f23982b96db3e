//! A way through the octets of a frame, on which each becomes a part of a field.

use std::borrow::Cow;
use std::ops::Range;

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

/// A way through the octets of a frame. Octets past `end` belong to no field that is read now.
pub(super) struct Walk<'a> {
    data: &'a [u8],
    pub(super) at: usize,
    pub(super) end: usize,
    depth: usize,
    fields: Vec<Field>,
}

/// A header whose fields are being read.
pub(super) struct Open {
    index: usize,
    start: usize,
}

impl<'a> Walk<'a> {
    /// At the first of these octets.
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, end: data.len(), depth: 0, fields: Vec::new() }
    }

    /// The fields, in the order of their octets.
    pub(super) fn into_fields(self) -> Vec<Field> {
        self.fields
    }

    /// Octets that are left.
    pub(super) const fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// The next octets, as many as are left of `len`.
    pub(super) fn peek(&self, len: usize) -> &'a [u8] {
        let end = (self.at + len).min(self.end);
        self.data.get(self.at..end).unwrap_or_default()
    }

    pub(super) fn peek_u8(&self, offset: usize) -> Option<u8> {
        self.peek(offset + 1).get(offset).copied()
    }

    /// Begins a header; what follows is one level deeper until it is closed.
    pub(super) fn open(&mut self, name: impl Into<Cow<'static, str>>) -> Open {
        let open = Open { index: self.fields.len(), start: self.at };
        self.push(Part::Header, name, String::new(), self.at..self.at);
        self.depth += 1;
        open
    }

    /// Ends a header.
    pub(super) fn close(&mut self, open: &Open, value: String) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(field) = self.fields.get_mut(open.index) {
            field.octets = open.start..self.at;
            field.value = value;
        }
    }

    /// The next `len` octets are one field. Of one that was cut, only that is said.
    pub(super) fn octets(
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
    pub(super) fn number(&mut self, len: usize, name: impl Into<Cow<'static, str>>) {
        self.octets(len, name, |octets| number(octets).to_string());
    }

    /// A field that is shown as it is.
    pub(super) fn hex(&mut self, len: usize, name: impl Into<Cow<'static, str>>) {
        self.octets(len, name, hex);
    }

    /// Bits of the octet before: the mask and the name of each.
    pub(super) fn bits(&mut self, bits: &[(u8, &'static str)]) {
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

    /// A field of `octets`, after those that are there.
    pub(super) fn push(
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
pub(super) fn number(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// Octets as digits.
pub(super) fn hex(octets: &[u8]) -> String {
    const_hex::encode_prefixed(octets)
}
