//! The rules: one function per code, all of them in [`RULES`].
//!
//! A rule looks at one connection (or at the capture) as it is so far, and returns what it finds. It
//! knows nothing of other rules: what follows from what is told afterwards, by `fold`.

mod addresses;
mod capture;
mod close;
mod context;
mod data;
mod fallback;
mod handshake;
mod host;
mod joins;
mod option_space;
pub(super) mod paths;
mod proofs;
mod retries;
mod signals;
mod tokens;
mod violations;
mod words;

pub use context::{AddressVerdict, ConnectionContext};

use super::finding::{Code, Finding};
use crate::track::Trace;

/// What is known of an input beside its packets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputStats {
    /// The path as the user gave it.
    pub path: String,
    /// Frames read.
    pub packets: u64,
    /// Frames cut by the snap length.
    pub truncated: u64,
    /// Frames that the kernel dropped.
    pub dropped: u64,
    /// Frames that another interface or input had too.
    pub duplicates: u64,
}

/// What a rule sees of the capture as a whole.
pub struct WholeCapture<'a> {
    /// Everything.
    pub trace: Trace<'a>,
    /// What is known of the inputs.
    pub inputs: &'a [InputStats],
}

/// A rule, and the code of what it finds.
pub struct Rule {
    /// What it finds.
    pub code: Code,
    /// How.
    pub apply: Apply,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Apply {
    /// Each connection.
    Connection(fn(&ConnectionContext<'_>) -> Vec<Finding>),
    /// Each connection, and what the other rules found of it.
    Conclusion(fn(&ConnectionContext<'_>, &[Finding]) -> Vec<Finding>),
    /// The capture as a whole.
    Capture(fn(&WholeCapture<'_>) -> Vec<Finding>),
}

const fn each(code: Code, rule: fn(&ConnectionContext<'_>) -> Vec<Finding>) -> Rule {
    Rule { code, apply: Apply::Connection(rule) }
}

const fn last(code: Code, rule: fn(&ConnectionContext<'_>, &[Finding]) -> Vec<Finding>) -> Rule {
    Rule { code, apply: Apply::Conclusion(rule) }
}

const fn whole(code: Code, rule: fn(&WholeCapture<'_>) -> Vec<Finding>) -> Rule {
    Rule { code, apply: Apply::Capture(rule) }
}

/// All rules, in the order of a connection's life.
pub const RULES: &[Rule] = &[
    whole(Code::CaptureDrops, capture::drops),
    each(Code::CaptureDrops, capture::tcp_gaps),
    each(Code::CaptureMidstream, capture::midstream),
    each(Code::CaptureOneSided, capture::one_sided),
    each(Code::CaptureMissingPath, capture::missing_path),
    whole(Code::CaptureOptionsCut, capture::options_cut),
    whole(Code::CaptureTimeBackwards, capture::time_backwards),
    whole(Code::CaptureDuplicateFrames, capture::duplicate_frames),
    each(Code::CaptureOffload, capture::offload),
    each(Code::OptionMalformed, capture::option_malformed),
    each(Code::OptionUnknown, capture::option_unknown),
    each(Code::OptionCombinationOdd, capture::option_combination_odd),
    whole(Code::NopRun, capture::nop_run),
    // Handshake and fallback.
    each(Code::MpCapableUnanswered, fallback::mp_capable_unanswered),
    each(Code::MpCapableSynBlackholed, fallback::mp_capable_syn_blackholed),
    each(Code::MpCapableAckLost, fallback::mp_capable_ack_lost),
    each(Code::DssMissingFallback, fallback::dss_missing_fallback),
    each(Code::VersionDowngrade, handshake::version_downgrade),
    whole(Code::VersionDowngrade, handshake::version_lost),
    each(Code::MptcpV0, handshake::mptcp_v0),
    each(Code::EchoedKeyMismatch, handshake::echoed_key_mismatch),
    each(Code::HandshakeFlagsUnsupported, handshake::handshake_flags_unsupported),
    each(Code::HandshakeInvalid, handshake::handshake_invalid),
    each(Code::ChecksumForced, handshake::checksum_forced),
    each(Code::InfiniteMapping, fallback::infinite_mapping),
    each(Code::MptcpAfterFallback, fallback::mptcp_after_fallback),
    each(Code::CBitSet, handshake::c_bit_set),
    each(Code::MpCapableNotRepeated, handshake::mp_capable_not_repeated),
    // Proofs.
    each(Code::JoinHmacMismatch, proofs::join_hmac_mismatch),
    each(Code::AddAddrHmacMismatch, proofs::add_addr_hmac_mismatch),
    each(Code::DssChecksumMismatch, proofs::dss_checksum_mismatch),
    each(Code::MpFail, fallback::mp_fail),
    each(Code::FailedDataAcked, fallback::failed_data_acked),
    each(Code::FastcloseKeyMismatch, proofs::fastclose_key_mismatch),
    each(Code::IdsnMismatch, proofs::idsn_mismatch),
    each(Code::ChecksumPresenceMismatch, proofs::checksum_presence_mismatch),
    // Joins and paths.
    each(Code::JoinUnknownToken, joins::join_unknown_token),
    each(Code::JoinRejected, joins::join_rejected),
    each(Code::JoinNoAnswer, joins::join_no_answer),
    each(Code::JoinAnsweredByPlainTcp, joins::join_answered_by_plain_tcp),
    each(Code::JoinAckStripped, joins::join_ack_stripped),
    each(Code::JoinAckUnconfirmed, joins::join_ack_unconfirmed),
    each(Code::JoinToDeniedAddress, joins::join_to_denied_address),
    each(Code::JoinPortNotAnnounced, joins::join_port_not_announced),
    each(Code::JoinEarlyData, joins::join_early_data),
    each(Code::JoinBeforeDss, joins::join_before_dss),
    each(Code::JoinAgainstAdvice, retries::join_against_advice),
    each(Code::AddressTranslated, joins::address_translated),
    whole(Code::JoinUnknownToken, tokens::orphans_refused),
    whole(Code::JoinFlood, tokens::join_flood),
    each(Code::JoinFlood, tokens::join_flood_of_connection),
    whole(Code::TokenCollision, tokens::token_collision),
    // Addresses and option space.
    each(Code::AddAddrNoSpace, option_space::no_space),
    each(Code::AddAddrSpaceStatic, option_space::space_static),
    each(Code::AddAddrTimestampsDropped, option_space::timestamps_dropped),
    each(Code::AddAddrUnpadded, option_space::unpadded),
    each(Code::AddAddrEvictsSack, option_space::evicts_sack),
    each(Code::AddAddrNotEchoed, addresses::add_addr_not_echoed),
    each(Code::AddAddrEchoMismatch, addresses::add_addr_echo_mismatch),
    each(Code::AddAddrNotUsed, addresses::add_addr_not_used),
    each(Code::AddAddrIdConflict, addresses::add_addr_id_conflict),
    each(Code::AddAddrPrivate, addresses::add_addr_private),
    each(Code::RemoveAddrUnknownId, addresses::remove_addr_unknown_id),
    each(Code::RemoveAddrClosedSubflows, addresses::remove_addr_closed_subflows),
    each(Code::RemoveAddrMissing, addresses::remove_addr_missing),
    // Data and paths at work.
    each(Code::MappingMissing, data::mapping_missing),
    each(Code::MappingOutsideSegment, violations::mapping_outside_segment),
    each(Code::MappingConflict, data::mapping_conflict),
    each(Code::DataAckBeyondSent, data::data_ack_beyond_sent),
    each(Code::Reinjection, data::reinjection),
    each(Code::ReinjectionDiffers, violations::reinjection_differs),
    each(Code::Remapping, data::remapping),
    each(Code::RedundantScheduler, data::redundant_scheduler),
    each(Code::DataStall, data::data_stall),
    each(Code::HeadOfLineBlocking, data::head_of_line_blocking),
    each(Code::ReceiveWindowLimited, data::receive_window_limited),
    each(Code::WindowShrunk, violations::window_shrunk),
    each(Code::DataBeyondWindow, violations::data_beyond_window),
    each(Code::ReservedBitsSet, violations::reserved_bits_set),
    each(Code::DupAckSignals, violations::dup_ack_signals),
    each(Code::DupAckMisread, violations::dup_ack_misread),
    each(Code::DsnWidth, violations::dsn_width),
    each(Code::UrgentInMapping, violations::urgent_in_mapping),
    each(Code::SignalOutOfWindow, signals::signal_out_of_window),
    each(Code::OriginalNotResent, data::original_not_resent),
    each(Code::BackupUsed, paths::backup_used),
    each(Code::PathUnused, paths::path_unused),
    each(Code::PathDegraded, paths::path_degraded),
    // Closing.
    each(Code::FastClose, close::fast_close),
    each(Code::FastCloseUnanswered, close::fast_close_unanswered),
    each(Code::SubflowReset, close::subflow_reset),
    each(Code::ConnectionAborted, close::connection_aborted),
    each(Code::DataFinInvalid, violations::data_fin_invalid),
    each(Code::FinWithDataOutstanding, violations::fin_with_data_outstanding),
    each(Code::DataFinUnacked, close::data_fin_unacked),
    each(Code::SubflowNotClosed, close::subflow_not_closed),
    each(Code::RstReasonMissing, close::rst_reason_missing),
    // What follows from all that.
    last(Code::SinglePath, paths::single_path),
];

/// What rests on a packet that was not seen: an answer, an option, or a join on another path.
pub(super) const DOUBTFUL: &[Code] = &[
    Code::JoinAnsweredByPlainTcp,
    Code::JoinAckStripped,
    Code::JoinAckUnconfirmed,
    Code::JoinEarlyData,
    Code::AddAddrTimestampsDropped,
    Code::AddAddrNotUsed,
    Code::FinWithDataOutstanding,
    Code::SubflowReset,
    Code::ConnectionAborted,
    Code::SinglePath,
];
