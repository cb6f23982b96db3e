//! Numbers of a segment counted from where their flow and their stream begin.

use super::ids::SubflowId;
use super::role::{PerRole, Role};
use super::state::data::DataSpace;
use super::trace::Trace;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::{Dsn, WireDsn};
use crate::wire::tcp_option::TcpOption;

/// Numbers that count from the beginning: the SYN is 0, and so is the IDSN; the first byte after it is 1.
/// Where the beginning was not seen, the first byte seen is 1. `None` is what a segment does not have, and
/// what counts from a number that is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RelativeNumbers {
    /// The sequence number.
    pub seq: Option<i64>,
    /// The acknowledgment number.
    pub ack: Option<i64>,
    /// The first data sequence number of the mapping.
    pub dsn: Option<i64>,
    /// The DATA_ACK.
    pub data_ack: Option<i64>,
}

/// The DSN of the first byte of both streams of a connection, as far as is known in the end.
pub type StreamBases = PerRole<Option<Dsn>>;

impl RelativeNumbers {
    /// Those of a segment of `subflow` that was pushed last. `sender` and `bases` are those of the end.
    pub fn new(
        trace: &Trace<'_>,
        subflow: SubflowId,
        (sender, bases): (Role, StreamBases),
        segment: &Segment<'_>,
    ) -> Self {
        let subflow = trace.subflow(subflow);
        let connection = trace.connection(subflow.connection);
        // By what is known of the roles now, which may be the wrong way round.
        let here = subflow.direction_from(segment.source).sender();
        let sequence = |role| &subflow.sides.of(role).sequence;
        let ack = segment.flags.has(TcpFlags::ACK).then_some(segment.ack);
        let dss = segment.options.iter().find_map(|option| match option {
            TcpOption::Mptcp(MptcpOption::Dss(dss)) => Some(dss),
            _ => None,
        });
        let place = |role: Role, here: Role, number: WireDsn| {
            Some(relative(connection.data.of(here), (*bases.of(role))?, number))
        };
        Self {
            seq: sequence(here).position_of(segment.seq),
            ack: ack.and_then(|ack| sequence(here.peer()).position_of(ack)),
            dsn: dss.and_then(|dss| place(sender, here, dss.mapping?.dsn)),
            data_ack: dss.and_then(|dss| place(sender.peer(), here.peer(), dss.data_ack?)),
        }
    }
}

/// How far a number is from the one before `base`.
fn relative(data: &DataSpace, base: Dsn, number: WireDsn) -> i64 {
    // A number of 4 bytes is near those that are in use; else, near the first one.
    let whole = number.expand(data.reference().unwrap_or(base));
    whole.distance_from(base).saturating_add(1)
}
