//! mptcpscope reads packet captures of Multipath TCP (RFC 8684, RFC 6824), puts connections back
//! together from their subflows, proves what can be proved, and says what happened.
//!
//! ```text
//!  file, stdin ── capture ─▸ Frame ─▸ wire ─▸ Segment ─▸ track ─▸ Trace ─▸ analyze ─▸ report, tui
//! ```
//!
//! # The options of one segment
//!
//! ```
//! use mptcpscope::{MptcpOption, TcpOption, TcpOptions};
//!
//! // NOP, NOP, and the MP_JOIN of a SYN: address ID 3, token, nonce.
//! let octets = [1, 1, 30, 12, 0x10, 3, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 7];
//! let options = TcpOptions { octets: &octets, declared_len: 14 };
//! let joins = options.iter().filter_map(|option| match option {
//!     TcpOption::Mptcp(MptcpOption::MpJoin(join)) => Some(join),
//!     _ => None,
//! });
//! assert_eq!(joins.count(), 1);
//! ```
//!
//! # The connections of a capture
//!
//! ```
//! use mptcpscope::{Analysis, Capture, InputPath};
//!
//! let path = InputPath::File("testdata/captures/two-subflows.pcap".into());
//! let mut capture = Capture::open(&[path])?;
//! let mut analysis = Analysis::new(1);
//! while let Some(frame) = capture.next_frame() {
//!     analysis.push(&frame);
//! }
//! assert_eq!((analysis.connection_count(), analysis.subflow_count()), (1, 2));
//! # Ok::<_, mptcpscope::OpenError>(())
//! ```
//!
//! # What happened
//!
//! ```
//! use mptcpscope::{Analysis, Capture, InputPath, Severity};
//!
//! let path = InputPath::File("testdata/captures/join-unanswered.pcap".into());
//! let mut capture = Capture::open(&[path])?;
//! let mut analysis = Analysis::new(1);
//! analysis.read(&mut capture);
//! let report = analysis.report(capture.inputs());
//! let warning = report.findings().find(|finding| finding.severity() == Severity::Warning);
//! assert_eq!(warning.map(|finding| finding.code()), Some("single-path"));
//! report.write_json(&mut std::io::stdout())?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Inside
//!
//! | layer | may import of ours |
//! |---|---|
//! | `wire` | – |
//! | `capture` | `wire::frame`, `units` |
//! | `track` | `wire` |
//! | `units` | – |
//! | `printable` | – |
//! | `text_layout` | – |
//! | `nearest` | – |
//! | `filter` | `nearest` |
//! | `analyze` | `track`, `wire`, `units`, `host::HostSnapshot`, `host::EndpointFlag` |
//! | `report` | `analyze`, `track`, `wire`, `filter`, `units`, `printable`, `text_layout` |
//! | `tui` | `analyze`, `report`, `track`, `wire`, `filter`, `units`, `printable`, `text_layout` |
//! | `host` | – |
//! | `cli` | `analyze::finding`, `report::list`, `nearest`, `units`, `wire::tunnel` |
//! | `app`, `facade` | all |
//!
//! `tests/it/layering.rs` holds this table. Below `app` there is no clock, no randomness and, outside
//! of `capture` and `host`, no I/O: time is the frame's timestamp, and the hash seed is handed in.
//!
//! The feature `internals` makes the layers reachable for the project's own tests, benchmarks and
//! fuzz targets. Semantic versions cover what is documented here, and nothing else.

// Without it, what the outside cannot name is there for the layers themselves.
#![cfg_attr(not(feature = "internals"), allow(dead_code, unreachable_pub, unused_imports))]
// A signature of the public interface names nothing that the outside cannot name. The program has none.
#![cfg_attr(not(any(feature = "cli", feature = "internals")), deny(unnameable_types))]

mod facade;
/// The layers, of which the outside sees what is re-exported below.
#[path = "."]
mod layers {
    pub mod analyze;
    #[cfg(feature = "cli")]
    pub mod app;
    pub mod capture;
    #[cfg(feature = "cli")]
    pub mod cli;
    pub mod filter;
    pub mod host;
    pub mod nearest;
    pub mod printable;
    pub mod report;
    pub mod text_layout;
    pub mod track;
    #[cfg(feature = "tui")]
    pub mod tui;
    pub mod units;
    pub mod wire;
}

/// All layers, for the project's own tests, benchmarks and fuzz targets. No promise is made of them.
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals {
    pub use crate::layers::*;
}

#[allow(clippy::wildcard_imports, reason = "which layers there are depends on features")]
use layers::*;

pub use analyze::finding::Severity;
pub use capture::{Capture, Compression, Format, InputPath, InputStatus, Interface, OpenError};
pub use facade::{Analysis, Finding, Report};
pub use wire::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
pub use wire::icmp::IcmpReport;
pub use wire::mptcp;
pub use wire::mptcp::MptcpOption;
pub use wire::segment::{Decoded, Endpoint, IcmpError, Segment, TcpFlags, decode};
pub use wire::seq::{Dsn, SeqNum, WireDsn};
pub use wire::skipped::{Encrypted, Skipped};
pub use wire::tcp_option::{SackBlocks, TcpOption, TcpOptionIter, TcpOptions};
pub use wire::way::Way;

/// The command line: all that the program does.
#[cfg(feature = "cli")]
#[doc(hidden)]
pub fn main() -> std::process::ExitCode {
    app::main()
}
