//! Pages of the data level and of closing.

use super::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::MappingMissing,
        Page {
            meaning: "Data came without a mapping on a subflow that must have one: it can't be \
                delivered.",
            recognised: "Payload outside any mapping, with nothing missing before it, on a connection \
                that can't fall back any more.",
            causes: "A middlebox strips DSS from data or splits and joins segments.",
            linux: "Find the device on that path, or take the path out (`ip mptcp endpoint delete id N`). \
                Linux resets the subflow with reason 6.",
            apple: "",
        },
    ),
    (
        Code::MappingConflict,
        Page {
            meaning: "Two mappings say different things of the same octets.",
            recognised: "A mapping over octets of the subflow that an earlier one gave other data \
                sequence numbers. A mapping repeated on each segment is usual.",
            causes: "A broken stack, or a middlebox that changes TCP sequence numbers and not the \
                mapping.",
            linux: "Compare at both ends; Linux counts DSSNotMatching.",
            apple: "",
        },
    ),
    (
        Code::DataAckBeyondSent,
        Page {
            meaning: "A host acknowledged data that can't exist.",
            recognised: "A DATA_ACK beyond the DATA_FIN. Without a DATA_FIN, one beyond what was seen \
                tells of a path that was not captured.",
            causes: "A broken stack, or a rewritten DSS.",
            linux: "Compare at both ends.",
            apple: "",
        },
    ),
    (
        Code::Reinjection,
        Page {
            meaning: "Data was sent again on another subflow. A few per cent, even a quarter, are \
                usual on unequal paths.",
            recognised: "Data sequence numbers seen before on another subflow; wasted is what that one \
                had acknowledged already.",
            causes: "A path that died, timed out or went stale; a window that one slow path holds up.",
            linux: "Much waste: make the slow path a backup (`ip mptcp endpoint change id N \
                backup`). `nstat -az | grep MPTCPRetrans` counts it.",
            apple: "",
        },
    ),
    (
        Code::Remapping,
        Page {
            meaning: "Data was sent again on its own subflow under new subflow sequence numbers.",
            recognised: "Data sequence numbers seen before on the same subflow, at new TCP sequence \
                numbers.",
            causes: "Linux sends all data in flight again when a join fails.",
            linux: "Mend the join: see what refused it. The peer counts MPTcpExtDuplicateData.",
            apple: "",
        },
    ),
    (
        Code::RedundantScheduler,
        Page {
            meaning: "Nearly all data was sent on every subflow: consistent with a redundant \
                scheduler.",
            recognised: "Each of several subflows carried at least 80 % of the stream.",
            causes: "A scheduler that prefers low delay to throughput.",
            linux: "`sysctl net.mptcp.scheduler` shows which one is in use.",
            apple: "",
        },
    ),
    (
        Code::DataStall,
        Page {
            meaning: "Data waited unacknowledged while nothing moved: what a user feels as a hang.",
            recognised: "No new data and no DATA_ACK for more than a second and four round trips, with \
                data outstanding, an open window, and a complete capture.",
            causes: "A path died and TCP waited for its timeouts before the data was sent on another \
                one; loss on the only path.",
            linux: "Remove the address of a dead link at once (NetworkManager does; `ip mptcp \
                endpoint delete id N`). net.mptcp.stale_loss_cnt (4) says when a path counts as \
                stale.",
            apple: "The service type interactive moves sooner than handover.",
        },
    ),
    (
        Code::HeadOfLineBlocking,
        Page {
            meaning: "Data waited at the receiver for data of another path.",
            recognised: "Near the receiver: the time from data that came early to the data before it; a \
                warning when 95 % waited up to more than a second and four round trips.",
            causes: "Paths that differ in delay or loss, and full queues.",
            linux: "Make the slow path a backup, or raise net.ipv4.tcp_rmem at the receiver.",
            apple: "",
        },
    ),
    (
        Code::ReceiveWindowLimited,
        Page {
            meaning: "The sender waited because the receiver offered no room.",
            recognised: "A data-level window of zero for more than a tenth of the time.",
            causes: "An application that reads slowly, or a small buffer.",
            linux: "Raise net.ipv4.tcp_rmem or SO_RCVBUF at the receiver; look at what the \
                application does.",
            apple: "",
        },
    ),
    (
        Code::FastClose,
        Page {
            meaning: "A host ended the whole connection at once. A warning if data was not \
                acknowledged.",
            recognised: "MP_FASTCLOSE with the peer's key.",
            causes: "The application closed with unread data or with SO_LINGER 0, or was killed.",
            linux: "Look at the application; `nstat -az | grep MPFastclose` counts them.",
            apple: "Apple systems send none, and take a Linux one (on RST) for the RST of each \
                subflow.",
        },
    ),
    (
        Code::SubflowReset,
        Page {
            meaning: "One subflow was ended by a RST. A warning if data on it was not acknowledged; it \
                is sent again elsewhere.",
            recognised: "A RST on an established subflow before both DATA_FINs; not one that follows a \
                MP_FASTCLOSE.",
            causes: "See the reason of MP_TCPRST; without one, a firewall or NAT that forgot the \
                flow.",
            linux: "`ip mptcp monitor` and the log of the host that sent it. For NATs that \
                forget idle flows: keep-alives (SO_KEEPALIVE in the application, \
                net.ipv4.tcp_keepalive_time).",
            apple: "Apple systems send no reason.",
        },
    ),
    (
        Code::ConnectionAborted,
        Page {
            meaning: "The last subflow was reset before the connection was closed, and data was lost.",
            recognised: "A RST on the last subflow, data without a DATA_ACK (or without a mapping and \
                without an ACK), and no DATA_FIN.",
            causes: "The only path died or was reset.",
            linux: "A second path would have carried it on: see single-path.",
            apple: "",
        },
    ),
    (
        Code::DataFinUnacked,
        Page {
            meaning: "The end of data was never acknowledged although all subflows ended.",
            recognised: "A DATA_FIN without a DATA_ACK over it, in a capture that lacks nothing.",
            causes: "A subflow that ended too early; early MPTCP stacks.",
            linux: "Update old kernels.",
            apple: "",
        },
    ),
    (
        Code::RstReasonMissing,
        Page {
            meaning: "A RST of a MPTCP subflow has no reason.",
            recognised: "RST without MP_TCPRST, except after both FINs.",
            causes: "A firewall, a host without that socket, or Apple systems, which send none. Off \
                by default.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
];
