//! Pages of what healthy hosts do against the letter of the RFC.

use super::page::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
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
        Code::MpCapableNotRepeated,
        Page {
            meaning: "The client's first data came as an ordinary DSS before any DSS of the server.",
            recognised: "The first data of the client without MP_CAPABLE, and no DSS of the server before \
                it.",
            causes: "Linux does it after an ADD_ADDR of the server showed that MPTCP works. Off by \
                default.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
    (
        Code::RstReasonMissing,
        Page {
            meaning: "A RST of an MPTCP subflow has no reason.",
            recognised: "RST without MP_TCPRST, except after both FINs.",
            causes: "A firewall, a host without that socket, or Apple systems, which send none. Off \
                by default.",
            linux: "Nothing to do.",
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
            meaning: "Data sequence numbers or DATA_ACKs have 4 bytes where 8 are needed. Off by \
                default.",
            recognised: "A DATA_ACK of 4 bytes for data that was sent with an 8-byte DSN; one for \
                earlier data may still be in flight and is not counted. Or 4-byte DSNs for ten \
                seconds at more than 35.8 MB per second: that is 4 GiB within the two minutes that \
                a segment may live, so an old segment could be mistaken for a new one.",
            causes: "Linux acknowledges a lone DATA_FIN with 4 bytes when nothing else was \
                received. Stacks that save option space send 4-byte DSNs at any rate.",
            linux: "Nothing to do: Linux sends DSNs of 8 bytes.",
            apple: "4-byte numbers are its default.",
        },
    ),
    (
        Code::DataBeyondWindow,
        Page {
            meaning: "Data was sent past the receive window of the data level. The receiver may drop \
                it. Off by default.",
            recognised: "New data sequence numbers above the highest DATA_ACK plus window that the \
                capture has, by more than the one byte of a window probe; not where packets are \
                missing.",
            causes: "Linux exceeds it by a segment or two, because it uses the window of the \
                subflow. More than that means a broken stack, or a middlebox that rewrites \
                windows.",
            linux: "Compare the windows at both ends.",
            apple: "",
        },
    ),
    (
        Code::SubflowNotClosed,
        Page {
            meaning: "The connection was closed and a subflow of it left open. Off by default.",
            recognised: "Both DATA_FINs, FINs on other subflows, and none on this one, which was not \
                reset either.",
            causes: "A dead path or a removed interface: the FIN could not be sent.",
            linux: "Nothing to do: it times out.",
            apple: "",
        },
    ),
    (
        Code::OriginalNotResent,
        Page {
            meaning: "Data that was reinjected was never resent on its own subflow. That leaves a \
                TCP hole, which confuses some middleboxes. Off by default.",
            recognised: "A hole in the TCP sequence numbers of a subflow that was not reset, never \
                acknowledged, whose data another subflow carried.",
            causes: "A dead path, or a sender that gives up too early.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
    (
        Code::UrgentInMapping,
        Page {
            meaning: "A segment within a mapping has the urgent flag, which may break the mapping. \
                Off by default.",
            recognised: "URG on payload that a mapping covers.",
            causes: "A middlebox, or a stack that forwards urgent data.",
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
];
