//! Pages of what can be recomputed, and of what was reported as wrong.

use super::page::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
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
            meaning: "The HMAC of an announced address is wrong, so the peer must ignore the \
                address.",
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
            meaning: "An MP_FASTCLOSE carries a key that is not the peer's. The peer must ignore \
                it.",
            recognised: "The key in the option differs from the one in MP_CAPABLE.",
            causes: "An attack, or a broken stack.",
            linux: "Look for the true sender: TTL and addresses of the packet.",
            apple: "",
        },
    ),
];
