//! Pages of how subflows and connections end.

use super::page::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::FastClose,
        Page {
            meaning: "A host ended the whole connection at once. A warning if data was not \
                acknowledged.",
            recognised: "MP_FASTCLOSE with the peer's key.",
            causes: "The application closed with unread data or with SO_LINGER 0, or was killed.",
            linux: "Look at the application; `nstat -az | grep MPFastclose` counts them.",
            apple: "Apple systems send none. They treat the one of Linux (on a RST) as a RST of \
                each subflow.",
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
        Code::SubflowReset,
        Page {
            meaning: "One subflow was ended by a RST. A warning if data on it was not \
                acknowledged; that data is sent again on another subflow.",
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
            linux: "A second path would have kept the connection alive: see single-path.",
            apple: "",
        },
    ),
    (
        Code::DataFinInvalid,
        Page {
            meaning: "The DATA_FIN cannot be right, or data goes on after it. The stream may be \
                damaged.",
            recognised: "A DATA_FIN without payload whose mapping is not one byte at subflow \
                sequence number 0, a second DATA_FIN at another place, or new data at or after it. \
                Data before it may come later.",
            causes: "A broken stack, or a middlebox that rewrites DSS.",
            linux: "Compare at both ends.",
            apple: "",
        },
    ),
    (
        Code::FinWithDataOutstanding,
        Page {
            meaning: "A host closed its last subflow while data was not acknowledged at the data \
                level. If it is lost, it cannot be sent again.",
            recognised: "The FIN of the last open subflow of a host, and data of it (but for the \
                segment with the DATA_FIN) without a DATA_ACK; not where packets are missing.",
            causes: "A stack that closes too early, or a middlebox that forges a FIN.",
            linux: "Linux waits for the DATA_ACK: look at the other stack.",
            apple: "",
        },
    ),
    (
        Code::ResetForged,
        Page {
            meaning: "A RST came in the name of a host that did not send it: a middlebox ended the subflow.",
            recognised: "Its hop limit is two or more away from that of all other segments of the host; or its \
                sequence number is not the host's; or the host went on as if it had not sent it; or it came \
                sooner after the segment that it answers than the host can have answered; or, with captures of \
                both ends, it arrived and was never sent. Also RSTs without ACK on all subflows at once, each a \
                hop off. IP ID 0, window 0 and no options are no sign: Linux sends such RSTs itself.",
            causes: "IPS, DPI, a firewall that rejects, a censor.",
            linux: "Compare captures of both ends.",
            apple: "",
        },
    ),
    (
        Code::DataFinUnacked,
        Page {
            meaning: "The end of data was never acknowledged although all subflows ended, or although it \
                was sent again and again.",
            recognised: "A DATA_FIN without a DATA_ACK over it, in a capture that lacks nothing; a \
                warning when it, or the FIN behind it, was repeated three times and for more than a \
                second.",
            causes: "A path that died while the connection was closed; a middlebox that takes DATA_ACKs \
                out of ACKs; a subflow that ended too early; early MPTCP stacks.",
            linux: "Look whether the path still lives (`ss -tie`); update old kernels.",
            apple: "",
        },
    ),
];
