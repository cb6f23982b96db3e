//! Pages of the data level and of paths at work.

use super::page::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::MappingMissing,
        Page {
            meaning: "Data came without a mapping on a subflow that must have one. It cannot be \
                delivered.",
            recognised: "Payload outside any mapping, with nothing missing before it, on a \
                connection that can no longer fall back.",
            causes: "A middlebox strips DSS from data or splits and joins segments.",
            linux: "Find the device on that path, or take the path out (`ip mptcp endpoint delete id N`). \
                Linux resets the subflow with reason 6.",
            apple: "",
        },
    ),
    (
        Code::MappingOutsideSegment,
        Page {
            meaning: "Options and data were separated on the way: a mapping covers nothing of the \
                segment that carries it.",
            recognised: "The subflow sequence numbers of a new mapping do not meet the payload of its \
                segment; not a DATA_FIN alone, nor an infinite mapping, nor a subflow whose SYN \
                was not captured.",
            causes: "A middlebox that splits or joins segments and copies options, GRO at a router or \
                at the capturing host.",
            linux: "Find the device on that path; on routers `ethtool -K IFACE gro off`.",
            apple: "",
        },
    ),
    (
        Code::MappingConflict,
        Page {
            meaning: "Two mappings contradict each other about the same bytes.",
            recognised: "A mapping gives bytes of the subflow other data sequence numbers than an \
                earlier one did. A mapping repeated on each segment is normal.",
            causes: "A broken stack, or a middlebox that changes TCP sequence numbers and not the \
                mapping.",
            linux: "Compare at both ends; Linux counts DSSNotMatching.",
            apple: "",
        },
    ),
    (
        Code::DataAckBeyondSent,
        Page {
            meaning: "A host acknowledged data that cannot exist.",
            recognised: "A DATA_ACK beyond the DATA_FIN. Without a DATA_FIN, one beyond what was \
                seen means that a path was not captured.",
            causes: "A broken stack, or a rewritten DSS.",
            linux: "Compare at both ends.",
            apple: "",
        },
    ),
    (
        Code::IdsnMismatch,
        Page {
            meaning: "The data sequence numbers do not start where the key says. A middlebox \
                changes the keys.",
            recognised: "The first DSN is further than any stream from the IDSN that follows from the \
                key.",
            causes: "A proxy that passes MP_CAPABLE on and terminates the connection, or a middlebox \
                that rewrites keys.",
            linux: "Capture at both ends and compare keys.",
            apple: "",
        },
    ),
    (
        Code::ChecksumPresenceMismatch,
        Page {
            meaning: "Mappings carry a checksum although checksums were not agreed on, or carry \
                none although they were.",
            recognised: "The DSS of data against the A bits of both MP_CAPABLE.",
            causes: "A middlebox that rewrites MP_CAPABLE, or a broken stack. Linux treats it as an \
                invalid mapping.",
            linux: "Compare MP_CAPABLE at both ends.",
            apple: "",
        },
    ),
    (
        Code::FailedDataAcked,
        Page {
            meaning: "Bytes that failed their checksum were delivered to the application.",
            recognised: "A DATA_ACK past data whose checksum is wrong, or that the first MP_FAIL names \
                (where the data was changed behind the capture point), on the only subflow, and no \
                other copy in the capture.",
            causes: "Linux goes on with what it has after MP_FAIL on a single subflow, against the \
                RFC.",
            linux: "Let the application check its data (TLS does).",
            apple: "",
        },
    ),
    (
        Code::Reinjection,
        Page {
            meaning: "Data was sent again on another subflow. A few per cent, even a quarter, is \
                normal on unequal paths.",
            recognised: "Data sequence numbers seen before on another subflow; wasted: already \
                acknowledged on the first subflow.",
            causes: "A path that died, timed out or went stale; a window that one slow path holds up.",
            linux: "If much is wasted, make the slow path a backup (`ip mptcp endpoint change id N \
                backup`). `nstat -az | grep MPTCPRetrans` counts it.",
            apple: "",
        },
    ),
    (
        Code::ReinjectionDiffers,
        Page {
            meaning: "Two paths carried different bytes under the same data sequence numbers: one \
                of them changes data.",
            recognised: "A segment on another subflow covers exactly the bytes of an earlier one, \
                and a sample of its payload differs. One alone is a note: a link may have damaged \
                it, and TCP's own checksum dropped it.",
            causes: "A proxy, a NAT helper or a DPI device on one path.",
            linux: "`sysctl net.mptcp.checksum_enabled=1` on one of the hosts keeps such data out; \
                captures along the paths show where it is changed.",
            apple: "",
        },
    ),
    (
        Code::Remapping,
        Page {
            meaning: "Data was resent on the same subflow as new TCP data (not a TCP \
                retransmission).",
            recognised: "Data sequence numbers seen before on the same subflow, at new TCP sequence \
                numbers.",
            causes: "Linux sends all data in flight again when a join fails.",
            linux: "Fix the join: see what refused it. The peer counts MPTcpExtDuplicateData.",
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
            meaning: "The transfer stalled: data stayed unacknowledged and nothing moved. Users \
                see a hang.",
            recognised: "No new data and no DATA_ACK for more than a second and four round trips, with \
                data outstanding, an open window, and a complete capture. `ended_by` says what ended it: \
                progress, close, fast_close, reset; or capture_end, if the oldest data was repeated \
                and not answered, or its timeout had passed; or now, in a live capture.",
            causes: "A path died and TCP waited for its timeouts before the data was sent on another \
                one; loss on the only path; a path that full segments do not pass; DATA_ACKs that a \
                middlebox takes out of ACKs.",
            linux: "Remove the address of a dead link at once (NetworkManager does; `ip mptcp \
                endpoint delete id N`). net.mptcp.stale_loss_cnt (4) is after how many losses a \
                path counts as stale.",
            apple: "The service type interactive switches paths sooner than handover.",
        },
    ),
    (
        Code::HeadOfLineBlocking,
        Page {
            meaning: "Data waited at the receiver for data from another path.",
            recognised: "Near the receiver: the time from data that came early to the data before it; a \
                warning when 95 % waited up to more than a second and four round trips.",
            causes: "Paths that differ in delay or loss, and full queues.",
            linux: "Make the slow path a backup, or raise net.ipv4.tcp_rmem at the receiver.",
            apple: "",
        },
    ),
    (
        Code::BackupUsed,
        Page {
            meaning: "Data took a subflow that a host asked to keep as a backup.",
            recognised: "Payload on a subflow with the B bit in its MP_JOIN, on a connection without \
                MP_PRIO.",
            causes: "The regular paths were gone or stale; the bit is a request that the peer may \
                ignore.",
            linux: "`ip mptcp endpoint change id N nobackup` makes it a regular path.",
            apple: "Cellular paths are backups for the service type handover.",
        },
    ),
    (
        Code::PathDied,
        Page {
            meaning: "A path stopped answering: what a host sends there again and again gets no answer.",
            recognised: "The oldest data (or FIN) on a subflow was repeated at least twice and for more than a \
                second, and nothing came from the other host; not if that was heard between the repeats: then it \
                is there, and these packets do not pass. Likely, where the other host closed the connection \
                elsewhere and left this subflow open, and data came late that only this one can have carried. A \
                note, if the path had carried data and another one took over within a second.",
            causes: "A link, a route or a NAT entry that is gone; a firewall that forgot the flow.",
            linux: "Remove the address of a dead link at once (`ip mptcp endpoint delete id N`; NetworkManager \
                does). net.mptcp.stale_loss_cnt (4) says when a path counts as stale.",
            apple: "",
        },
    ),
    (
        Code::SubflowWithoutMptcp,
        Page {
            meaning: "MPTCP options are lost on the way of one subflow. TCP goes on there, and what it carries \
                counts only when it is sent again elsewhere.",
            recognised: "After the handshake of a join all segments of one host came bare, and the other host \
                reset the subflow; or ACKs without DATA_ACK, and nearly all that they acknowledge was sent \
                again; or data that was sent again long after the DATA_ACK that the capture shows; or data \
                without any mapping; or a RST with NOPs in the place of its reason. NOPs where options were \
                make it certain. Not for one bare ACK, and not where the connection fell back.",
            causes: "A firewall that normalises TCP, a proxy or a WAN optimiser on that path.",
            linux: "Let TCP option 30 pass, or take the path out: `ip mptcp endpoint delete id N`.",
            apple: "",
        },
    ),
    (
        Code::NatRebinding,
        Page {
            meaning: "A NAT on the way lost its table: segments of a subflow come from ports that the other host \
                does not know.",
            recognised: "Segments without a handshake on new 4-tuples, with data sequence numbers of the \
                connection, that are answered by nothing but RSTs. They are counted as no subflow and no data. \
                A host that opens new connections sends SYNs.",
            causes: "A NAT that was restarted, or whose timeout is shorter than the pauses of the connection.",
            linux: "`conntrack -L` on the NAT; keep-alives below its timeout (net.ipv4.tcp_keepalive_time, \
                SO_KEEPALIVE).",
            apple: "",
        },
    ),
    (
        Code::PathUnused,
        Page {
            meaning: "A subflow was established and never carried data.",
            recognised: "An established subflow without payload, not a backup, on a connection with 100 \
                kB or more.",
            causes: "The scheduler prefers another path that has enough capacity.",
            linux: "Nothing to do; `ss -tni` shows round trips, windows and queues of each subflow.",
            apple: "The service type handover uses the second path only when the first fails.",
        },
    ),
    (
        Code::PathDegraded,
        Page {
            meaning: "One path is much slower than the others, or loses much more, while it carries \
                data.",
            recognised: "The median round trip of data on it, or the share of bytes that were lost \
                (at least 2 % and three segments), is more than three times that of every other. \
                Near the receiver a loss shows as data that comes late, as reordering does.",
            causes: "A radio link, a full queue, a detour.",
            linux: "`ip mptcp endpoint change id N backup` uses it only when the others fail.",
            apple: "The service type interactive avoids slow paths.",
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
        Code::WindowShrunk,
        Page {
            meaning: "A host took back receive window that it had offered. Data in flight may be \
                dropped.",
            recognised: "DATA_ACK plus window on a segment that is certainly later (its ACK is \
                higher) lies below the one before on the same subflow, by more than a scale unit.",
            causes: "Traffic shapers and proxies that rewrite windows; a host that shrinks its \
                buffers.",
            linux: "Capture at both ends. `sysctl net.ipv4.tcp_shrink_window=0` is the default \
                (Linux 6.5 and later know it).",
            apple: "",
        },
    ),
    (
        Code::OptionAreaMalformed,
        Page {
            meaning: "Among the TCP options of a segment there are bytes that are no option.",
            recognised: "A length below 2, or past the end of the header, where an option should begin. \
                Not an end of the list with padding behind it, and not what the snap length cut.",
            causes: "A stack that leaves memory of its own behind an option, or a device that shifts \
                options.",
            linux: "Old kernels of mptcp.org write behind ADD_ADDR: update them.",
            apple: "",
        },
    ),
    (
        Code::ReservedBitsSet,
        Page {
            meaning: "MPTCP options have bits set that must be 0. Receivers ignore them.",
            recognised: "Reserved and unassigned bits of any option; the flags of MP_CAPABLE have \
                codes of their own.",
            causes: "An experimental stack, or a middlebox that writes into options.",
            linux: "`mptcpscope packets FILE` shows the bytes; compare both ends.",
            apple: "",
        },
    ),
    (
        Code::DupAckMisread,
        Page {
            meaning: "A host mistook MPTCP signals on duplicate ACKs for a loss, and sent data \
                again without need.",
            recognised: "The first unacknowledged segment sent again within 200 ms of three duplicate \
                ACKs in a row that carry options other than DSS.",
            causes: "A stack that counts duplicate ACKs with MPTCP options.",
            linux: "Linux does not count them: look at the other stack. A real loss at that moment \
                looks the same.",
            apple: "",
        },
    ),
];
