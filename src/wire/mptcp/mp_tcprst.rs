//! MP_TCPRST: why a subflow was reset (RFC 8684 §3.6, v1 only).
//!
//! ```text
//! 4   0x8|U V W T   reason
//! ```

use std::fmt;

use nom::Parser;
use nom::combinator::map;
use nom::number::complete::be_u8;

use super::parsing::Parsed;
use super::subtype::Subtype;

/// Reason code of MP_TCPRST (RFC 8684 §7.4). Any value is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResetReason(pub u8);

impl ResetReason {
    /// Stable name of the reason, for reports: `"mptcp_specific_error"`; `"unassigned"` otherwise.
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "unspecified_error",
            1 => "mptcp_specific_error",
            2 => "lack_of_resources",
            3 => "administratively_prohibited",
            4 => "too_much_outstanding_data",
            5 => "unacceptable_performance",
            6 => "middlebox_interference",
            _ => "unassigned",
        }
    }
}

impl fmt::Display for ResetReason {
    /// As a person reads it: `MPTCP-specific error (1)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.0 {
            0 => "unspecified error",
            1 => "MPTCP-specific error",
            2 => "lack of resources",
            3 => "administratively prohibited",
            4 => "too much outstanding data",
            5 => "unacceptable performance",
            6 => "middlebox interference",
            _ => "unassigned reason",
        };
        write!(formatter, "{words} ({})", self.0)
    }
}

/// MP_TCPRST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MpTcpRst {
    /// T: the condition is transient, the path may be tried again.
    pub transient: bool,
    /// Why.
    pub reason: ResetReason,
    /// U, V, W, must be 0.
    pub reserved: u8,
}

impl MpTcpRst {
    /// Octets on the wire, kind and length octets included.
    pub const WIRE_LEN: u8 = 4;

    /// Reads the option from octet 2 on.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, first) = be_u8(body)?;
        let (rest, reason) = map(be_u8, ResetReason).parse(rest)?;
        let (transient, reserved) = (first & 0x01 != 0, first >> 1 & 0x07);
        Ok((rest, Self { transient, reason, reserved }))
    }

    pub(super) fn emit(self, out: &mut Vec<u8>) {
        let low = self.reserved << 1 | u8::from(self.transient);
        out.extend([Subtype::MP_TCPRST.octet(low), self.reason.0]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::MptcpOption;
    use super::super::testing::{legal_lengths, parse};
    use super::*;

    fn reset(transient: bool, reason: u8, reserved: u8) -> MptcpOption {
        MptcpOption::MpTcpRst(MpTcpRst { transient, reason: ResetReason(reason), reserved })
    }

    #[test]
    fn octets_and_value() {
        assert_eq!(parse("1e04 8000"), reset(false, 0, 0));
        assert_eq!(parse("1e04 8101"), reset(true, 1, 0));
        assert_eq!(parse("1e04 8eff"), reset(false, 255, 7));
    }

    #[test]
    fn other_lengths_are_malformed() {
        assert_eq!(legal_lengths("1e08 810102030405"), [4]);
    }

    #[test]
    fn reasons_have_names() {
        assert_eq!(ResetReason(6).name(), "middlebox_interference");
        assert_eq!(ResetReason(6).to_string(), "middlebox interference (6)");
        assert_eq!(ResetReason(7).name(), "unassigned");
        assert_eq!(ResetReason(200).to_string(), "unassigned reason (200)");
    }
}
