//! What is told of an option, and of a kind of them.

use std::borrow::Cow;

use super::field::{FieldSpec, OptionField, each_field_of, line_of};
use crate::wire::seq::WireDsn;

/// What there is to say of one option, for every output.
pub trait Describe {
    /// The RFC's name.
    fn name(&self) -> &'static str;

    /// `kind` in JSON.
    fn json_kind(&self) -> &'static str {
        self.name()
    }

    /// Octets of the option, kind and length included.
    fn option_len(&self) -> u8;

    /// Gives every field that it has to `take`, in the order of JSON.
    fn each_field(&self, take: &mut dyn FnMut(OptionField));

    /// It in a line of `packets`: its name, and its fields.
    fn line(&self) -> String;

    /// What it says, in a few words for a person; `None` if that is nothing new.
    fn event(&self) -> Option<String>;

    /// It in as few cells as an arrow has.
    fn label(&self) -> Label;

    /// Its name in the tree of a packet.
    fn tree_name(&self) -> Cow<'static, str> {
        self.name().into()
    }

    /// What matters most in it, beside its name; empty if nothing does.
    fn title(&self) -> String;

    /// What the lower half of the subtype octet is: masks and names.
    fn low_bits(&self) -> Bits;

    /// The octets after the subtype octet, as far as they are known.
    fn octets(&self) -> Vec<Octets>;

    /// What people call it when they look for it.
    fn search_names(&self) -> &'static [&'static str];
}

/// Bits of an octet: the mask and the name of each.
pub type Bits = &'static [(u8, &'static str)];

/// The label of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its words.
    pub words: String,
    /// A data sequence number of the receiver, which follows them.
    pub dsn: Option<WireDsn>,
}

impl Label {
    /// Words alone.
    pub fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), dsn: None }
    }
}

/// Octets of an option that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets {
    /// How many.
    pub len: usize,
    /// Their name in the tree of a packet.
    pub name: &'static str,
    /// What they say.
    pub content: Content,
    /// What the bits of the last one are.
    pub bits: Bits,
}

/// What octets of an option say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A number.
    Number,
    /// Nothing but themselves.
    Hex,
    /// A proof.
    Proof,
    /// A data sequence number of the sender.
    SenderDsn,
    /// A data sequence number of the receiver.
    ReceiverDsn,
    /// What these words say.
    Words(String),
}

impl Octets {
    /// Octets without named bits.
    pub(super) const fn new(len: usize, name: &'static str, content: Content) -> Self {
        Self { len, name, content, bits: &[] }
    }

    /// A number.
    pub(super) const fn number(len: usize, name: &'static str) -> Self {
        Self::new(len, name, Content::Number)
    }

    /// What says nothing but itself.
    pub(super) const fn hex(len: usize, name: &'static str) -> Self {
        Self::new(len, name, Content::Hex)
    }

    /// What these words say.
    pub(super) fn words(len: usize, name: &'static str, words: impl Into<String>) -> Self {
        Self::new(len, name, Content::Words(words.into()))
    }
}

/// A suboption with an RFC's name: what is the same for every option of the kind, and what there is to
/// say of one.
pub(super) trait Suboption: Sized + 'static {
    /// The RFC's name.
    const NAME: &'static str;
    /// What the option is for: in the JSON Schema of events.
    const PURPOSE: &'static str;
    /// Name of its JSON Schema.
    const SCHEMA_NAME: &'static str;
    /// What that says of it, with an example.
    const SCHEMA_DOC: &'static str;
    /// Its fields, in the order of JSON.
    const FIELDS: &'static [FieldSpec<Self>];
    /// What people call it when they look for it.
    const SEARCH_NAMES: &'static [&'static str];

    /// As [`Describe::option_len`].
    fn option_len(&self) -> u8;
    /// As [`Describe::event`].
    fn event(&self) -> Option<String>;
    /// As [`Describe::label`].
    fn label(&self) -> Label;
    /// As [`Describe::title`].
    fn title(&self) -> String;
    /// As [`Describe::low_bits`].
    fn low_bits(&self) -> Bits;
    /// As [`Describe::octets`].
    fn octets(&self) -> Vec<Octets>;
    /// As [`Describe::search_names`].
    fn search_names(&self) -> &'static [&'static str] {
        Self::SEARCH_NAMES
    }
}

impl<T: Suboption> Describe for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn option_len(&self) -> u8 {
        Suboption::option_len(self)
    }

    fn each_field(&self, take: &mut dyn FnMut(OptionField)) {
        each_field_of(T::FIELDS, self, take);
    }

    fn line(&self) -> String {
        named(T::NAME, &line_of(T::FIELDS, self))
    }

    fn event(&self) -> Option<String> {
        Suboption::event(self)
    }

    fn label(&self) -> Label {
        Suboption::label(self)
    }

    fn title(&self) -> String {
        Suboption::title(self)
    }

    fn low_bits(&self) -> Bits {
        Suboption::low_bits(self)
    }

    fn octets(&self) -> Vec<Octets> {
        Suboption::octets(self)
    }

    fn search_names(&self) -> &'static [&'static str] {
        Suboption::search_names(self)
    }
}

/// A name, and what follows it.
pub(super) fn named(name: &str, words: &str) -> String {
    if words.is_empty() { name.to_owned() } else { format!("{name} {words}") }
}
