//! Pages of the handshake and of the fallback.

use super::page::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::HandshakeUnanswered,
        Page {
            meaning: "SYNs got no answer. Where some of them had no MP_CAPABLE, MPTCP is not to blame.",
            recognised: "A SYN with MP_CAPABLE that was repeated, with the option and perhaps without, and \
                nothing else of that connection. Not a single SYN at the end of the capture; not a client \
                that goes on with other segments, where only answers are not captured.",
            causes: "The host is down, the path is dead, or a firewall drops SYNs.",
            linux: "`ping ADDRESS`; `ip route get ADDRESS`; a capture at the server shows whether the \
                SYNs arrive.",
            apple: "",
        },
    ),
    (
        Code::MpCapableRefused,
        Page {
            meaning: "A SYN with MP_CAPABLE was refused by a RST, and plain TCP was accepted.",
            recognised: "A RST to the SYN with MP_CAPABLE; from the same client to the same address and \
                port a SYN without it that got a SYN/ACK; and no SYN/ACK to any SYN with it there.",
            causes: "A firewall or load balancer that refuses unknown TCP options. A server that was \
                started in between looks the same.",
            linux: "`sysctl net.mptcp.enabled=0` on the client avoids it; better let the device pass TCP \
                option 30.",
            apple: "",
        },
    ),
    (
        Code::MpCapableMirrored,
        Page {
            meaning: "The SYN/ACK sends the client's own MP_CAPABLE back. What answers does not speak \
                MPTCP.",
            recognised: "MP_CAPABLE in a SYN/ACK without a key (version 1), or with the key of the SYN \
                (version 0).",
            causes: "A stack, proxy or test tool that copies options which it does not know.",
            linux: "The client goes on as plain TCP. Find what answers: a capture at the server differs.",
            apple: "",
        },
    ),
    (
        Code::MptcpRuledOut,
        Page {
            meaning: "The SYN is signed with TCP MD5 or TCP-AO, and offers MPTCP. Hosts do not use both.",
            recognised: "Option 19 or 29 beside MP_CAPABLE in the SYN or the SYN/ACK.",
            causes: "A signature was asked for on an MPTCP socket.",
            linux: "Linux falls back to TCP as soon as a key for a signature is set.",
            apple: "",
        },
    ),
    (
        Code::MpCapableFlood,
        Page {
            meaning: "Many handshakes towards one host never got a third ACK: a SYN flood or a scan.",
            recognised: "100 SYNs with MP_CAPABLE or more within a second to one host, each sent once \
                and never followed by anything, from clients that do nothing else. Not a load test \
                whose connections complete, or whose SYNs are repeated.",
            causes: "Forged sources, a scan.",
            linux: "`sysctl net.ipv4.tcp_syncookies=1`; let the firewall limit the rate of SYNs.",
            apple: "",
        },
    ),
    (
        Code::MpCapableUnanswered,
        Page {
            meaning: "MPTCP was offered, but the SYN/ACK came without it: the connection is plain \
                TCP.",
            recognised: "A SYN with MP_CAPABLE, and a SYN/ACK without it.",
            causes: "The server has no MPTCP, its application does not use it, or a middlebox \
                removes the option (a run of NOPs in the server's capture shows that).",
            linux: "On the server: `sysctl net.mptcp.enabled=1`, and an MPTCP socket (`mptcpize \
                run PROGRAM`). Capture there to see whether the option arrives.",
            apple: "Apple systems are clients only; the server must speak MPTCP.",
        },
    ),
    (
        Code::MpCapableSynBlackholed,
        Page {
            meaning: "SYNs with MPTCP got no answer; plain TCP did. The wait cost seconds, and \
                MPTCP is not used.",
            recognised: "Repeated SYNs with the option, then a SYN without it that is answered.",
            causes: "A firewall that drops packets with unknown TCP options.",
            linux: "Let the firewall pass TCP option 30. Linux 6.12 and later then stop trying \
                MPTCP for net.mptcp.blackhole_timeout seconds (3600; 0 turns that off). \
                net.mptcp.syn_retrans_before_tcp_fallback (2; Linux 6.14 and later) is how often \
                the SYN is repeated with MP_CAPABLE.",
            apple: "The device remembers networks on which MPTCP fails, and tries again later.",
        },
    ),
    (
        Code::MpCapableAckLost,
        Page {
            meaning: "The server got the third ACK without MP_CAPABLE: the connection is plain TCP.",
            recognised: "A SYN and a SYN/ACK with MP_CAPABLE, then an ACK without any MPTCP option.",
            causes: "A middlebox removed the option from the SYN/ACK on the way to the client, or \
                from the client's segments after the SYN.",
            linux: "Capture at both ends to see in which direction it is lost.",
            apple: "",
        },
    ),
    (
        Code::DssMissingFallback,
        Page {
            meaning: "Data came without a mapping, or was answered without a DSS: the connection \
                fell back to plain TCP.",
            recognised: "Payload outside any mapping, or an acknowledgment of mapped data without any \
                DSS, while there is one subflow and no join got through.",
            causes: "A middlebox that passes options on SYNs and strips them from data; a proxy that \
                rewrites segments; a wrong checksum on the first mapping.",
            linux: "Find the device by captures along the path. Encrypted tunnels keep it out.",
            apple: "",
        },
    ),
    (
        Code::VersionDowngrade,
        Page {
            meaning: "The server chose a lower version of MPTCP than offered, or none because the \
                versions differ.",
            recognised: "The SYN/ACK names a lower version; or a version 1 SYN fell back, and the same \
                client soon came with version 0 and succeeded.",
            causes: "An old kernel at the server: mptcp.org's out-of-tree kernels speak version 0.",
            linux: "Linux speaks version 1 only, since 5.6: update the other host.",
            apple: "Apple systems speak both versions and remember which one works.",
        },
    ),
    (
        Code::MptcpV0,
        Page {
            meaning: "The connection speaks version 0 (RFC 6824), which is obsolete.",
            recognised: "MP_CAPABLE with version 0 in the SYN and in the SYN/ACK.",
            causes: "An out-of-tree kernel, or an old Apple system.",
            linux: "Use the kernel's own MPTCP, Linux 5.6 or later, on both hosts.",
            apple: "Update the system.",
        },
    ),
    (
        Code::EchoedKeyMismatch,
        Page {
            meaning: "A key was repeated with another value. A middlebox rewrites MP_CAPABLE, or \
                answers in place of a host.",
            recognised: "MP_CAPABLE in the third ACK or on the first data carries a key that differs from \
                the one in the SYN or SYN/ACK.",
            causes: "A middlebox, an attack, or a broken stack (some Linux kernels up to 5.15 with \
                checksums).",
            linux: "Capture at both ends and compare the options.",
            apple: "",
        },
    ),
    (
        Code::HandshakeFlagsUnsupported,
        Page {
            meaning: "MP_CAPABLE asks for something that no stack supports. The peer goes on \
                without MPTCP.",
            recognised: "The B bit is set, or no known algorithm is named (H is 0).",
            causes: "An experiment, or a damaged option.",
            linux: "Look at the host that sends it: `mptcpscope packets` shows the flags.",
            apple: "",
        },
    ),
    (
        Code::HandshakeInvalid,
        Page {
            meaning: "What MP_CAPABLE agrees on does not follow from what was offered.",
            recognised: "A higher version in the answer than in the offer, an answer that nobody asked \
                for, or an A bit in the third ACK that is not the OR of the two offers.",
            causes: "A broken stack, or a middlebox that answers or rewrites.",
            linux: "Capture at both ends.",
            apple: "",
        },
    ),
    (
        Code::ChecksumForced,
        Page {
            meaning: "DSS checksums are in use: either host asked for them. They cost CPU: every \
                byte is checksummed at both ends.",
            recognised: "The A bit in the SYN or the SYN/ACK.",
            causes: "The setting of one host; out-of-tree kernels have it on.",
            linux: "`sysctl net.mptcp.checksum_enabled=0` on the host that asks, unless \
                middleboxes change data.",
            apple: "Apple systems use checksums only if the peer asks.",
        },
    ),
    (
        Code::InfiniteMapping,
        Page {
            meaning: "An infinite mapping turned the connection into plain TCP for good: no further \
                paths.",
            recognised: "A DSS with length 0, usually after MP_FAIL.",
            causes: "A middlebox changed data on the only path.",
            linux: "Find what changes data: NAT helpers (nf_conntrack_ftp, SIP), proxies, DPI.",
            apple: "",
        },
    ),
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
];
