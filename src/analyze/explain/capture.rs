//! Pages of what is about the capture itself, and of odd options.

use super::page::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::CaptureMidstream,
        Page {
            meaning: "The capture begins after the handshake of the connection. Keys, tokens and \
                the start of the stream may be unknown.",
            recognised: "The first packet of the connection is no SYN, or only its joins were captured.",
            causes: "The capture was started late, or only on the interface of a later path.",
            linux: "Start `tcpdump -i any` before the connection. Keys known from elsewhere can be \
                given with --keys.",
            apple: "Start rvictl or the packet capture of the device before the app connects.",
        },
    ),
    (
        Code::CaptureOneSided,
        Page {
            meaning: "Only one direction of the connection is in the capture. RTT, loss and stalls \
                cannot be computed.",
            recognised: "One host sent at least four segments, the other none.",
            causes: "Asymmetric routing, a mirror port that sees one direction, a capture filter on \
                the source.",
            linux: "Capture on a host itself, or on all interfaces (`tcpdump -i any`).",
            apple: "Capture on the device or on its access point.",
        },
    ),
    (
        Code::CaptureMissingPath,
        Page {
            meaning: "A path of the connection is not in the capture. Data was acknowledged that \
                no captured packet carried.",
            recognised: "All subflows in the capture are complete at the TCP level, and the data sequence \
                space still has holes below a DATA_ACK.",
            causes: "The capture was taken on one interface of several, or at one end of a \
                load-balanced link.",
            linux: "Capture on all interfaces (`tcpdump -i any`), or give the files of all \
                interfaces at once.",
            apple: "Capture Wi-Fi and cellular together: on the device with rvictl, or at the \
                server.",
        },
    ),
    (
        Code::CaptureOptionsCut,
        Page {
            meaning: "The snap length cut TCP options off. Their contents are unknown, and rules \
                that need them are not applied.",
            recognised: "The header length counts more bytes of options than were captured.",
            causes: "A snap length of 68 or 96 bytes.",
            linux: "`tcpdump -s 128` keeps all headers; -s 0 keeps everything.",
            apple: "",
        },
    ),
    (
        Code::CaptureDrops,
        Page {
            meaning: "Packets are missing from the capture. What a finding calls missing may have \
                been on the wire.",
            recognised: "The capture file counts drops, or TCP acknowledged bytes on a subflow \
                that the capture does not have.",
            causes: "A slow disk, a small buffer, a busy mirror port; IP fragments, which are \
                skipped, look the same.",
            linux: "`tcpdump -B 16384 -s 256`, a filter, or a faster disk.",
            apple: "",
        },
    ),
    (
        Code::CaptureTimeBackwards,
        Page {
            meaning: "Packets in the file are not in the order of their times. From a millisecond on \
                durations may be wrong; less changes nothing.",
            recognised: "A TCP packet is older than one before it in the file.",
            causes: "Several interfaces or queues written without sorting, a clock that was set, \
                files put together by hand.",
            linux: "`reordercap IN OUT` (from Wireshark) sorts a file; mptcpscope merges several \
                files by time itself.",
            apple: "",
        },
    ),
    (
        Code::CaptureDuplicateFrames,
        Page {
            meaning: "Frames were captured more than once. Each counts once in a connection's figures.",
            recognised: "The same segment with the same IP identification, or the same timestamps, at \
                another interface or input.",
            causes: "`tcpdump -i any` with bridges or namespaces, a mirror port of both \
                directions, captures of both ends; a link that repeats packets.",
            linux: "Nothing to do; for smaller files capture on one interface per path.",
            apple: "",
        },
    ),
    (
        Code::CaptureOffload,
        Page {
            meaning: "Segments are larger than the path allows, because the network card splits or \
                merges them. Not a fault.",
            recognised: "Payload above the maximum segment size that the peer named in its SYN.",
            causes: "Segmentation offload (TSO, GSO) at the sender, or GRO at the receiver.",
            linux: "`ethtool -K IFACE tso off gso off gro off` shows packets as they are on the \
                wire.",
            apple: "",
        },
    ),
    (
        Code::OptionMalformed,
        Page {
            meaning: "An MPTCP option has an illegal length or combination. A host ignores it.",
            recognised: "The length does not fit the subtype, the version and the flags.",
            causes: "A broken stack, a middlebox that cut or joined options, or a fuzzer.",
            linux: "Compare the option at both ends: `mptcpscope packets` shows all of its \
                bytes.",
            apple: "",
        },
    ),
    (
        Code::OptionUnknown,
        Page {
            meaning: "An MPTCP option of a subtype that is unassigned or for private use.",
            recognised: "Subtypes 9 to 14, or 15 (MP_EXPERIMENTAL); in version 0 also 8.",
            causes: "An experiment, or an extension of a vendor.",
            linux: "Ask whoever runs the host; other hosts ignore such options.",
            apple: "",
        },
    ),
    (
        Code::OptionCombinationOdd,
        Page {
            meaning: "MPTCP options stand where they do not belong.",
            recognised: "MP_TCPRST without RST; MP_CAPABLE, MP_JOIN or ADD_ADDR on a RST; in version 0 \
                MP_FASTCLOSE on a RST.",
            causes: "A broken stack, or a middlebox that moves options from one segment to another.",
            linux: "Compare the segments at both ends.",
            apple: "",
        },
    ),
    (
        Code::NopRun,
        Page {
            meaning: "There are NOPs where an MPTCP option may have been: a middlebox may have \
                overwritten it.",
            recognised: "Four or more NOPs in a row; hosts need three at most for alignment.",
            causes: "Firewalls that clear unknown TCP options (an nftables rule `reset tcp option` does \
                this, too).",
            linux: "Find the firewall and let it pass TCP option 30; compare captures on both sides \
                of it.",
            apple: "",
        },
    ),
];
