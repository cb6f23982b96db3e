//! The MPTCP option (TCP option kind 30): every suboption of v1 (RFC 8684) and v0 (RFC 6824),
//! as a value, from octets and back.
//!
//! ```text
//! octet 0   kind = 30
//! octet 1   length, kind and length octets included
//! octet 2   high nibble = subtype, low nibble belongs to the subtype
//! ```
//!
//! [`MptcpOption::parse`] takes the octets of one whole option and always yields a value: what
//! breaks the format becomes [`MptcpOption::Malformed`] or [`MptcpOption::Unknown`] with its octets.
//! An option value is `Copy` and owns what it holds, so that it can outlive the frame.

pub mod address;
pub mod capable;
pub mod dss;
pub mod fail;
pub mod fastclose;
pub mod join;
pub mod prio;
pub mod reset;

pub use address::{AddAddr, AddressFlavour, AddressId, RemoveAddr};
pub use capable::{Capable, CapableFlags, CapableForm, Version};
pub use dss::{DataLevelLength, Dss, Mapping};
pub use fail::Fail;
pub use fastclose::FastClose;
pub use join::Join;
pub use prio::Prio;
pub use reset::{ResetReason, TcpReset};

/// TCP option kind of MPTCP (RFC 8684 §7.1).
pub const KIND: u8 = 30;

/// The longest option that a TCP header can hold, kind and length octets included.
pub const MAX_LEN: usize = 40;

/// A 64-bit key, exchanged in MP_CAPABLE (RFC 8684 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub u64);

/// The upper 32 bits of a key's hash; names a connection in MP_JOIN (RFC 8684 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(pub u32);

/// The random number of a MP_JOIN handshake (RFC 8684 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce(pub u32);

/// The four-bit subtype of an MPTCP option (RFC 8684 §7.2). Any value is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subtype(pub u8);

impl Subtype {
    /// Negotiation of the connection.
    pub const MP_CAPABLE: Self = Self(0x0);
    /// A further subflow.
    pub const MP_JOIN: Self = Self(0x1);
    /// Data sequence signal.
    pub const DSS: Self = Self(0x2);
    /// Announcement of an address, and its echo.
    pub const ADD_ADDR: Self = Self(0x3);
    /// Withdrawal of addresses.
    pub const REMOVE_ADDR: Self = Self(0x4);
    /// Change of the backup flag.
    pub const MP_PRIO: Self = Self(0x5);
    /// Checksum failure, or fallback.
    pub const MP_FAIL: Self = Self(0x6);
    /// Abrupt end of the connection.
    pub const MP_FASTCLOSE: Self = Self(0x7);
    /// Reason of a subflow's RST (v1 only).
    pub const MP_TCPRST: Self = Self(0x8);
    /// Private use.
    pub const MP_EXPERIMENTAL: Self = Self(0xf);

    /// The RFC's name, or `None` for an unassigned subtype.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::MP_CAPABLE => "MP_CAPABLE",
            Self::MP_JOIN => "MP_JOIN",
            Self::DSS => "DSS",
            Self::ADD_ADDR => "ADD_ADDR",
            Self::REMOVE_ADDR => "REMOVE_ADDR",
            Self::MP_PRIO => "MP_PRIO",
            Self::MP_FAIL => "MP_FAIL",
            Self::MP_FASTCLOSE => "MP_FASTCLOSE",
            Self::MP_TCPRST => "MP_TCPRST",
            Self::MP_EXPERIMENTAL => "MP_EXPERIMENTAL",
            _ => return None,
        })
    }
}

/// One MPTCP option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MptcpOption {
    /// MP_CAPABLE (RFC 8684 §3.1, RFC 6824 §3.1).
    Capable(Capable),
    /// MP_JOIN (RFC 8684 §3.2).
    Join(Join),
    /// DSS (RFC 8684 §3.3).
    Dss(Dss),
    /// ADD_ADDR and its echo (RFC 8684 §3.4.1, RFC 6824 §3.4.1).
    AddAddr(AddAddr),
    /// REMOVE_ADDR (RFC 8684 §3.4.2).
    RemoveAddr(RemoveAddr),
    /// MP_PRIO (RFC 8684 §3.3.8, RFC 6824 §3.3.8).
    Prio(Prio),
    /// MP_FAIL (RFC 8684 §3.7).
    Fail(Fail),
    /// MP_FASTCLOSE (RFC 8684 §3.5).
    FastClose(FastClose),
    /// MP_TCPRST (RFC 8684 §3.6).
    TcpReset(TcpReset),
    /// MP_EXPERIMENTAL (RFC 8684 §7.2): private use; all octets from the subtype octet on.
    Experimental(OptionBody),
    /// A subtype that is not assigned; all octets from the subtype octet on.
    Unknown(OptionBody),
    /// A known subtype whose length or combination of fields is not legal, or an option too short
    /// to have a subtype; all octets after kind and length.
    Malformed(OptionBody),
}

impl MptcpOption {
    /// The subtype, or `None` for an option that is too short to have one.
    pub fn subtype(&self) -> Option<Subtype> {
        Some(match self {
            Self::Capable(_) => Subtype::MP_CAPABLE,
            Self::Join(_) => Subtype::MP_JOIN,
            Self::Dss(_) => Subtype::DSS,
            Self::AddAddr(_) => Subtype::ADD_ADDR,
            Self::RemoveAddr(_) => Subtype::REMOVE_ADDR,
            Self::Prio(_) => Subtype::MP_PRIO,
            Self::Fail(_) => Subtype::MP_FAIL,
            Self::FastClose(_) => Subtype::MP_FASTCLOSE,
            Self::TcpReset(_) => Subtype::MP_TCPRST,
            Self::Experimental(_) => Subtype::MP_EXPERIMENTAL,
            Self::Unknown(body) | Self::Malformed(body) => {
                return body.as_slice().first().map(|octet| Subtype(octet >> 4));
            }
        })
    }
}

/// The octets of an option after kind and length, held inline: at most 38.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OptionBody {
    len: u8,
    octets: [u8; MAX_LEN - 2],
}

impl OptionBody {
    /// Keeps `octets`; anything past the 38th octet, which no TCP header can hold, is left out.
    pub fn new(octets: &[u8]) -> Self {
        let mut body = Self { len: 0, octets: [0; MAX_LEN - 2] };
        for (kept, octet) in body.octets.iter_mut().zip(octets) {
            *kept = *octet;
            body.len += 1;
        }
        body
    }

    /// The octets.
    pub fn as_slice(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl std::fmt::Debug for OptionBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "OptionBody({:02x?})", self.as_slice())
    }
}
