//! The rows of the counter table.

use std::ops::RangeInclusive;

use mptcpscope::internals::analyze::state::ConnectionState;
use mptcpscope::internals::report::event::EventKind;
use mptcpscope::internals::track::fallback::FallbackCause;
use mptcpscope::internals::track::proof::Verdict;
use mptcpscope::internals::wire::mptcp::ResetReason;
use mptcpscope::internals::wire::mptcp::{AddAddr, MptcpOption};

use super::Counter;
use super::Rule::{self, Exact, Silent, Within};
use crate::view::Sender::{Own, Peer};
use crate::view::{PacketStamp, View};

const fn row(name: &'static str, rule: Rule) -> Counter {
    Counter { name, rule }
}

/// All counters of Linux 6.18, in the kernel's order, and at the end one of older kernels.
pub(crate) const TABLE: &[Counter] = &[
    row(
        "MPCapableSYNRX",
        Exact(
            "initial subflows whose SYN has MP_CAPABLE and was answered with MP_CAPABLE, or with a \
             RST of reason 3; each counts once however often the SYN comes",
            |view| {
                view.count(|seen| {
                    let handshake = &seen.subflow.handshake;
                    seen.is_initial()
                        && !seen.is_opener()
                        && seen.has_capable(Peer, handshake.syn)
                        && (seen.has_capable(Own, handshake.syn_ack) || seen.refused_syn(3))
                })
            },
        ),
    ),
    row(
        "MPCapableSYNTX",
        Exact("own connections whose first SYN has MP_CAPABLE", |view| {
            view.count(|seen| {
                seen.is_initial()
                    && seen.is_opener()
                    && seen.has_capable(Own, seen.subflow.handshake.syn)
            })
        }),
    ),
    row(
        "MPCapableSYNACKRX",
        Exact("own connections whose SYN/ACK has MP_CAPABLE", |view| {
            view.count(|seen| {
                seen.is_initial()
                    && seen.is_opener()
                    && seen.has_capable(Peer, seen.subflow.handshake.syn_ack)
            })
        }),
    ),
    row(
        "MPCapableACKRX",
        Exact(
            "connections whose third ACK (or first data) came with both keys; the kernel counts \
             when \
             the application accepts, so connections that wait in the backlog are missing there",
            |view| view.count(|seen| !seen.is_opener() && seen.is_agreed()),
        ),
    ),
    row(
        "MPCapableFallbackACK",
        Exact("fallback because the third ACK has no MP_CAPABLE, seen at the server", |view| {
            view.count(|seen| {
                !seen.is_opener() && seen.fell_back(FallbackCause::AckWithoutMpCapable)
            })
        }),
    ),
    row(
        "MPCapableFallbackSYNACK",
        Exact("fallback because the SYN/ACK has no MP_CAPABLE, seen at the client", |view| {
            view.count(|seen| {
                seen.is_opener() && seen.fell_back(FallbackCause::SynAckWithoutMpCapable)
            })
        }),
    ),
    row(
        "MPCapableSYNTXDrop",
        Exact("own SYN sent again without MP_CAPABLE, and only that one answered", |view| {
            view.count(syn_was_dropped)
        }),
    ),
    row(
        "MPCapableSYNTXDisabled",
        Silent("a connection that does not ask for MPTCP looks like any other TCP connection"),
    ),
    row(
        "MPCapableEndpAttempt",
        Exact("SYN without MP_JOIN answered with a RST of reason 3", |view| {
            view.count(|seen| seen.is_initial() && !seen.is_opener() && seen.refused_syn(3))
        }),
    ),
    row(
        "MPFallbackTokenInit",
        Silent(
            "no token could be made: the SYN/ACK has no MP_CAPABLE, but \
             that has other causes, too",
        ),
    ),
    row(
        "MPTCPRetrans",
        Within(
            "0 if no octet was sent again at data level; else at most one per octet sent again: \
             the \
             kernel counts the pieces that it hands to a subflow, not segments",
            |view| 0..=view.resent_bytes(Own),
        ),
    ),
    row(
        "MPJoinNoTokenFound",
        Exact("join SYN answered with a RST of reason 1", |view| {
            view.count(|seen| seen.is_join_here() && seen.refused_syn(1))
        }),
    ),
    row(
        "MPJoinSynRx",
        Exact(
            "joins to this host, refused ones included (except by a bare RST: nobody listens); \
             each counts once",
            |view| view.count(PacketStamp::is_join_here),
        ),
    ),
    row(
        "MPJoinSynBackupRx",
        Exact("of those, the ones with the backup bit", |view| {
            view.count(|seen| seen.is_join_here() && seen.is_backup_by_syn(Peer))
        }),
    ),
    row(
        "MPJoinSynAckRx",
        Exact("own joins whose SYN/ACK has the right HMAC", |view| {
            view.count(|seen| seen.is_own_join() && seen.syn_ack_hmac_is(Verdict::Verified))
        }),
    ),
    row(
        "MPJoinSynAckBackupRx",
        Exact("of those, the ones with the backup bit", |view| {
            view.count(|seen| {
                seen.is_own_join()
                    && seen.syn_ack_hmac_is(Verdict::Verified)
                    && seen.is_backup_by_syn_ack(Peer)
            })
        }),
    ),
    row(
        "MPJoinSynAckHMacFailure",
        Exact(
            "own joins whose SYN/ACK has a wrong HMAC (before Linux 6.18.10 counted as \
             MPJoinAckHMacFailure)",
            |view| view.count(|seen| seen.is_own_join() && seen.syn_ack_hmac_is(Verdict::Mismatch)),
        ),
    ),
    row(
        "MPJoinAckRx",
        Exact(
            "joins to this host whose third ACK has the right HMAC, and was not refused",
            |view| view.count(PacketStamp::is_taken),
        ),
    ),
    row(
        "MPJoinAckHMacFailure",
        Exact("joins to this host whose third ACK has a wrong HMAC", |view| {
            view.count(|seen| seen.is_join_here() && seen.ack_hmac_is(Verdict::Mismatch))
        }),
    ),
    row(
        "MPJoinRejected",
        Exact(
            "joins to this host with a right third ACK, answered with a RST of reason 3 (with \
             SYN cookies the host drops the SYN without an answer instead)",
            |view| {
                view.count(|seen| {
                    let reason = seen.own_refusal().and_then(|reset| reset.reason);
                    seen.is_join_here()
                        && seen.ack_hmac_is(Verdict::Verified)
                        && reason == Some(ResetReason(3))
                })
            },
        ),
    ),
    row(
        "MPJoinSynTx",
        Exact("own joins; each counts once", |view| view.count(PacketStamp::is_own_join)),
    ),
    row("MPJoinSynTxCreatSkErr", Silent("fails before there is a packet")),
    row("MPJoinSynTxBindErr", Silent("fails before there is a packet")),
    row("MPJoinSynTxConnectErr", Silent("fails before there is a packet")),
    row(
        "DSSNotMatching",
        Silent(
            "depends on what the receiver had read of the mapping before; what follows is a \
                fallback or a RST",
        ),
    ),
    row(
        "DSSCorruptionFallback",
        Silent("an inner check of the receiver; what follows is a fallback"),
    ),
    row("DSSCorruptionReset", Silent("an inner check of the receiver; what follows is a RST")),
    row(
        "InfiniteMapTx",
        Exact("own connections' infinite mappings, one per connection", |view| {
            view.count(|seen| seen.has_infinite_mapping(Own))
        }),
    ),
    row(
        "InfiniteMapRx",
        Exact("infinite mappings of the peer, one per connection", |view| {
            view.count(|seen| seen.has_infinite_mapping(Peer))
        }),
    ),
    row(
        "DSSNoMatchTCP",
        Silent(
            "depends on what the receiver had read of the mapping before; what follows is a \
                fallback or a RST",
        ),
    ),
    row(
        "DataCsumErr",
        Exact("mappings of the peer whose checksum is wrong", |view| {
            view.sum(|seen| {
                seen.data(Peer).checksums.as_ref().map_or(0, |checksums| checksums.mismatch)
            })
        }),
    ),
    row("OFOQueueTail", Within(OUT_OF_ORDER, out_of_order)),
    row("OFOQueue", Within(OUT_OF_ORDER, out_of_order)),
    row("OFOMerge", Within(OUT_OF_ORDER, out_of_order)),
    row("NoDSSInWindow", Silent("the window at data level is the receiver's own")),
    row(
        "DuplicateData",
        Within(
            "0 if the peer sent nothing again at data level; else at most one per octet sent \
             again: \
             the kernel counts buffers, which may be several segments",
            |view| 0..=view.resent_bytes(Peer),
        ),
    ),
    row(
        "AddAddr",
        Exact("announcements of the peer with the right HMAC, copies included", |view| {
            view.sum(|seen| {
                let events = seen.events(Peer);
                let proved = events.filter(|(_, kind)| {
                    matches!(kind, EventKind::Option(MptcpOption::AddAddr(add)) if !add.is_echo() && seen.is_proved(add))
                });
                proved.count() as u64
            })
        }),
    ),
    row(
        "AddAddrTx",
        Exact("own announcements, copies included", |view| {
            view.add_addrs(Own, |add| !add.is_echo())
        }),
    ),
    row(
        "AddAddrTxDrop",
        Silent("what does not fit is never sent; the report's `option_space` says what fits"),
    ),
    row(
        "EchoAdd",
        Exact("echoes of the peer, copies included", |view| view.add_addrs(Peer, AddAddr::is_echo)),
    ),
    row(
        "EchoAddTx",
        Exact("own echoes, copies included", |view| view.add_addrs(Own, AddAddr::is_echo)),
    ),
    row("EchoAddTxDrop", Silent("an echo that is missing may be lost, or never have been due")),
    row(
        "PortAdd",
        Exact("announcements and echoes of the peer with a port", |view| {
            view.add_addrs(Peer, |add| add.port.is_some())
        }),
    ),
    row(
        "AddAddrDrop",
        Silent("the host was busy, or the announcement was refused: no packet says so"),
    ),
    row(
        "MPJoinPortSynRx",
        Exact(
            "joins to another port of this host than that of the connection, if it was announced",
            |view| {
                view.count(|seen| {
                    seen.is_join_here() && seen.is_to_other_port() && !seen.refused_syn(3)
                })
            },
        ),
    ),
    row(
        "MPJoinPortSynAckRx",
        Exact(
            "own joins with a right SYN/ACK, to another port than that of the connection",
            |view| {
                view.count(|seen| {
                    seen.is_own_join()
                        && seen.syn_ack_hmac_is(Verdict::Verified)
                        && seen.is_to_other_port()
                })
            },
        ),
    ),
    row(
        "MPJoinPortAckRx",
        Exact("of the joins to another port, those whose third ACK was taken", |view| {
            view.count(|seen| seen.is_taken() && seen.is_to_other_port())
        }),
    ),
    row(
        "MismatchPortSynRx",
        Exact("joins to another port, answered with a RST of reason 3 to the SYN", |view| {
            view.count(|seen| seen.is_join_here() && seen.is_to_other_port() && seen.refused_syn(3))
        }),
    ),
    row(
        "MismatchPortAckRx",
        Silent("a withdrawn port looks like any other refusal of the third ACK"),
    ),
    row("RmAddr", Exact("address IDs in the peer's REMOVE_ADDR", |view| view.removed_ids(Peer))),
    row("RmAddrDrop", Silent("the host was busy: no packet says so")),
    row("RmAddrTx", Exact("address IDs in own REMOVE_ADDR", |view| view.removed_ids(Own))),
    row("RmAddrTxDrop", Silent("what does not fit is never sent")),
    row(
        "RmSubflow",
        Exact("own subflows from the addresses that this host withdrew", |view| {
            view.count(|seen| seen.is_withdrawn() && !seen.is_refused())
        }),
    ),
    row(
        "MPPrioTx",
        Exact("own MP_PRIO", |view| {
            view.options(Own, |kind| matches!(kind, EventKind::Option(MptcpOption::MpPrio(_))))
        }),
    ),
    row(
        "MPPrioRx",
        Exact("MP_PRIO of the peer", |view| {
            view.options(Peer, |kind| matches!(kind, EventKind::Option(MptcpOption::MpPrio(_))))
        }),
    ),
    row(
        "MPFailTx",
        Exact("own MP_FAIL", |view| {
            view.options(Own, |kind| matches!(kind, EventKind::Option(MptcpOption::MpFail(_))))
        }),
    ),
    row(
        "MPFailRx",
        Exact("MP_FAIL of the peer", |view| {
            view.options(Peer, |kind| matches!(kind, EventKind::Option(MptcpOption::MpFail(_))))
        }),
    ),
    row(
        "MPFastcloseTx",
        Exact("own MP_FASTCLOSE, one per subflow", |view| {
            view.options(Own, |kind| matches!(kind, EventKind::Option(MptcpOption::MpFastClose(_))))
        }),
    ),
    row(
        "MPFastcloseRx",
        Within(
            "MP_FASTCLOSE of the peer; at least one of them per connection: the first one may have \
             closed the other subflows",
            |view| {
                let connections = view.report.connections.iter();
                let counts = connections.map(|connection| {
                    let subflows = connection.subflows.iter().map(|subflow| PacketStamp {
                        side: view.side,
                        connection: Some(connection),
                        subflow,
                    });
                    subflows
                        .map(|seen| seen.events(Peer).filter(is_fast_close).count() as u64)
                        .sum()
                });
                let counts: Vec<u64> = counts.collect();
                counts.iter().map(|count| (*count).min(1)).sum()..=counts.iter().sum()
            },
        ),
    ),
    row(
        "MPRstTx",
        Within(
            "own MP_TCPRST, except those that answer a SYN or a third ACK (there is no subflow \
             yet); \
             of those sent after the last DATA_FIN any may answer a late segment, and not count",
            |view| {
                bounds(view, |seen, last| {
                    let refuses = !seen.is_opener() && seen.is_refused();
                    if refuses { 0 } else { seen.resets(Own, last) }
                })
            },
        ),
    ),
    row(
        "MPRstRx",
        Within(
            "MP_TCPRST of the peer on subflows that were established; of those received after the \
             last DATA_FIN any may have met no socket, and not count",
            |view| {
                bounds(
                    view,
                    |seen, last| {
                        if seen.is_refused() { 0 } else { seen.resets(Peer, last) }
                    },
                )
            },
        ),
    ),
    row("SubflowStale", Silent("a decision of the sender; what shows is that it sends elsewhere")),
    row("SubflowRecover", Silent("a decision of the sender")),
    row("SndWndShared", Silent("the windows that the kernel compares are not all on the wire")),
    row("RcvWndShared", Silent("the windows that the kernel compares are not all on the wire")),
    row("RcvWndConflictUpdate", Silent("a race between two subflows inside the host")),
    row("RcvWndConflict", Silent("a race between two subflows inside the host")),
    row(
        "MPCurrEstab",
        Exact("connections that are open at the end of the capture", |view| {
            let connections = view.report.connections.iter();
            connections.filter(|c| c.state == ConnectionState::Established).count() as u64
        }),
    ),
    row("Blackhole", Exact("as MPCapableSYNTXDrop", |view| view.count(syn_was_dropped))),
    row(
        "MPCapableDataFallback",
        Exact(
            "fallback at the client before the server sent a DSS or ADD_ADDR after the handshake",
            |view| view.count(|seen| seen.is_opener() && seen.went_silent() && !seen.is_agreed()),
        ),
    ),
    row("MD5SigFallback", Silent("a SYN with a TCP-MD5 option has no MP_CAPABLE at all")),
    row(
        "DssFallback",
        Exact(
            "other fallbacks after the handshake, except the one that this host itself \
             announces with \
             an infinite mapping",
            |view| {
                view.count(|seen| {
                    seen.went_silent() && seen.is_agreed() || seen.has_infinite_mapping(Peer)
                })
            },
        ),
    ),
    row(
        "SimultConnectFallback",
        Silent("two hosts that connect to each other at once: not tried yet"),
    ),
    row("FallbackFailed", Silent("what shows is a RST; why the host did not fall back does not")),
    row(
        "WinProbe",
        Silent("one octet beyond the window: the window at data level is the receiver's own"),
    ),
    row("RcvPruned", Silent("the memory of the receiver (until Linux 6.12)")),
];

const OUT_OF_ORDER: &str = "0 if each connection has one subflow and nothing was sent again at \
    data \
    level; else it depends on how the kernel joins segments before it counts";

fn out_of_order(view: View<'_>) -> RangeInclusive<u64> {
    if view.can_be_out_of_order() { 0..=u64::MAX } else { 0..=0 }
}

fn syn_was_dropped(seen: &PacketStamp<'_>) -> bool {
    seen.is_opener() && seen.fell_back(FallbackCause::SynWithMpCapableUnanswered)
}

fn is_fast_close((_, kind): &(u64, &EventKind)) -> bool {
    matches!(kind, EventKind::Option(MptcpOption::MpFastClose(_)))
}

/// From what happened before each connection's end to all that happened.
fn bounds(view: View<'_>, count: impl Fn(&PacketStamp<'_>, u64) -> u64) -> RangeInclusive<u64> {
    view.sum(|seen| count(seen, seen.end_of_data()))..=view.sum(|seen| count(seen, u64::MAX))
}
