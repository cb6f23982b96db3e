//! The codes of all findings: stable names, never used again for something else.

use std::fmt;
use std::str::FromStr;

use super::finding::Severity;

/// Declares the codes, each with its name, its usual severity, and where the rule stands.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $severity:ident, $reference:literal;)+) => {
        /// What kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)+
        }

        impl Code {
            /// All codes, in the order of a connection's life.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// Its name, in words with hyphens between them.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }

            /// How bad it usually is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity),+ }
            }

            /// Where the rule behind it stands.
            pub const fn reference(self) -> &'static str {
                match self { $(Self::$code => $reference),+ }
            }
        }
    };
}

codes! {
    // The capture itself: these stand first in a report.

    /// The beginning of a connection was not captured.
    CaptureMidstream = "capture-midstream", Note, "";
    /// One direction of a connection was not captured.
    CaptureOneSided = "capture-one-sided", Note, "";
    /// Data was acknowledged that is not in the capture: a path of the connection is missing.
    CaptureMissingPath = "capture-missing-path", Note, "RFC 8684 §3.3.2";
    /// The snap length cut TCP options.
    CaptureOptionsCut = "capture-options-cut", Note, "RFC 9293 §3.1";
    /// Packets were dropped while capturing.
    CaptureDrops = "capture-drops", Note, "";
    /// Times in the capture go back.
    CaptureTimeBackwards = "capture-time-backwards", Note, "";
    /// Packets were captured more than once.
    CaptureDuplicateFrames = "capture-duplicate-frames", Note, "";
    /// Segments larger than the maximum segment size: captured before or after offloading.
    CaptureOffload = "capture-offload", Note, "RFC 9293 §3.7.1";
    /// An MPTCP option with an illegal length.
    OptionMalformed = "option-malformed", Note, "RFC 8684 §7.2";
    /// An MPTCP option of an unassigned subtype.
    OptionUnknown = "option-unknown", Note, "RFC 8684 §7.2";
    /// MPTCP options where they do not belong.
    OptionCombinationOdd = "option-combination-odd", Note, "RFC 8684 §3";
    /// Where an MPTCP option may have been there are only NOPs.
    NopRun = "nop-run", Note, "RFC 8041 §3.1";

    // Handshake and fallback.

    /// MPTCP was offered, and the SYN/ACK came without it.
    MpCapableUnanswered = "mp-capable-unanswered", Warning, "RFC 8684 §3.1";
    /// SYNs with MP_CAPABLE got no answer, one without did.
    MpCapableSynBlackholed = "mp-capable-syn-blackholed", Warning, "RFC 8684 §3.9.3";
    /// The third ACK came without MP_CAPABLE.
    MpCapableAckLost = "mp-capable-ack-lost", Warning, "RFC 8684 §3.1";
    /// Data came without a mapping, and MPTCP was not spoken after it.
    DssMissingFallback = "dss-missing-fallback", Warning, "RFC 8684 §3.7";
    /// A lower version of MPTCP than was offered.
    VersionDowngrade = "version-downgrade", Note, "RFC 8684 §3.1";
    /// The connection speaks version 0, which is obsolete.
    MptcpV0 = "mptcp-v0", Note, "RFC 8684 Appendix E";
    /// The third ACK repeats a key that the SYN/ACK did not send.
    EchoedKeyMismatch = "echoed-key-mismatch", Error, "RFC 8684 §3.1";
    /// MP_CAPABLE asks for something that nobody knows.
    HandshakeFlagsUnsupported = "handshake-flags-unsupported", Warning, "RFC 8684 §3.1";
    /// What MP_CAPABLE agrees on does not follow from what it offered.
    HandshakeInvalid = "handshake-invalid", Error, "RFC 8684 §3.1";
    /// DSS checksums are in use.
    ChecksumForced = "checksum-forced", Note, "RFC 8684 §3.1";
    /// The connection was turned into plain TCP by an infinite mapping.
    InfiniteMapping = "infinite-mapping", Warning, "RFC 8684 §3.7";
    /// A host went on with MPTCP after the fallback.
    MptcpAfterFallback = "mptcp-after-fallback", Error, "RFC 8684 §3.7";

    // Proofs.

    /// The HMAC of a MP_JOIN is wrong.
    JoinHmacMismatch = "join-hmac-mismatch", Error, "RFC 8684 §3.2";
    /// The HMAC of an ADD_ADDR is wrong.
    AddAddrHmacMismatch = "add-addr-hmac-mismatch", Error, "RFC 8684 §3.4.1";
    /// A DSS checksum is wrong.
    DssChecksumMismatch = "dss-checksum-mismatch", Error, "RFC 8684 §3.3.1";
    /// A host reported a wrong checksum.
    MpFail = "mp-fail", Error, "RFC 8684 §3.7";
    /// MP_FASTCLOSE with a key that is not the peer's.
    FastcloseKeyMismatch = "fastclose-key-mismatch", Error, "RFC 8684 §3.5";

    // Joins and paths.

    /// Only one path was used.
    SinglePath = "single-path", Warning, "RFC 8684 §3.2 and §3.4";
    /// A join was refused at its SYN.
    JoinUnknownToken = "join-unknown-token", Warning, "RFC 8684 §3.2";
    /// A join was refused after its third ACK.
    JoinRejected = "join-rejected", Warning, "RFC 8684 §3.2 and §3.6";
    /// A join got no answer.
    JoinNoAnswer = "join-no-answer", Warning, "RFC 8684 §3.2";
    /// A join was answered as if it were plain TCP.
    JoinAnsweredByPlainTcp = "join-answered-by-plain-tcp", Warning, "RFC 8684 §3.2";
    /// The third ACK of a join arrived without MP_JOIN.
    JoinAckStripped = "join-ack-stripped", Warning, "RFC 8684 §3.2";
    /// The third ACK of a join was repeated, and never confirmed.
    JoinAckUnconfirmed = "join-ack-unconfirmed", Warning, "RFC 8684 §3.2";
    /// A join to the address and port that the peer asked not to use.
    JoinToDeniedAddress = "join-to-denied-address", Warning, "RFC 8684 §3.1";
    /// A join to an address or port that nobody announced.
    JoinPortNotAnnounced = "join-port-not-announced", Note, "RFC 8684 §3.2";
    /// The joiner sent data before the join was confirmed.
    JoinEarlyData = "join-early-data", Warning, "RFC 8684 §3.2";
    /// A join again although the peer, or an earlier one, speaks against it.
    JoinAgainstAdvice = "join-against-advice", Note, "RFC 8684 §3.4.1, §3.4.2 and §3.6";
    /// An address differs from the one announced under its ID: a NAT.
    AddressTranslated = "address-translated", Note, "RFC 8684 §3.2";
    /// A host asked not to open subflows to its initial address and port.
    CBitSet = "c-bit-set", Note, "RFC 8684 §3.1";
    /// Many joins with unknown tokens.
    JoinFlood = "join-flood", Warning, "RFC 8684 §5";
    /// One token, two live connections.
    TokenCollision = "token-collision", Note, "RFC 8684 §3.1";

    // Addresses and option space.

    /// An address could not be announced: the option did not fit.
    AddAddrNoSpace = "add-addr-no-space", Warning, "RFC 8684 §3.4.1";
    /// Some form of ADD_ADDR can never be sent on this connection.
    AddAddrSpaceStatic = "add-addr-space-static", Note, "RFC 8684 §3.4.1";
    /// Timestamps were left out to make room for an ADD_ADDR.
    AddAddrTimestampsDropped = "add-addr-timestamps-dropped", Note, "RFC 7323 §3.2";
    /// An IPv6 address with a port was announced beside timestamps, without padding.
    AddAddrUnpadded = "add-addr-unpadded", Note, "RFC 8684 §3.4.1";
    /// SACK blocks were left out to make room for an MPTCP option.
    AddAddrEvictsSack = "add-addr-evicts-sack", Note, "RFC 2018 §3";
    /// An announced address was not echoed.
    AddAddrNotEchoed = "add-addr-not-echoed", Warning, "RFC 8684 §3.4.1";
    /// An echo differs from its announcement.
    AddAddrEchoMismatch = "add-addr-echo-mismatch", Warning, "RFC 8684 §3.4.1";
    /// An announced address was echoed and never used.
    AddAddrNotUsed = "add-addr-not-used", Warning, "RFC 8684 §3.4.1";
    /// One address ID, two addresses.
    AddAddrIdConflict = "add-addr-id-conflict", Warning, "RFC 8684 §3.4.1";
    /// A private address was announced to a host that is not on such a network.
    AddAddrPrivate = "add-addr-private", Note, "RFC 8684 §3.4.1";
    /// An address was withdrawn that nobody had named.
    RemoveAddrUnknownId = "remove-addr-unknown-id", Note, "RFC 8684 §3.4.2";
    /// An address was withdrawn, and its subflows went with it.
    RemoveAddrClosedSubflows = "remove-addr-closed-subflows", Note, "RFC 8684 §3.4.2";
    /// A path died, and the owner of its address never withdrew it.
    RemoveAddrMissing = "remove-addr-missing", Note, "RFC 8684 §3.4.2";

    // Data and paths at work.

    /// Payload without a mapping on a subflow that has to have one.
    MappingMissing = "mapping-missing", Error, "RFC 8684 §3.3.1";
    /// A mapping covers nothing of the segment that carries it.
    MappingOutsideSegment = "mapping-outside-segment", Warning, "RFC 8684 §3.3.1";
    /// Mappings that contradict each other.
    MappingConflict = "mapping-conflict", Error, "RFC 8684 §3.3.1";
    /// Data was acknowledged that was never sent.
    DataAckBeyondSent = "data-ack-beyond-sent", Error, "RFC 8684 §3.3.2";
    /// The first data sequence number does not follow from the key.
    IdsnMismatch = "idsn-mismatch", Error, "RFC 8684 §3.1";
    /// Checksums are there though not agreed on, or the other way round.
    ChecksumPresenceMismatch = "checksum-presence-mismatch", Error, "RFC 8684 §3.3";
    /// Data that failed its checksum was acknowledged.
    FailedDataAcked = "failed-data-acked", Warning, "RFC 8684 §3.7";
    /// Data was sent again on another subflow.
    Reinjection = "reinjection", Note, "RFC 8684 §3.3.6";
    /// Data that was sent again differs from what was sent first.
    ReinjectionDiffers = "reinjection-differs", Error, "RFC 8684 §3.3.1";
    /// Data was sent again on the same subflow under other subflow sequence numbers.
    Remapping = "remapping", Note, "RFC 8684 §3.3.1";
    /// (Almost) all data was sent on every subflow.
    RedundantScheduler = "redundant-scheduler", Note, "RFC 8684 §3.3.8";
    /// Data waited unacknowledged while nothing moved.
    DataStall = "data-stall", Warning, "RFC 8684 §3.3.6";
    /// Data waited at the receiver for data of another path.
    HeadOfLineBlocking = "head-of-line-blocking", Note, "RFC 8684 §3.3.1";
    /// Data took a backup path.
    BackupUsed = "backup-used", Note, "RFC 8684 §3.3.8";
    /// An established subflow never carried data.
    PathUnused = "path-unused", Note, "RFC 8684 §3.3.8";
    /// One path is much worse than the others.
    PathDegraded = "path-degraded", Note, "RFC 8684 §3.3.7";
    /// The sender waited for the receive window of the peer.
    ReceiveWindowLimited = "receive-window-limited", Note, "RFC 8684 §3.3.4";

    /// The receive window was taken back.
    WindowShrunk = "window-shrunk", Warning, "RFC 8684 §3.3.4";
    /// Reserved bits of MPTCP options are set.
    ReservedBitsSet = "reserved-bits-set", Note, "RFC 8684 §3";
    /// Signals of MPTCP were taken for a loss.
    DupAckMisread = "dup-ack-misread", Note, "RFC 8684 §3";

    // Closing.

    /// A host ended the connection at once.
    FastClose = "fast-close", Note, "RFC 8684 §3.5";
    /// MP_FASTCLOSE was repeated and never answered.
    FastCloseUnanswered = "fast-close-unanswered", Note, "RFC 8684 §3.5";
    /// A subflow was reset.
    SubflowReset = "subflow-reset", Note, "RFC 8684 §3.6";
    /// The last subflow went before the connection was closed.
    ConnectionAborted = "connection-aborted", Warning, "RFC 8684 §3.3.3";
    /// A DATA_FIN that can't be right, or data behind it.
    DataFinInvalid = "data-fin-invalid", Error, "RFC 8684 §3.3.3";
    /// The last subflow was closed before all data was acknowledged.
    FinWithDataOutstanding = "fin-with-data-outstanding", Warning, "RFC 8684 §3.3.3";
    /// A DATA_FIN was never acknowledged.
    DataFinUnacked = "data-fin-unacked", Note, "RFC 8684 §3.3.3";

    // What healthy hosts do against the letter of the RFC: off by default.

    /// A join before any DSS was seen.
    JoinBeforeDss = "join-before-dss", Note, "RFC 8684 §3.1";
    /// The first data came without MP_CAPABLE.
    MpCapableNotRepeated = "mp-capable-not-repeated", Note, "RFC 8684 §3.1";
    /// A RST without the reason that it should have.
    RstReasonMissing = "rst-reason-missing", Note, "RFC 8684 §3.6";
    /// Three or more duplicate ACKs in a row for signals.
    DupAckSignals = "dup-ack-signals", Note, "RFC 8684 §3.4.1";
    /// Data sequence numbers, or a DATA_ACK, that are too narrow.
    DsnWidth = "dsn-width", Note, "RFC 8684 §3.3.1 and §3.3.2";
    /// Data was sent past the receive window.
    DataBeyondWindow = "data-beyond-window", Note, "RFC 8684 §3.3.5";
    /// A subflow that was left open after the end of the connection.
    SubflowNotClosed = "subflow-not-closed", Note, "RFC 8684 §3.3.3";
    /// Data that went on another subflow was never sent again on its own.
    OriginalNotResent = "original-not-resent", Note, "RFC 8684 §3.3.6";
    /// Urgent data within a mapping.
    UrgentInMapping = "urgent-in-mapping", Note, "RFC 8684 §3.3.1";
    /// A signal was acted on although its segment lies outside the receive window.
    SignalOutOfWindow = "signal-out-of-window", Note, "RFC 8684 §3";
}

impl Code {
    /// Whether it is raised only if asked for: healthy hosts do this.
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::AddAddrSpaceStatic) || self as usize >= Self::JoinBeforeDss as usize
    }

    /// Whether it is about the capture more than about a connection.
    pub fn is_of_capture(self) -> bool {
        self <= Self::CaptureOffload
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no finding is called that: `mptcpscope explain` lists them")
    }
}

impl std::error::Error for UnknownCode {}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.name() == name).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_kebab_case_and_different() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(code.name().chars().all(ok), "{code}");
            assert_eq!(code.name().parse(), Ok(*code));
        }
        assert_eq!("nonsense".parse::<Code>(), Err(UnknownCode));
    }
}
