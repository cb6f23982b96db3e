//! Pages of joins and paths.

use super::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::SinglePath,
        Page {
            meaning: "All data took one path although the connection was long or large enough for \
                more. The finding names the first link that broke.",
            recognised: "At least a second or 100 kB over one subflow of a connection that was captured \
                from its start; then, in this order: an established path that was not used, a \
                join that failed, an address that could not be announced, was not proved, not \
                echoed, or not joined, and nothing of all that. Not where data took a path that the \
                capture lacks.",
            causes: "No endpoints or limits are configured, the peer refuses, or the network drops \
                joins.",
            linux: "Client: `ip mptcp endpoint add ADDRESS dev IFACE subflow`. Server: `ip mptcp \
                endpoint add ADDRESS dev IFACE signal`. Both: `ip mptcp limits set subflows 8 \
                add_addr_accepted 8`. `ip mptcp monitor` shows what happens.",
            apple: "Set a multipath service type in the app \
                (URLSessionConfiguration.multipathServiceType); handover uses the second path \
                only when the first fails.",
        },
    ),
    (
        Code::JoinUnknownToken,
        Page {
            meaning: "A join was refused at its SYN. The host does not know the token, does not want \
                the join, or nobody listens there.",
            recognised: "MP_JOIN SYN answered by RST with reason 1 or with none. One that came while the \
                connection was being closed is a note.",
            causes: "A load balancer or anycast address sent it to another host; a port that nobody \
                listens on; the application had shut down writing; a firewall that answers.",
            linux: "Behind a load balancer: `sysctl net.mptcp.allow_join_initial_addr_port=0` and \
                `ip mptcp endpoint add ADDRESS signal` on each server. For a client's address: \
                announce it with a port.",
            apple: "",
        },
    ),
    (
        Code::JoinRejected,
        Page {
            meaning: "A join was refused for a reason of the host's: a limit or a policy.",
            recognised: "A RST with reason 3 or another after the third ACK (or at the SYN), or by the \
                opener itself after the SYN/ACK.",
            causes: "The limit of subflows is reached; the port was not announced; the application \
                had shut down writing.",
            linux: "`ip mptcp limits show` on the host that refuses; `ip mptcp limits set subflows \
                8`.",
            apple: "",
        },
    ),
    (
        Code::JoinNoAnswer,
        Page {
            meaning: "A join got no answer at all: that path does not work.",
            recognised: "A MP_JOIN SYN that was repeated without an answer (or a SYN/ACK, seen from the \
                other end).",
            causes: "The address is not reachable from there, a firewall drops MP_JOIN, or the way \
                back is missing.",
            linux: "`ping -I SOURCE ADDRESS`; `ip route get ADDRESS from SOURCE`. Each source \
                needs a route of its own (ip rule).",
            apple: "",
        },
    ),
    (
        Code::JoinAnsweredByPlainTcp,
        Page {
            meaning: "A join was answered as if it were plain TCP, so it is of no use.",
            recognised: "A SYN/ACK without MP_JOIN; or, seen from the answering end, a RST with reason 1 \
                to a right SYN/ACK.",
            causes: "A transparent proxy, a load balancer that terminates TCP, or a firewall that \
                takes the option out.",
            linux: "Find the device; captures on both sides of it differ in the option.",
            apple: "",
        },
    ),
    (
        Code::JoinAckStripped,
        Page {
            meaning: "The last proof of a join was lost on the way, and the host refused it.",
            recognised: "A RST with reason 1 to a third ACK without MP_JOIN; or, seen from the opener's \
                end, to one with a right MP_JOIN.",
            causes: "A middlebox that passes MP_JOIN on SYNs only, or changes it.",
            linux: "Find the device; captures on both sides of it differ in the option.",
            apple: "",
        },
    ),
    (
        Code::JoinAckUnconfirmed,
        Page {
            meaning: "A join hangs: its third ACK was repeated and never confirmed, so no data may be \
                sent there.",
            recognised: "The joiner's ACK with MP_JOIN comes again, and nothing comes back.",
            causes: "The path loses packets in one direction.",
            linux: "Capture at the other end to see which one.",
            apple: "",
        },
    ),
    (
        Code::JoinToDeniedAddress,
        Page {
            meaning: "A host joined the address and port that its peer asked to leave alone.",
            recognised: "The peer's MP_CAPABLE has the C bit, and the join goes to the address and port \
                of the initial subflow.",
            causes: "A stack that does not know the bit.",
            linux: "Linux heeds the C bit since 5.14: update the joiner.",
            apple: "Apple systems ignore the bit.",
        },
    ),
    (
        Code::JoinPortNotAnnounced,
        Page {
            meaning: "A join went to an address or port that the capture shows no announcement of.",
            recognised: "The target of a join is neither the initial address and port nor an announced \
                one.",
            causes: "The announcement was not captured, a userspace path manager knows the address, \
                or a NAT changed it.",
            linux: "Nothing to do if the join works.",
            apple: "",
        },
    ),
    (
        Code::JoinEarlyData,
        Page {
            meaning: "The joiner sent data before its join was confirmed.",
            recognised: "Data on a joined subflow before the fourth ACK.",
            causes: "A broken stack; captures that are out of order look the same.",
            linux: "Update the joiner.",
            apple: "",
        },
    ),
    (
        Code::AddressTranslated,
        Page {
            meaning: "A host joins from an address that differs from the one it announced under that \
                ID: there is a NAT.",
            recognised: "The source of the join differs from the announcement with the same address ID.",
            causes: "NAT on one path.",
            linux: "Nothing to do: MPTCP goes by the ID.",
            apple: "",
        },
    ),
    (
        Code::JoinFlood,
        Page {
            meaning: "Many joins that led nowhere went to one host, or to one connection, within \
                seconds.",
            recognised: "Twenty or more joins within ten seconds: of connections that nobody knows, \
                never answered with MP_JOIN; or of one connection, none of which got through. What \
                had to be forgotten of them is counted.",
            causes: "A scan, an attack, a load balancer that sends joins to the wrong host, or a path \
                manager that tries again and again.",
            linux: "Let the firewall limit the rate of SYNs (a rule of nftables); see \
                join-unknown-token for load balancers. `nstat -az | grep MPJoin` counts joins on \
                both hosts.",
            apple: "",
        },
    ),
    (
        Code::TokenCollision,
        Page {
            meaning: "Two connections that live at the same time have the same token. Joins are told \
                apart by their HMAC.",
            recognised: "Equal tokens of different keys.",
            causes: "Chance (one in four billion for a pair), or keys that are not random.",
            linux: "Keys that often collide are not random: look at that host's stack.",
            apple: "",
        },
    ),
    (
        Code::JoinBeforeDss,
        Page {
            meaning: "A join left before any DSS was seen, which the RFC forbids.",
            recognised: "The SYN of a join before the first DSS of either host.",
            causes: "Linux does it when an ADD_ADDR is the first signal of the server. Off by \
                default.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
    (
        Code::PathUnused,
        Page {
            meaning: "A subflow got through and never carried data.",
            recognised: "An established subflow without payload, not a backup, on a connection with 100 \
                kB or more.",
            causes: "The scheduler prefers another path that has room enough.",
            linux: "Nothing to do; `ss -tni` shows round trips, windows and queues of each subflow.",
            apple: "The service type handover keeps the second path for when the first fails.",
        },
    ),
    (
        Code::BackupUsed,
        Page {
            meaning: "Data took a subflow that a host asked to keep as a backup.",
            recognised: "Payload on a subflow with the B bit in its MP_JOIN, on a connection without \
                MP_PRIO.",
            causes: "The regular paths were gone or stale; the bit is a request that the peer need \
                not follow.",
            linux: "`ip mptcp endpoint change id N nobackup` makes it a regular path.",
            apple: "Cellular paths are backups for the service type handover.",
        },
    ),
    (
        Code::PathDegraded,
        Page {
            meaning: "One path is much slower than the others, or loses much more, while it carries \
                data.",
            recognised: "The median round trip of data on it, or the share of octets that were lost \
                (at least 2 % and three segments), is more than three times that of every other. Near the receiver a \
                loss shows as data that comes late, as reordering does.",
            causes: "A radio link, a full queue, a detour.",
            linux: "`ip mptcp endpoint change id N backup` keeps it for when others fail.",
            apple: "The service type interactive avoids slow paths.",
        },
    ),
];
