//! The fields: what they are called, what their values look like, and what they say.

use std::fmt;

use crate::nearest::nearest;

/// What a value of a field looks like, and how values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An address, or a prefix for all addresses below it.
    Address,
    /// A number.
    Number,
    /// A version: `1`, `v1`.
    Version,
    /// A wire value of 32 bits: `0x106dabcd`.
    Hex32,
    /// An amount of data: `1MB`, `64KiB`, `10Mbit`.
    Size,
    /// A time: `200ms`.
    Time,
    /// A share: `0.5%`.
    Share,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, the least first: they compare.
    Level(&'static [&'static str]),
    /// The code of a finding.
    Code,
    /// A name.
    Text,
}

impl Kind {
    /// Whether `<` and its like mean something.
    pub(super) const fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Number | Self::Version | Self::Size | Self::Time | Self::Share | Self::Level(_)
        )
    }

    /// Whether values have a text that `contains` can look into.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Address | Self::Word(_) | Self::Code | Self::Text)
    }

    /// What a value is, for messages: `an address`.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Address => "an address",
            Self::Number => "a number",
            Self::Version => "a version",
            Self::Hex32 => "a token",
            Self::Size => "an amount of data",
            Self::Time => "a time",
            Self::Share => "a share",
            Self::Word(_) | Self::Level(_) => "a word",
            Self::Code => "the code of a finding",
            Self::Text => "a name",
        }
    }

    /// A value as it may be written.
    pub fn example(self) -> &'static str {
        match self {
            Self::Address => "10.0.0.1 or 10.0.0.0/8",
            Self::Number => "2",
            Self::Version => "1",
            Self::Hex32 => "0x106dabcd",
            Self::Size => "1MB, 64KiB or 10Mbit",
            Self::Time => "200ms",
            Self::Share => "0.5%",
            Self::Word(words) | Self::Level(words) => words.first().copied().unwrap_or_default(),
            Self::Code => "single-path",
            Self::Text => "eth0",
        }
    }
}

/// How bad a finding is, the least first.
const LEVELS: &[&str] = &["note", "warning", "error"];

/// How far a connection came.
const STATES: &[&str] = &[
    "handshaking",
    "established",
    "closing",
    "closed",
    "fast_closed",
    "reset",
    "refused",
    "unknown",
    "fallback",
];

const OPTIONS: &[&str] = &[
    "MP_CAPABLE",
    "MP_JOIN",
    "DSS",
    "ADD_ADDR",
    "REMOVE_ADDR",
    "MP_PRIO",
    "MP_FAIL",
    "MP_FASTCLOSE",
    "MP_TCPRST",
    "MP_EXPERIMENTAL",
    "UNKNOWN",
    "MALFORMED",
];

/// What a packet is, by the most remarkable thing about it, as `packets` names it.
const CLASSES: &[&str] = &[
    "handshake",
    "data",
    "ack",
    "address",
    "priority",
    "failure",
    "close",
    "reset",
    "reinjected",
    "retransmitted",
    "remapped",
    "unmapped",
    "copy",
    "other",
];

const DIRECTIONS: &[&str] = &["c2s", "s2c"];
const SIDES: &[&str] = &["client", "server"];

/// A field and what is known of it.
macro_rules! fields {
    ($($field:ident $name:literal, $short:expr, $kind:expr, $about:literal;)+) => {
        /// What a filter can ask a row for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Field {
            $(#[doc = $about] $field,)+
        }

        impl Field {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$field,)+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$field => $name,)+ }
            }

            /// Other names that are understood.
            pub(super) const fn short_names(self) -> &'static [&'static str] {
                match self { $(Self::$field => $short,)+ }
            }

            /// What its values look like.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$field => $kind,)+ }
            }

            /// What it says.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$field => $about,)+ }
            }
        }
    };
}

fields! {
    Address "ip.addr", &["addr", "address", "ipv6.addr"], Kind::Address, "an address of either end";
    Port "tcp.port", &["port"], Kind::Number, "a port of either end";
    Stream "tcp.stream", &["stream"], Kind::Number, "Wireshark's number of a subflow";
    Connection "connection", &["conn", "id"], Kind::Number, "number of the connection, as the report has it";
    Frame "frame.number", &["packet"], Kind::Number, "number of a packet";
    Token "mptcp.token", &["token"], Kind::Hex32, "token of either host";
    Version "mptcp.version", &["version"], Kind::Version, "version of MPTCP";
    Interface "interface", &[], Kind::Text, "interface of the host; not known yet";
    Tunnel "tunnel", &[], Kind::Text, "kind of a tunnel around it; not known yet";
    State "state", &[], Kind::Word(STATES), "how far the connection came, and whether it fell back";
    Code "code", &["finding"], Kind::Code, "code of a finding";
    Severity "severity", &[], Kind::Level(LEVELS), "how bad a finding is";
    Subflows "subflows", &[], Kind::Number, "how many subflows the connection has";
    Paths "paths", &[], Kind::Number, "how many paths it has; not known yet";
    C2s "c2s", &[], Kind::Size, "bytes of the stream from the client";
    S2c "s2c", &[], Kind::Size, "bytes of the stream from the server";
    Bytes "bytes", &[], Kind::Size, "both together; of a packet, its payload";
    Duration "duration", &[], Kind::Time, "from the first packet of the connection to the last";
    Rtt "rtt", &[], Kind::Time, "round trip of a subflow's handshake";
    Loss "loss", &[], Kind::Share, "share of segments that were lost; not known yet";
    Option "option", &[], Kind::Word(OPTIONS), "an MPTCP option";
    Class "class", &[], Kind::Word(CLASSES), "what a packet is; of a connection, what its bytes are";
    Direction "direction", &[], Kind::Word(DIRECTIONS), "from the client or from the server";
    Side "side", &[], Kind::Word(SIDES), "the host that sent it";
    Input "input", &[], Kind::Text, "the capture it is in, by name or by number from 0";
    Point "point", &[], Kind::Number, "the vantage point that saw it; not known yet";
}

impl Field {
    /// The field whose name is nearest to one that is none.
    pub(super) fn near_name(name: &str) -> Option<Self> {
        let names = |field: &Self| [&[field.name()], field.short_names()].concat();
        Self::of_name(nearest(name, Self::ALL.iter().flat_map(names))?)
    }

    /// The field of this name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|field| {
            let mut short = field.short_names().iter();
            let is_it = |known: &str| known.eq_ignore_ascii_case(name);
            is_it(field.name()) || short.any(|known| is_it(known))
        })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
