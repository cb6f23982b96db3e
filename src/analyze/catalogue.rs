//! The table of all findings: one row each, from which codes, rules, `explain` and completions are made.
//!
//! A row is: what it is (its doc comment) · name of the variant of [`Code`] = code · severity, scope and
//! RFC section, and what else is special about it · its rules. The order of the rows is the order in
//! which the rules run, and with it the order of findings about one packet.
//!
//! A new finding is a row here, its rule in a file below `rules/`, its page in a file below `explain/`,
//! and its row in `docs/findings.md`.
//!
//! [`Code`]: super::code::Code

/// Hands all rows to the macro `$expand`. Each of its users takes the columns that it needs, so that
/// codes know nothing of rules.
macro_rules! catalogue {
    ($expand:ident) => {
        $expand! {
            // The capture itself: these stand first in a report.

            /// Packets were dropped while capturing.
            CaptureDrops = "capture-drops", note(Capture, ""),
                [Whole(capture::drops), Each(capture::tcp_holes)];
            /// The beginning of a connection was not captured.
            CaptureMidstream = "capture-midstream", note(Capture, ""), [Each(capture::midstream)];
            /// One direction of a connection was not captured.
            CaptureOneSided = "capture-one-sided", note(Capture, ""), [Each(capture::one_sided)];
            /// Data was acknowledged that is not in the capture: a path of the connection is missing.
            CaptureMissingPath = "capture-missing-path", note(Capture, "RFC 8684 §3.3.2"),
                [Each(capture::missing_path)];
            /// The snap length cut TCP options.
            CaptureOptionsCut = "capture-options-cut", note(Capture, "RFC 9293 §3.1"),
                [Whole(capture::options_cut)];
            /// Times in the capture go back.
            CaptureTimeBackwards = "capture-time-backwards", note(Capture, ""),
                [Whole(capture::time_backwards)];
            /// Packets were captured more than once.
            CaptureDuplicateFrames = "capture-duplicate-frames", note(Capture, ""),
                [Whole(capture::duplicate_frames)];
            /// Segments larger than the maximum segment size: captured before or after offloading.
            CaptureOffload = "capture-offload", note(Capture, "RFC 9293 §3.7.1"),
                [Each(capture::offload)];

            // Options that are odd.

            /// An MPTCP option with an illegal length.
            OptionMalformed = "option-malformed", note(Connection, "RFC 8684 §7.2"),
                [Each(options::option_malformed)];
            /// Octets among the TCP options that are no option.
            OptionAreaMalformed = "option-area-malformed", note(Subflow, "RFC 9293 §3.1"),
                [Each(options::option_area_malformed)];
            /// An MPTCP option of an unassigned subtype.
            OptionUnknown = "option-unknown", note(Connection, "RFC 8684 §7.2"),
                [Each(options::option_unknown)];
            /// MPTCP options where they do not belong.
            OptionCombinationOdd = "option-combination-odd", note(Connection, "RFC 8684 §3"),
                [Each(options::option_combination_odd)];
            /// Where an MPTCP option may have been there are only NOPs.
            NopRun = "nop-run", note(Connection, "RFC 8041 §3.1"), [Whole(options::nop_run)];

            // Handshake and fallback.

            /// SYNs got no answer, with MP_CAPABLE or without.
            HandshakeUnanswered = "handshake-unanswered", warning(Connection, "RFC 8684 §3.1"),
                [Whole(offers::handshake_unanswered)];
            /// A SYN with MP_CAPABLE was refused, one without was accepted.
            MpCapableRefused = "mp-capable-refused", warning(Connection, "RFC 8684 §3.1"),
                [Whole(offers::mp_capable_refused)];
            /// The SYN/ACK sends the option of the SYN back.
            MpCapableMirrored = "mp-capable-mirrored", warning(Connection, "RFC 8684 §3.1"),
                [Each(offers::mp_capable_mirrored)];
            /// TCP MD5 or TCP-AO in the SYN: no MPTCP beside it.
            MptcpRuledOut = "mptcp-ruled-out", note(Connection, "RFC 8684 §3.1"),
                [Each(offers::mptcp_ruled_out)];
            /// Many handshakes without a third ACK towards one host.
            MpCapableFlood = "mp-capable-flood", warning(Connection, "RFC 8684 §5"),
                [Whole(offers::mp_capable_flood)];
            /// MPTCP was offered, and the SYN/ACK came without it.
            MpCapableUnanswered = "mp-capable-unanswered",
                warning(Connection, "RFC 8684 §3.1").host_too(),
                [Each(fallback::mp_capable_unanswered)];
            /// SYNs with MP_CAPABLE got no answer, one without did.
            MpCapableSynBlackholed = "mp-capable-syn-blackholed",
                warning(Connection, "RFC 8684 §3.9.3"),
                [Each(fallback::mp_capable_syn_blackholed)];
            /// The third ACK came without MP_CAPABLE.
            MpCapableAckLost = "mp-capable-ack-lost", warning(Connection, "RFC 8684 §3.1")
                .because(&[Code::MpCapableMirrored]),
                [Each(fallback::mp_capable_ack_lost)];
            /// Data came without a mapping, and MPTCP was not spoken after it.
            DssMissingFallback = "dss-missing-fallback", warning(Connection, "RFC 8684 §3.7")
                .because(&[
                    Code::MpCapableMirrored, Code::DssChecksumMismatch, Code::MappingOutsideSegment,
                ]),
                [Each(fallback::dss_missing_fallback)];
            /// A lower version of MPTCP than was offered.
            VersionDowngrade = "version-downgrade", note(Connection, "RFC 8684 §3.1"),
                [Each(handshake::version_downgrade), Whole(handshake::version_lost)];
            /// The connection speaks version 0, which is obsolete.
            MptcpV0 = "mptcp-v0", note(Connection, "RFC 8684 Appendix E"),
                [Each(handshake::mptcp_v0)];
            /// The third ACK repeats a key that the SYN/ACK did not send.
            EchoedKeyMismatch = "echoed-key-mismatch", error(Connection, "RFC 8684 §3.1"),
                [Each(handshake::echoed_key_mismatch)];
            /// MP_CAPABLE asks for something that nobody knows.
            HandshakeFlagsUnsupported = "handshake-flags-unsupported",
                warning(Connection, "RFC 8684 §3.1"),
                [Each(handshake::handshake_flags_unsupported)];
            /// What MP_CAPABLE agrees on does not follow from what it offered.
            HandshakeInvalid = "handshake-invalid", error(Connection, "RFC 8684 §3.1"),
                [Each(handshake::handshake_invalid)];
            /// DSS checksums are in use.
            ChecksumForced = "checksum-forced", note(Connection, "RFC 8684 §3.1"),
                [Each(handshake::checksum_forced)];
            /// The connection was turned into plain TCP by an infinite mapping.
            InfiniteMapping = "infinite-mapping", warning(Connection, "RFC 8684 §3.7")
                .because(&[Code::DssChecksumMismatch, Code::MpFail]),
                [Each(fallback::infinite_mapping)];
            /// A host went on with MPTCP after the fallback.
            MptcpAfterFallback = "mptcp-after-fallback", error(Connection, "RFC 8684 §3.7"),
                [Each(fallback::mptcp_after_fallback)];
            /// A host asked not to open subflows to its initial address and port.
            CBitSet = "c-bit-set", note(Connection, "RFC 8684 §3.1").host_too(),
                [Each(handshake::c_bit_set)];
            /// The first data came without MP_CAPABLE.
            MpCapableNotRepeated = "mp-capable-not-repeated",
                note(Connection, "RFC 8684 §3.1").strict(),
                [Each(handshake::mp_capable_not_repeated)];

            // Proofs.

            /// The HMAC of a MP_JOIN is wrong.
            JoinHmacMismatch = "join-hmac-mismatch", error(Subflow, "RFC 8684 §3.2"),
                [Each(proofs::join_hmac_mismatch)];
            /// The HMAC of an ADD_ADDR is wrong.
            AddAddrHmacMismatch = "add-addr-hmac-mismatch", error(Connection, "RFC 8684 §3.4.1"),
                [Each(proofs::add_addr_hmac_mismatch)];
            /// A DSS checksum is wrong.
            DssChecksumMismatch = "dss-checksum-mismatch", error(Subflow, "RFC 8684 §3.3.1"),
                [Each(proofs::dss_checksum_mismatch)];
            /// A host reported a wrong checksum.
            MpFail = "mp-fail", error(Connection, "RFC 8684 §3.7")
                .because(&[Code::DssChecksumMismatch]),
                [Each(fallback::mp_fail)];
            /// Data that failed its checksum was acknowledged.
            FailedDataAcked = "failed-data-acked", warning(Connection, "RFC 8684 §3.7")
                .because(&[Code::DssChecksumMismatch, Code::MpFail]),
                [Each(fallback::failed_data_acked)];
            /// MP_FASTCLOSE with a key that is not the peer's.
            FastcloseKeyMismatch = "fastclose-key-mismatch", error(Connection, "RFC 8684 §3.5"),
                [Each(proofs::fastclose_key_mismatch)];
            /// The first data sequence number does not follow from the key.
            IdsnMismatch = "idsn-mismatch", error(Connection, "RFC 8684 §3.1"),
                [Each(proofs::idsn_mismatch)];
            /// Checksums are there though not agreed on, or the other way round.
            ChecksumPresenceMismatch = "checksum-presence-mismatch",
                error(Subflow, "RFC 8684 §3.3"),
                [Each(proofs::checksum_presence_mismatch)];

            // Joins.

            /// A join to an address and port where the connection lives reached another host.
            JoinMisrouted = "join-misrouted", warning(Subflow, "RFC 8684 §3.2")
                .because(AFTER_FALLBACK),
                [Each(join_refusals::join_misrouted)];
            /// A join to an address and port where nobody listens.
            JoinPortClosed = "join-port-closed", warning(Subflow, "RFC 8684 §3.2")
                .because(AFTER_FALLBACK),
                [Each(join_refusals::join_port_closed), Whole(tokens::orphans_at_closed_port)];
            /// A firewall refused a join.
            JoinBlocked = "join-blocked", warning(Subflow, "RFC 8684 §3.2")
                .because(AFTER_FALLBACK),
                [Each(join_refusals::join_blocked)];
            /// A join was refused because its token is not known.
            JoinUnknownToken = "join-unknown-token", warning(Subflow, "RFC 8684 §3.2")
                .because(AFTER_FALLBACK),
                [Each(join_refusals::join_unknown_token), Whole(tokens::orphans_refused)];
            /// A join was refused after its third ACK.
            JoinRejected = "join-rejected", warning(Subflow, "RFC 8684 §3.2 and §3.6").host_too()
                .because(AFTER_FALLBACK),
                [Each(join_failures::join_rejected)];
            /// A join got no answer.
            JoinNoAnswer = "join-no-answer", warning(Subflow, "RFC 8684 §3.2")
                .because(AFTER_FALLBACK),
                [Each(join_silence::join_no_answer)];
            /// ICMP says that the address of a join cannot be reached.
            JoinUnreachable = "join-unreachable", warning(Subflow, "RFC 1122 §4.2.3.9")
                .because(&[Code::SinglePath]),
                [Each(unreachable::join_unreachable)];
            /// A join was answered as if it were plain TCP.
            JoinAnsweredByPlainTcp = "join-answered-by-plain-tcp",
                warning(Subflow, "RFC 8684 §3.2").doubtful()
                .because(AFTER_FALLBACK),
                [Each(join_failures::join_answered_by_plain_tcp)];
            /// The third ACK of a join arrived without MP_JOIN.
            JoinAckStripped = "join-ack-stripped", warning(Subflow, "RFC 8684 §3.2").doubtful()
                .because(AFTER_FALLBACK),
                [Each(join_failures::join_ack_stripped)];
            /// The third ACK of a join was repeated, and never confirmed.
            JoinAckUnconfirmed = "join-ack-unconfirmed",
                warning(Subflow, "RFC 8684 §3.2").doubtful()
                .because(AFTER_FALLBACK),
                [Each(join_failures::join_ack_unconfirmed)];
            /// A join to the address and port that the peer asked not to use.
            JoinToDeniedAddress = "join-to-denied-address", warning(Connection, "RFC 8684 §3.1"),
                [Each(joins::join_to_denied_address)];
            /// A join to an address or port that nobody announced.
            JoinPortNotAnnounced = "join-port-not-announced", note(Connection, "RFC 8684 §3.2")
                .because(REFUSED_AT_ONCE),
                [Each(joins::join_port_not_announced)];
            /// The joiner sent data before the join was confirmed.
            JoinEarlyData = "join-early-data", warning(Subflow, "RFC 8684 §3.2").doubtful(),
                [Each(joins::join_early_data)];
            /// A join before any DSS was seen.
            JoinBeforeDss = "join-before-dss", note(Connection, "RFC 8684 §3.1").strict(),
                [Each(joins::join_before_dss)];
            /// A join again although the peer, or an earlier one, speaks against it.
            JoinAgainstAdvice = "join-against-advice",
                note(Subflow, "RFC 8684 §3.4.1, §3.4.2 and §3.6"),
                [Each(retries::join_against_advice)];
            /// An address differs from the one announced under its ID: a NAT.
            AddressTranslated = "address-translated", note(Connection, "RFC 8684 §3.2"),
                [Each(joins::address_translated)];
            /// Many joins with unknown tokens.
            JoinFlood = "join-flood", warning(Connection, "RFC 8684 §5"),
                [Whole(tokens::join_flood), Each(tokens::join_flood_of_connection)];
            /// One token, two live connections.
            TokenCollision = "token-collision", note(Connection, "RFC 8684 §3.1"),
                [Whole(tokens::token_collision)];

            // Addresses and option space.

            /// An address could not be announced: the option did not fit.
            AddAddrNoSpace = "add-addr-no-space", warning(Subflow, "RFC 8684 §3.4.1").host_too()
                .because(&[Code::SinglePath]),
                [Each(option_space::no_space)];
            /// Some form of ADD_ADDR can never be sent on this connection.
            AddAddrSpaceStatic = "add-addr-space-static",
                note(Connection, "RFC 8684 §3.4.1").strict(),
                [Each(option_space::space_static)];
            /// Timestamps were left out to make room for an ADD_ADDR.
            AddAddrTimestampsDropped = "add-addr-timestamps-dropped",
                note(Subflow, "RFC 7323 §3.2").doubtful()
                .because(&[Code::SinglePath]),
                [Each(option_space::timestamps_dropped)];
            /// An IPv6 address with a port was announced beside timestamps, without padding.
            AddAddrUnpadded = "add-addr-unpadded", note(Subflow, "RFC 8684 §3.4.1"),
                [Each(option_space::unpadded)];
            /// SACK blocks were left out to make room for an MPTCP option.
            AddAddrEvictsSack = "add-addr-evicts-sack", note(Subflow, "RFC 2018 §3"),
                [Each(option_space::evicts_sack)];
            /// An announced address was not echoed.
            AddAddrNotEchoed = "add-addr-not-echoed", warning(Connection, "RFC 8684 §3.4.1")
                .because(&[
                    Code::AddAddrHmacMismatch, Code::AddAddrTimestampsDropped, Code::SinglePath,
                ]),
                [Each(addresses::add_addr_not_echoed)];
            /// An echo differs from its announcement.
            AddAddrEchoMismatch = "add-addr-echo-mismatch", warning(Connection, "RFC 8684 §3.4.1"),
                [Each(addresses::add_addr_echo_mismatch)];
            /// An announced address was echoed and never used.
            AddAddrNotUsed = "add-addr-not-used",
                warning(Connection, "RFC 8684 §3.4.1").doubtful().host_too()
                .because(&[Code::SinglePath]),
                [Each(unused_addresses::add_addr_not_used)];
            /// One address ID, two addresses.
            AddAddrIdConflict = "add-addr-id-conflict", warning(Connection, "RFC 8684 §3.4.1")
                .because(&[Code::AddAddrHmacMismatch]),
                [Each(addresses::add_addr_id_conflict)];
            /// The announced address is one of the receiver's own.
            AddAddrOwnAddress = "add-addr-own-address", note(Subflow, "RFC 8684 §3.4.1")
                .because(&[Code::SinglePath]),
                [Each(unused_addresses::add_addr_own_address)];
            /// A private address was announced to a host that is not on such a network.
            AddAddrPrivate = "add-addr-private", note(Connection, "RFC 8684 §3.4.1"),
                [Each(addresses::add_addr_private)];
            /// An address was withdrawn that nobody had named.
            RemoveAddrUnknownId = "remove-addr-unknown-id", note(Connection, "RFC 8684 §3.4.2"),
                [Each(addresses::remove_addr_unknown_id)];
            /// An address was withdrawn, and its subflows went with it.
            RemoveAddrClosedSubflows = "remove-addr-closed-subflows",
                note(Subflow, "RFC 8684 §3.4.2"),
                [Each(addresses::remove_addr_closed_subflows)];
            /// A path died, and the owner of its address never withdrew it.
            RemoveAddrMissing = "remove-addr-missing", note(Subflow, "RFC 8684 §3.4.2")
                .because(&[Code::PathDied, Code::DataStall]),
                [Each(addresses::remove_addr_missing)];

            // Data at work.

            /// Payload without a mapping on a subflow that has to have one.
            MappingMissing = "mapping-missing", error(Subflow, "RFC 8684 §3.3.1")
                .because(&[Code::SubflowWithoutMptcp, Code::MappingOutsideSegment]),
                [Each(mappings::mapping_missing)];
            /// A mapping covers nothing of the segment that carries it.
            MappingOutsideSegment = "mapping-outside-segment", warning(Subflow, "RFC 8684 §3.3.1"),
                [Each(mappings::mapping_outside_segment)];
            /// Mappings that contradict each other.
            MappingConflict = "mapping-conflict", error(Subflow, "RFC 8684 §3.3.1"),
                [Each(mappings::mapping_conflict)];
            /// Data was acknowledged that was never sent.
            DataAckBeyondSent = "data-ack-beyond-sent", error(Connection, "RFC 8684 §3.3.2"),
                [Each(mappings::data_ack_beyond_sent)];
            /// Data was sent again on another subflow.
            Reinjection = "reinjection", note(Connection, "RFC 8684 §3.3.6")
                .because(&[
                    Code::SubflowWithoutMptcp, Code::PathDied, Code::SubflowReset, Code::DataStall,
                ]),
                [Each(reinjection::reinjection)];
            /// Data that was sent again differs from what was sent first.
            ReinjectionDiffers = "reinjection-differs", error(Subflow, "RFC 8684 §3.3.1")
                .because(&[Code::DssChecksumMismatch]).elsewhere(),
                [Each(reinjection::reinjection_differs)];
            /// Data was sent again on the same subflow under other subflow sequence numbers.
            // Linux sends everything in flight again after a failed join.
            Remapping = "remapping", note(Subflow, "RFC 8684 §3.3.1")
                .because(MAPPED_AGAIN).elsewhere(),
                [Each(reinjection::remapping)];
            /// (Almost) all data was sent on every subflow.
            RedundantScheduler = "redundant-scheduler", note(Connection, "RFC 8684 §3.3.8"),
                [Each(reinjection::redundant_scheduler)];
            /// Data waited unacknowledged while nothing moved.
            DataStall = "data-stall", warning(Connection, "RFC 8684 §3.3.6")
                .because(&[Code::SubflowWithoutMptcp, Code::PathDied]),
                [Each(delivery::data_stall)];
            /// Data waited at the receiver for data of another path.
            HeadOfLineBlocking = "head-of-line-blocking", note(Connection, "RFC 8684 §3.3.1")
                .because(&[
                    Code::SubflowWithoutMptcp, Code::PathDied, Code::DataStall, Code::SubflowReset,
                ]),
                [Each(delivery::head_of_line_blocking)];
            /// The sender waited for the receive window of the peer.
            ReceiveWindowLimited = "receive-window-limited", note(Connection, "RFC 8684 §3.3.4"),
                [Each(delivery::receive_window_limited)];
            /// The receive window was taken back.
            WindowShrunk = "window-shrunk", warning(Subflow, "RFC 8684 §3.3.4"),
                [Each(delivery::window_shrunk)];
            /// Data was sent past the receive window.
            DataBeyondWindow = "data-beyond-window", note(Subflow, "RFC 8684 §3.3.5").strict(),
                [Each(delivery::data_beyond_window)];
            /// Reserved bits of MPTCP options are set.
            ReservedBitsSet = "reserved-bits-set", note(Subflow, "RFC 8684 §3"),
                [Each(options::reserved_bits_set)];
            /// Three or more duplicate ACKs in a row for signals.
            DupAckSignals = "dup-ack-signals", note(Subflow, "RFC 8684 §3.4.1").strict(),
                [Each(signals::dup_ack_signals)];
            /// Signals of MPTCP were taken for a loss.
            DupAckMisread = "dup-ack-misread", note(Subflow, "RFC 8684 §3"),
                [Each(signals::dup_ack_misread)];
            /// Data sequence numbers, or a DATA_ACK, that are too narrow.
            DsnWidth = "dsn-width", note(Subflow, "RFC 8684 §3.3.1 and §3.3.2").strict(),
                [Each(mappings::dsn_width)];
            /// Urgent data within a mapping.
            UrgentInMapping = "urgent-in-mapping", note(Subflow, "RFC 8684 §3.3.1").strict(),
                [Each(mappings::urgent_in_mapping)];
            /// A signal was acted on although its segment lies outside the receive window.
            SignalOutOfWindow = "signal-out-of-window", note(Connection, "RFC 8684 §3").strict(),
                [Each(signals::signal_out_of_window)];
            /// Data that went on another subflow was never sent again on its own.
            OriginalNotResent = "original-not-resent", note(Subflow, "RFC 8684 §3.3.6").strict(),
                [Each(reinjection::original_not_resent)];

            // Paths.

            /// A path stopped answering.
            PathDied = "path-died", warning(Subflow, "RFC 8684 §3.3.6").doubtful(),
                [Each(paths::path_died)];
            /// MPTCP options are lost on one subflow.
            SubflowWithoutMptcp = "subflow-without-mptcp",
                warning(Subflow, "RFC 8684 §3.7").doubtful(),
                [Each(stripped::subflow_without_mptcp)];
            /// Data took a backup path.
            BackupUsed = "backup-used", note(Subflow, "RFC 8684 §3.3.8"),
                [Each(paths::backup_used)];
            /// An established subflow never carried data.
            PathUnused = "path-unused", note(Subflow, "RFC 8684 §3.3.8")
                .because(&[Code::SinglePath]),
                [Each(paths::path_unused)];
            /// One path is much worse than the others.
            PathDegraded = "path-degraded", note(Subflow, "RFC 8684 §3.3.7"),
                [Each(paths::path_degraded)];

            /// A NAT on the way lost its table.
            NatRebinding = "nat-rebinding", warning(Subflow, "RFC 8684 §3.2"),
                [Each(nat::nat_rebinding)];

            // Closing.

            /// A RST in the name of a host that did not send it.
            ResetForged = "reset-forged", warning(Subflow, "RFC 8684 §3.6"),
                [Each(forged::reset_forged)];
            /// A host ended the connection at once.
            FastClose = "fast-close", note(Connection, "RFC 8684 §3.5"), [Each(close::fast_close)];
            /// MP_FASTCLOSE was repeated and never answered.
            FastCloseUnanswered = "fast-close-unanswered", note(Connection, "RFC 8684 §3.5")
                .because(&[Code::FastClose]),
                [Each(close::fast_close_unanswered)];
            /// A subflow was reset.
            SubflowReset = "subflow-reset", note(Subflow, "RFC 8684 §3.6").doubtful()
                .because(&[
                    Code::DssChecksumMismatch, Code::MappingOutsideSegment, Code::MappingMissing,
                    Code::MappingConflict, Code::RemoveAddrClosedSubflows,
                    Code::SubflowWithoutMptcp, Code::ResetForged, Code::NatRebinding,
                ]),
                [Each(close::subflow_reset)];
            /// The last subflow went before the connection was closed.
            ConnectionAborted = "connection-aborted",
                warning(Connection, "RFC 8684 §3.3.3").doubtful()
                .because(&[Code::ResetForged, Code::SubflowReset]),
                [Each(close::connection_aborted)];
            /// A DATA_FIN that can't be right, or data behind it.
            DataFinInvalid = "data-fin-invalid", error(Subflow, "RFC 8684 §3.3.3"),
                [Each(close::data_fin_invalid)];
            /// The last subflow was closed before all data was acknowledged.
            FinWithDataOutstanding = "fin-with-data-outstanding",
                warning(Subflow, "RFC 8684 §3.3.3").doubtful(),
                [Each(close::fin_with_data_outstanding)];
            /// A DATA_FIN was never acknowledged.
            DataFinUnacked = "data-fin-unacked", note(Connection, "RFC 8684 §3.3.3")
                .because(&[
                    Code::FinWithDataOutstanding, Code::SubflowWithoutMptcp, Code::PathDied,
                    Code::DataStall,
                ]),
                [Each(close::data_fin_unacked)];
            /// A subflow that was left open after the end of the connection.
            SubflowNotClosed = "subflow-not-closed", note(Subflow, "RFC 8684 §3.3.3").strict(),
                [Each(close::subflow_not_closed)];
            /// A RST without the reason that it should have.
            RstReasonMissing = "rst-reason-missing", note(Connection, "RFC 8684 §3.6").strict(),
                [Each(close::rst_reason_missing)];

            // What follows from all the others.

            /// Only one path was used.
            // An error is worse than a single path.
            SinglePath = "single-path",
                warning(Connection, "RFC 8684 §3.2 and §3.4").doubtful().host_too()
                .because(&[
                    Code::JoinHmacMismatch, Code::AddAddrHmacMismatch, Code::SubflowWithoutMptcp,
                    Code::PathDied,
                ]),
                [Last(single_path::single_path)];
        }
    };
}

pub(super) use catalogue;
