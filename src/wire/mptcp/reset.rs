//! MP_TCPRST: why a subflow was reset (RFC 8684 §3.6, v1 only).
//!
//! ```text
//! 4   0x8|U V W T   reason
//! ```

use std::fmt;

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
pub struct TcpReset {
    /// T: the condition is transient, the path may be tried again.
    pub transient: bool,
    /// Why.
    pub reason: ResetReason,
    /// U, V, W, must be 0.
    pub reserved: u8,
}
