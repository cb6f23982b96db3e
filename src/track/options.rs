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
    /// Walks the options of a segment.
    #[inline]
    pub(crate) fn read(options: &TcpOptions<'_>) -> Self {
        let mut read = Self::default();
        for option in options.iter() {
            match option {
                TcpOption::Mptcp(option) => read.mptcp.push(option),
                TcpOption::Timestamps { value, echo_reply } => {
                    read.timestamps = Some((value, echo_reply));
                    read.syn.timestamps = true;
                }
                TcpOption::MaximumSegmentSize(size) => read.syn.mss = Some(size),
                TcpOption::WindowScale(shift) => read.syn.window_scale = Some(shift),
                TcpOption::SackPermitted => read.syn.sack_permitted = true,
                _ => {}
            }
        }
        read
    }

    /// Whether there is any MPTCP option.
    pub(crate) fn has_mptcp(&self) -> bool {
        !self.mptcp.is_empty()
    }
}
