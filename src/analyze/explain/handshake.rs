//! Pages of the handshake, of the fallback and of proofs.

use super::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::MpCapableUnanswered,
        Page {
            meaning: "MPTCP was offered and not taken up: the connection is plain TCP.",
            recognised: "A SYN with MP_CAPABLE, and a SYN/ACK without it.",
            causes: "The server has no MPTCP, its application does not use it, or a middlebox takes \
                the option out (a run of NOPs in the server's capture tells).",
            linux: "On the server: `sysctl net.mptcp.enabled=1`, and an MPTCP socket (`mptcpize \
                run PROGRAM`). Capture there to see whether the option arrives.",
            apple: "Apple systems are clients only; the server must speak MPTCP.",
        },
    ),
    (
        Code::MpCapableSynBlackholed,
        Page {
            meaning: "SYNs with MP_CAPABLE got no answer, one without did. MPTCP cost seconds and did \
                not come about.",
            recognised: "Repeated SYNs with the option, then a SYN without it that is answered.",
            causes: "A firewall that drops packets with unknown TCP options.",
            linux: "Let the firewall pass TCP option 30. Linux 6.12 and later now avoid MPTCP for \
                net.mptcp.blackhole_timeout seconds (3600; 0 turns that off); \
                net.mptcp.syn_retrans_before_tcp_fallback (2; Linux 6.14 and later) says how often \
                the SYN is repeated with MP_CAPABLE.",
            apple: "The device remembers networks on which MPTCP fails, and tries again later.",
        },
    ),
    (
        Code::MpCapableAckLost,
        Page {
            meaning: "The server got the third ACK without MP_CAPABLE: the connection is plain TCP.",
            recognised: "A SYN and a SYN/ACK with MP_CAPABLE, then an ACK without any MPTCP option.",
            causes: "The option was taken out of the SYN/ACK on the way to the client, or out of the \
                client's segments after the SYN.",
            linux: "Capture at both ends to see on which way it is lost.",
            apple: "",
        },
    ),
    (
        Code::DssMissingFallback,
        Page {
            meaning: "Data without a mapping, or answered without a DSS: the connection went on as \
                plain TCP.",
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
            meaning: "A lower version of MPTCP than offered, or none because the versions differ.",
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
            meaning: "A key was repeated with another value. Somebody rewrites MP_CAPABLE, or answers \
                in a host's place.",
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
            meaning: "MP_CAPABLE asks for something that nobody knows. A peer goes on without MPTCP.",
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
            meaning: "DSS checksums are in use: either host asked for them. Every octet is summed up \
                twice more.",
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
        Code::JoinHmacMismatch,
        Page {
            meaning: "A join could not prove that it belongs to the connection.",
            recognised: "The HMAC in the SYN/ACK or in the third ACK of a join, computed anew from keys \
                and nonces, differs.",
            causes: "A middlebox that rewrites options, an attack, or a broken stack.",
            linux: "Compare the option at both ends. Linux up to 6.18 resets with reason 3 instead \
                of 1 for the third ACK.",
            apple: "",
        },
    ),
    (
        Code::AddAddrHmacMismatch,
        Page {
            meaning: "An announced address is not proved, so nobody may use it.",
            recognised: "The HMAC of ADD_ADDR, computed anew over ID, address and port, differs; two ways \
                that old stacks computed it are tried and named.",
            causes: "A NAT helper that rewrites addresses in options, a forged announcement, or an \
                early kernel (before 5.7: leftmost bits; 5.11 and 5.12: port left out).",
            linux: "Update old kernels; compare the option at both ends.",
            apple: "Apple systems announce no addresses.",
        },
    ),
    (
        Code::DssChecksumMismatch,
        Page {
            meaning: "Data was changed on the way: the DSS checksum of a mapping is wrong.",
            recognised: "The sum over the whole mapping, with its DSN, SSN and length, differs; only \
                where all payload was captured, and never for an infinite mapping.",
            causes: "Proxies, NAT helpers, DPI; damaged memory.",
            linux: "Find the device by captures along the path; TLS data that is changed breaks TLS, \
                too.",
            apple: "",
        },
    ),
    (
        Code::MpFail,
        Page {
            meaning: "A host reported data with a wrong checksum. On the only path MPTCP ends with it; \
                else the path is reset.",
            recognised: "MP_FAIL, with the DSN of the data.",
            causes: "A middlebox changed data.",
            linux: "See dss-checksum-mismatch. `nstat -az | grep DataCsumErr` counts them.",
            apple: "",
        },
    ),
    (
        Code::FastcloseKeyMismatch,
        Page {
            meaning: "Somebody sent MP_FASTCLOSE with a key that is not the peer's. It must be \
                ignored.",
            recognised: "The key in the option differs from the one in MP_CAPABLE.",
            causes: "An attack, or a broken stack.",
            linux: "Look for the true sender: TTL and addresses of the packet.",
            apple: "",
        },
    ),
    (
        Code::IdsnMismatch,
        Page {
            meaning: "The data sequence numbers do not start where the key says. Keys on the two sides \
                of some box differ.",
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
            meaning: "Mappings have a checksum though none was agreed on, or none though it was.",
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
            meaning: "Octets that failed their checksum were delivered to the application.",
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
        Code::CBitSet,
        Page {
            meaning: "A host asks not to open subflows to the address and port that the connection \
                began with.",
            recognised: "The C bit in its MP_CAPABLE.",
            causes: "Wanted behind load balancers and anycast addresses; the host should announce an \
                address of its own.",
            linux: "`sysctl net.mptcp.allow_join_initial_addr_port=1` lifts it; with 0 add: `ip \
                mptcp endpoint add ADDRESS signal`.",
            apple: "Apple systems ignore the bit.",
        },
    ),
    (
        Code::MpCapableNotRepeated,
        Page {
            meaning: "The client's first data came as an ordinary DSS before any DSS of the server.",
            recognised: "The first data of the client without MP_CAPABLE, and no DSS of the server before \
                it.",
            causes: "Linux does it once an ADD_ADDR of the server told it that MPTCP works. Off by \
                default.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
];
