//! Pages of joins.

use super::page::Page;
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
        Code::JoinMisrouted,
        Page {
            meaning: "A join to the address and port where the connection lives reached another host. That \
                one does not know the connection and refuses.",
            recognised: "MP_JOIN SYN answered by a RST with reason 1 or with none, at an address and \
                port at which a subflow of the connection was accepted before. Not while the \
                connection was being closed; not at the port of the client's own socket; not where \
                the RST is not the host's (join-blocked).",
            causes: "A load balancer, an anycast address or ECMP that chooses a host by addresses and \
                ports. Where there is one host only: a firewall on it, or a token that was changed on \
                the way.",
            linux: "On each server: `sysctl net.mptcp.allow_join_initial_addr_port=0` and `ip mptcp \
                endpoint add UNICAST-ADDRESS signal`. Clients have to accept it: `ip mptcp limits set \
                add_addr_accepted 1`.",
            apple: "Apple systems ignore the C bit.",
        },
    ),
    (
        Code::JoinPortClosed,
        Page {
            meaning: "A join was refused because nothing listens at that address and port.",
            recognised: "MP_JOIN SYN answered by a plain RST at an address and port that no subflow of \
                the connection was accepted at. A note if the connection was being closed, or if the \
                server tried the client's own port beside paths that work.",
            causes: "The server's application listens on one address only; a server with `subflow` \
                endpoints joins the port of a client's socket; a client announces an address with \
                `signal` in place of `subflow`; a firewall that answers in the host's name.",
            linux: "Announced by a server: let the application listen there too, or announce the address \
                with a port that nothing listens on (Linux listens on it by itself, and refuses one \
                that is in use): `ip mptcp endpoint add ADDRESS signal port PORT`. Announced by a \
                client: `ip mptcp endpoint add ADDRESS dev IFACE subflow` in place of `signal`.",
            apple: "",
        },
    ),
    (
        Code::JoinBlocked,
        Page {
            meaning: "A firewall refused a join in place of the host.",
            recognised: "MP_JOIN SYN answered by a plain RST whose hop limit is not that of the host; or, \
                captured at the host, one from a port that the connection uses.",
            causes: "A firewall that rejects SYNs by their source or their options.",
            linux: "`nft list ruleset` on the hosts and the routers between them: a rule with `reject \
                with tcp reset`.",
            apple: "",
        },
    ),
    (
        Code::JoinUnknownToken,
        Page {
            meaning: "A join was refused because the host does not know its token.",
            recognised: "MP_JOIN SYN answered by a RST with reason 1, elsewhere than at an address and \
                port where the connection lives (join-misrouted); or a join of a connection that is not \
                in the capture. One that came while the connection was being closed is a note.",
            causes: "Another host has that address; the token was changed on the way; the connection \
                was over there.",
            linux: "Capture at that host. `nstat -az MPTcpExtMPJoinNoTokenFound` counts such joins \
                there.",
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
        Code::JoinUnreachable,
        Page {
            meaning: "A join cannot reach its address: a router, or the host itself, says so by ICMP.",
            recognised: "A MP_JOIN SYN without a TCP answer, and an ICMP or ICMPv6 error (destination \
                unreachable, hop limit exceeded) that quotes it. The quoted sequence number must be \
                that of the SYN: others are stale or made up (RFC 5927).",
            causes: "No route, a host that is gone, a firewall that rejects, an address that only works \
                inside another network.",
            linux: "`ip route get ADDRESS from ADDRESS` on the router that is named. Linux gives up a \
                join after the first such error, so one SYN is all that is seen.",
            apple: "",
        },
    ),
    (
        Code::JoinNoAnswer,
        Page {
            meaning: "A join got no answer at all: that path does not work.",
            recognised: "A MP_JOIN SYN that was repeated without an answer; or SYNs and SYN/ACKs that were \
                repeated, without a third ACK.",
            causes: "The address is not reachable from there (a private one, say), a firewall drops \
                MP_JOIN, the way back is missing, or a reverse path filter drops the SYN/ACKs.",
            linux: "`ping -I SOURCE ADDRESS`; `ip route get ADDRESS from SOURCE`. Each source \
                needs a route of its own (ip rule). `sysctl net.ipv4.conf.all.rp_filter=2` makes the \
                filter loose.",
            apple: "",
        },
    ),
    (
        Code::JoinAnsweredByPlainTcp,
        Page {
            meaning: "A join was answered as if it were plain TCP, so MPTCP cannot use it.",
            recognised: "A SYN/ACK without MP_JOIN; or, seen from the answering end, a RST with reason 1 \
                to a right SYN/ACK.",
            causes: "A transparent proxy, a load balancer that terminates TCP, or a firewall that \
                removes the option.",
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
            meaning: "A host joined the address and port that its peer asked not to join.",
            recognised: "The peer's MP_CAPABLE has the C bit, and the join goes to the address and port \
                of the initial subflow.",
            causes: "A stack that does not know the bit.",
            linux: "Linux respects the C bit since 5.14: update the joiner.",
            apple: "Apple systems ignore the bit.",
        },
    ),
    (
        Code::JoinPortNotAnnounced,
        Page {
            meaning: "A join went to an address or port that was not announced in the capture.",
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
        Code::JoinAgainstAdvice,
        Page {
            meaning: "A host joined again although the peer, or an earlier failure, advised \
                against it.",
            recognised: "A second MP_JOIN SYN between the same addresses after a failure, to an \
                address half a second after its REMOVE_ADDR, or by the host that got a RST with \
                MP_TCPRST and T = 0; and no new announcement in between. A repeated SYN is not \
                counted.",
            causes: "A path manager that retries on its own, or a script that adds endpoints again \
                and again.",
            linux: "`ip mptcp monitor` shows which program asks for it.",
            apple: "The system tries again when an interface comes back.",
        },
    ),
    (
        Code::AddressTranslated,
        Page {
            meaning: "A host joins from an address that differs from the one it announced under that \
                ID: there is a NAT.",
            recognised: "The source of the join differs from the announcement with the same address ID.",
            causes: "NAT on one path.",
            linux: "Nothing to do: MPTCP uses the ID, not the address.",
            apple: "",
        },
    ),
    (
        Code::CBitSet,
        Page {
            meaning: "A host asks not to open subflows to the address and port that the connection \
                began with.",
            recognised: "The C bit in its MP_CAPABLE.",
            causes: "Wanted behind load balancers and anycast addresses; the host should announce an \
                address of its own.",
            linux: "`sysctl net.mptcp.allow_join_initial_addr_port=1` clears the bit. With 0, add: \
                `ip mptcp endpoint add ADDRESS signal`.",
            apple: "Apple systems ignore the bit.",
        },
    ),
    (
        Code::JoinFlood,
        Page {
            meaning: "Many failed joins went to one host, or to one connection, within seconds.",
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
            meaning: "Two simultaneous connections have the same token. Joins are assigned by \
                their HMAC.",
            recognised: "Equal tokens of different keys.",
            causes: "Chance (one in four billion for a pair), or keys that are not random.",
            linux: "Keys that often collide are not random: look at that host's stack.",
            apple: "",
        },
    ),
];
