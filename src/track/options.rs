//! The options of one segment, sorted for the tracker.

use smallvec::SmallVec;

use super::subflow::SynOptions;
use crate::wire::mptcp::MptcpOption;
use crate::wire::tcp_option::{TcpOption, TcpOptions};

/// What the tracker wants to know of the options of a segment.
#[derive(Debug, Clone, Default)]
pub(crate) struct SegmentOptions {
    /// The options that a SYN negotiates with.
    pub(crate) syn: SynOptions,
    /// TSval and TSecr.
    pub(crate) timestamps: Option<(u32, u32)>,
    /// The MPTCP options, in order.
    pub(crate) mptcp: SmallVec<[MptcpOption; 2]>,
}

impl SegmentOptions {
    /// Walks the options of a segment, once. (In place: this runs for each of them.)
    #[inline]
    pub(crate) fn read(&mut self, options: &TcpOptions<'_>) {
        for option in options.iter() {
            match option {
                TcpOption::Mptcp(option) => self.mptcp.push(option),
                TcpOption::Timestamps { value, echo_reply } => {
                    self.timestamps = Some((value, echo_reply));
                    self.syn.timestamps = true;
                }
                TcpOption::MaximumSegmentSize(size) => self.syn.mss = Some(size),
                TcpOption::WindowScale(shift) => self.syn.window_scale = Some(shift),
                TcpOption::SackPermitted => self.syn.sack_permitted = true,
                _ => {}
            }
        }
    }

    /// Whether there is any MPTCP option.
    pub(crate) fn has_mptcp(&self) -> bool {
        !self.mptcp.is_empty()
    }
}
