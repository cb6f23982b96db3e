//! Pages of what a host must not, or should not, do.

use super::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::MptcpAfterFallback,
        Page {
            meaning: "A host went on with MPTCP after the connection had become plain TCP, which \
                corrupts the stream.",
            recognised: "DSS or another option (not MP_TCPRST and the like on a RST) on new data, \
                more than a round trip after data of the same host without any; or a join, or new \
                data on another subflow, more than a second after the fallback. Not where the \
                capture lacks packets.",
            causes: "A broken stack; a middlebox that takes the options out of some segments only \
                looks the same.",
            linux: "Linux stays with plain TCP: capture at that host, and look for a middlebox.",
            apple: "",
        },
    ),
    (
        Code::JoinAgainstAdvice,
        Page {
            meaning: "A host joined again although the peer, or an earlier failure, speaks against \
                it.",
            recognised: "A second MP_JOIN SYN between the same addresses after a failure, to an \
                address half a second after its REMOVE_ADDR, or by the host that got a RST with \
                MP_TCPRST and T = 0; and no new announcement in between. A repeated SYN is not \
                counted.",
            causes: "A path manager that tries again on its own, endpoints that a script adds again \
                and again.",
            linux: "`ip mptcp monitor` shows which program asks for it.",
            apple: "The system tries again when an interface comes back.",
        },
    ),
    (
        Code::AddAddrUnpadded,
        Page {
            meaning: "An IPv6 address with a port was announced beside timestamps. The 40 octets of \
                TCP options are full to the last.",
            recognised: "An ADD_ADDR of 30 octets and timestamps in one header: it only fits without \
                padding.",
            causes: "A stack that orders options so that they need no padding. Linux pads, and needs \
                44 octets.",
            linux: "Nothing to do: see add-addr-no-space for the other ways out.",
            apple: "",
        },
    ),
    (
        Code::RemoveAddrMissing,
        Page {
            meaning: "A path died and its owner never withdrew the address, so the peer had to wait \
                for its timeouts.",
            recognised: "A host silent on one subflow although its peer goes on there in vain, while \
                it goes on elsewhere for more than three seconds, and no REMOVE_ADDR for the \
                address ID.",
            causes: "A link that went down without notice; Linux sends REMOVE_ADDR only when the \
                endpoint is deleted. The option may have been lost: nothing repeats it.",
            linux: "Delete the endpoint with the link (`ip mptcp endpoint delete id N`; \
                NetworkManager and mptcpd do).",
            apple: "The system removes addresses of interfaces that go.",
        },
    ),
    (
        Code::MappingOutsideSegment,
        Page {
            meaning: "Options and data were moved apart on the way: a mapping covers nothing of the \
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
        Code::ReinjectionDiffers,
        Page {
            meaning: "Two paths carried different octets under the same data sequence numbers: one \
                of them changes data.",
            recognised: "A segment on another subflow over exactly the octets of an earlier one, and \
                a sample of its payload differs. One alone is a note: a link may have damaged it, \
                and TCP's own checksum dropped it.",
            causes: "A proxy, a NAT helper or a DPI device on one path.",
            linux: "`sysctl net.mptcp.checksum_enabled=1` on one of the hosts keeps such data out; \
                captures along the paths show where it is changed.",
            apple: "",
        },
    ),
    (
        Code::WindowShrunk,
        Page {
            meaning: "A host took back receive window that it had offered. Data on its way may be \
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
        Code::DataBeyondWindow,
        Page {
            meaning: "Data was sent past the receive window of the data level. The receiver may drop \
                it. Off by default.",
            recognised: "New data sequence numbers above the highest DATA_ACK plus window that the \
                capture has, by more than the one octet of a window probe; not where packets are \
                missing.",
            causes: "Linux does it by a segment or two, as it goes by the window of the subflow; more \
                than that: a broken stack, or a middlebox that rewrites windows.",
            linux: "Compare the windows at both ends.",
            apple: "",
        },
    ),
    (
        Code::ReservedBitsSet,
        Page {
            meaning: "MPTCP options have bits set that must be 0. Receivers ignore them.",
            recognised: "Reserved and unassigned bits of any option; the flags of MP_CAPABLE have \
                codes of their own.",
            causes: "An experimental stack, or something that writes into options.",
            linux: "`mptcpscope packets FILE` shows the octets; compare both ends.",
            apple: "",
        },
    ),
    (
        Code::DupAckMisread,
        Page {
            meaning: "Signals of MPTCP on duplicate ACKs were taken for a loss, and data was sent \
                again for nothing.",
            recognised: "The first unacknowledged segment sent again within 200 ms of three duplicate \
                ACKs in a row that carry options other than DSS.",
            causes: "A stack that counts duplicate ACKs with MPTCP options.",
            linux: "Linux does not count them: look at the other stack. A real loss at that moment \
                looks the same.",
            apple: "",
        },
    ),
    (
        Code::DupAckSignals,
        Page {
            meaning: "A host sent three or more duplicate ACKs in a row to carry signals. Off by \
                default.",
            recognised: "Segments without data and with an option other than DSS that acknowledge \
                nothing new, one after the other.",
            causes: "Linux does it on an idle subflow: several announcements, and their echoes.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
    (
        Code::DsnWidth,
        Page {
            meaning: "Data sequence numbers or DATA_ACKs of 4 octets stand where 8 are needed. Off by \
                default.",
            recognised: "A DATA_ACK of 4 octets whose value is that of octets with an 8-octet DSN; \
                one for data before it is on its way still, and is not counted. Or 4-octet DSNs \
                for ten seconds at more than 35.8 MB per second: 4 GiB within the two minutes that \
                a segment may live, so that an old segment could pass for a new one.",
            causes: "Linux acknowledges a lone DATA_FIN with 4 octets when nothing else was received. \
                Stacks that save option space send 4-octet DSNs whatever the rate.",
            linux: "Nothing to do: Linux sends DSNs of 8 octets.",
            apple: "4-octet numbers are its default.",
        },
    ),
    (
        Code::UrgentInMapping,
        Page {
            meaning: "A segment within a mapping has the urgent flag, which may break the mapping. \
                Off by default.",
            recognised: "URG on payload that a mapping covers.",
            causes: "A middlebox, or a stack that passes urgent data on.",
            linux: "Nothing to do; Linux does not send urgent data over MPTCP.",
            apple: "",
        },
    ),
    (
        Code::SignalOutOfWindow,
        Page {
            meaning: "A host acted on a signal of MPTCP although the segment that carries it lies \
                outside its receive window. Off by default.",
            recognised: "ADD_ADDR, REMOVE_ADDR, MP_FAIL or MP_FASTCLOSE on a segment that repeats \
                what was acknowledged, lies further ahead than any window reaches, or acknowledges \
                what was never sent, and then the answer to it: echo, join, FIN or RST, MP_FAIL. \
                Not where the signal came on another segment too, or the capture lacks packets. \
                MP_PRIO has no answer that shows.",
            causes: "A stack that does not check sequence numbers, which lets others inject signals; \
                or a firewall that rewrites them on one side of the capture only.",
            linux: "Linux checks them: look at the other stack, and capture at that host.",
            apple: "",
        },
    ),
    (
        Code::OriginalNotResent,
        Page {
            meaning: "Data that went on another subflow was never sent again on its own. That leaves \
                a hole that middleboxes may not like. Off by default.",
            recognised: "A hole in the TCP sequence numbers of a subflow that was not reset, never \
                acknowledged, whose data another subflow carried.",
            causes: "A dead path, or a sender that gives up too early.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
    (
        Code::FastCloseUnanswered,
        Page {
            meaning: "A host asked to end the connection at once and got no answer. The peer may still \
                have the connection.",
            recognised: "Two or more MP_FASTCLOSE on ACKs of one host, and no RST of the other. On a \
                RST, as Linux sends it, no answer is due.",
            causes: "A dead path, or a firewall that drops RSTs.",
            linux: "Linux sends MP_FASTCLOSE on RSTs: look at the path to the other host.",
            apple: "",
        },
    ),
    (
        Code::DataFinInvalid,
        Page {
            meaning: "The end of the data is marked in a way that can't be right, or data goes on \
                behind it. The stream may be damaged.",
            recognised: "A DATA_FIN without payload whose mapping is not one octet at subflow \
                sequence number 0, a second DATA_FIN at another place, or new data at or after it. \
                Data before it may come later.",
            causes: "A broken stack, or something that rewrites DSS.",
            linux: "Compare at both ends.",
            apple: "",
        },
    ),
    (
        Code::FinWithDataOutstanding,
        Page {
            meaning: "A host closed its last subflow while data was not acknowledged at the data \
                level. If it is lost it can't be sent again.",
            recognised: "The FIN of the last open subflow of a host, and data of it (but for the \
                segment with the DATA_FIN) without a DATA_ACK; not where packets are missing.",
            causes: "A stack that closes too early, or a middlebox that makes up a FIN.",
            linux: "Linux waits for the DATA_ACK: look at the other stack.",
            apple: "",
        },
    ),
    (
        Code::SubflowNotClosed,
        Page {
            meaning: "The connection was closed and a subflow of it left open. Off by default.",
            recognised: "Both DATA_FINs, FINs on other subflows, and none on this one, which was not \
                reset either.",
            causes: "A dead path or an interface that is gone: the FIN could not leave.",
            linux: "Nothing to do: it times out.",
            apple: "",
        },
    ),
];
