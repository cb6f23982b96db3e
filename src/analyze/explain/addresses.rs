//! Pages of addresses and of the option space.

use super::page::Page;
use crate::analyze::finding::Code;

/// Code and page.
pub(super) const PAGES: &[(Code, Page)] = &[
    (
        Code::AddAddrNoSpace,
        Page {
            meaning: "An address could not be announced: the option did not fit into the 40 bytes \
                of TCP options.",
            recognised: "Unsolicited ACKs, and gaps in the announced IDs, where an ADD_ADDR would \
                not have fitted. Certain with the host's counters (AddAddrTxDrop). An IPv6 address \
                that is announced afterwards without a port is named.",
            causes: "IPv6 with a port needs 32 bytes. Timestamps need 12. That is 44 of 40.",
            linux: "Three solutions. Announce without a port (`ip mptcp endpoint add ADDRESS \
                signal`): that needs 40 bytes and fits. Turn timestamps off (`sysctl \
                net.ipv4.tcp_timestamps=0`, for new connections). Or use Linux 7.2 or later with \
                net.mptcp.add_addr_v6_port_drop_ts=1, which leaves timestamps out of that one ACK: \
                see add-addr-timestamps-dropped. Another stack may order options without padding: \
                see add-addr-unpadded.",
            apple: "Apple systems announce no addresses.",
        },
    ),
    (
        Code::AddAddrSpaceStatic,
        Page {
            meaning: "With the options of this connection, one form of ADD_ADDR can never be sent. \
                Nothing was lost yet.",
            recognised: "Timestamps in both SYNs, and a server with IPv6.",
            causes: "IPv6 with port does not fit beside timestamps.",
            linux: "Before you configure an endpoint with a port, see add-addr-no-space.",
            apple: "",
        },
    ),
    (
        Code::AddAddrTimestampsDropped,
        Page {
            meaning: "Timestamps were left out of one ACK to make room for an ADD_ADDR.",
            recognised: "An ADD_ADDR without timestamps on a connection that negotiated them. A warning \
                if nobody echoed it and the address was not announced again without a port.",
            causes: "Linux 7.2 and later do it for IPv6 with port.",
            linux: "If there is never an echo, a middlebox drops segments without timestamps. Then \
                announce without a port, or turn timestamps off (`sysctl \
                net.ipv4.tcp_timestamps=0`). `sysctl net.mptcp.add_addr_v6_port_drop_ts=0` (Linux \
                7.2 and later) keeps timestamps, but then the address is not announced at all.",
            apple: "",
        },
    ),
    (
        Code::AddAddrUnpadded,
        Page {
            meaning: "An IPv6 address with a port was announced beside timestamps. All 40 bytes of \
                TCP options are used.",
            recognised: "An ADD_ADDR of 30 bytes and timestamps in one header: that only fits \
                without padding.",
            causes: "A stack that orders options so that they need no padding. Linux pads, and \
                needs 44 bytes.",
            linux: "Nothing to do.",
            apple: "",
        },
    ),
    (
        Code::AddAddrEvictsSack,
        Page {
            meaning: "SACK blocks were left out of an ACK to make room for an MPTCP option.",
            recognised: "An ACK without the SACK blocks that the ones around it have.",
            causes: "All 40 bytes of TCP options were used.",
            linux: "Nothing to do: the next ACK repeats the blocks.",
            apple: "",
        },
    ),
    (
        Code::AddAddrNotEchoed,
        Page {
            meaning: "An announced address was never echoed, so the peer may not know it.",
            recognised: "Two or more copies of an ADD_ADDR and no echo, with packets of both hosts in the \
                capture; not in version 0, which has no echo.",
            causes: "A middlebox removes the option, the peer's HMAC check failed, or the echo was \
                lost on the way back (then the address may still be joined).",
            linux: "Capture at the other host. `nstat -az | grep -E 'AddAddr|EchoAdd'` counts on \
                both.",
            apple: "Apple systems echo without the port.",
        },
    ),
    (
        Code::AddAddrEchoMismatch,
        Page {
            meaning: "An echo names another address or port than the announcement.",
            recognised: "An echo that fits no announcement, under the ID of one.",
            causes: "A NAT helper rewrites addresses in TCP options in one direction.",
            linux: "Find the device; captures on both sides of it differ.",
            apple: "",
        },
    ),
    (
        Code::AddAddrNotUsed,
        Page {
            meaning: "The peer echoed an announced address and never joined it.",
            recognised: "ADD_ADDR and echo, at least half a second before the end, and no join towards \
                the address. A note where other paths worked.",
            causes: "The peer's limits (Linux accepts no announced address by default), an address \
                family that it does not have, or a policy.",
            linux: "On the peer: `ip mptcp limits set add_addr_accepted 8 subflows 8`.",
            apple: "The service type decides: handover joins only when needed.",
        },
    ),
    (
        Code::AddAddrIdConflict,
        Page {
            meaning: "One address ID was used for two addresses at the same time.",
            recognised: "Two ADD_ADDRs with the same ID and different addresses, and no REMOVE_ADDR \
                between them.",
            causes: "A broken stack, or a rewritten option.",
            linux: "Give endpoints different IDs (`ip mptcp endpoint show`).",
            apple: "",
        },
    ),
    (
        Code::AddAddrOwnAddress,
        Page {
            meaning: "A host announced an address that its peer has as well, so nobody can join it.",
            recognised: "A join from an address to the same address, on a connection between others; \
                or, with `--host`, an announced address among the receiver's own.",
            causes: "Every endpoint is announced, also that of a bridge which all hosts have \
                (172.17.0.1 of Docker, 192.168.122.1 of libvirt).",
            linux: "`ip mptcp endpoint delete id N` on the host that announces it.",
            apple: "",
        },
    ),
    (
        Code::AddAddrPrivate,
        Page {
            meaning: "A private, link-local or loopback address was announced to a host on the public \
                Internet.",
            recognised: "Both hosts have public addresses on the initial subflow, the announced one is \
                private, and no join to it got through.",
            causes: "An endpoint on an inner interface.",
            linux: "`ip mptcp endpoint delete id N`, or announce the public address.",
            apple: "",
        },
    ),
    (
        Code::RemoveAddrUnknownId,
        Page {
            meaning: "An address ID was withdrawn that was never announced or used.",
            recognised: "REMOVE_ADDR with an ID that no announcement and no subflow in the capture has.",
            causes: "The announcement was not captured or could not be sent, or the endpoint was \
                never used on this connection.",
            linux: "Nothing to do: unknown IDs are ignored.",
            apple: "",
        },
    ),
    (
        Code::RemoveAddrClosedSubflows,
        Page {
            meaning: "An address was withdrawn, and its subflows ended with it.",
            recognised: "REMOVE_ADDR, and within a second FIN or RST on subflows that use the ID; on a \
                faster path they may come up to a round trip before it.",
            causes: "An endpoint was deleted, or an interface went down.",
            linux: "Expected behaviour. `ip mptcp monitor` shows which program removes the \
                endpoint; it may be NetworkManager.",
            apple: "The system removes the addresses of interfaces that go down.",
        },
    ),
    (
        Code::RemoveAddrMissing,
        Page {
            meaning: "A path died and its owner never withdrew the address. The peer had to wait \
                for its timeouts.",
            recognised: "A host stays silent on one subflow although its peer keeps sending there, \
                while it goes on elsewhere for more than three seconds, without a REMOVE_ADDR for \
                the address ID.",
            causes: "A link went down without notice. Linux sends REMOVE_ADDR only when the \
                endpoint is deleted. The option may also have been lost: it is never repeated.",
            linux: "Delete the endpoint with the link (`ip mptcp endpoint delete id N`; \
                NetworkManager and mptcpd do).",
            apple: "The system removes the addresses of interfaces that go down.",
        },
    ),
];
