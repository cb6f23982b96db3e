//! Which of the MPTCP options an option is.

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

    /// All that the RFC assigns.
    pub const ASSIGNED: &'static [Self] = &[
        Self::MP_CAPABLE,
        Self::MP_JOIN,
        Self::DSS,
        Self::ADD_ADDR,
        Self::REMOVE_ADDR,
        Self::MP_PRIO,
        Self::MP_FAIL,
        Self::MP_FASTCLOSE,
        Self::MP_TCPRST,
        Self::MP_EXPERIMENTAL,
    ];

    /// Its place in [`Self::ASSIGNED`], or `None` for an unassigned subtype.
    pub fn place(self) -> Option<usize> {
        Self::ASSIGNED.iter().position(|&assigned| assigned == self)
    }

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

    /// Octet 2 of an option: this subtype, and the low nibble `low`.
    pub(super) const fn octet(self, low: u8) -> u8 {
        self.0 << 4 | low & 0x0f
    }
}
