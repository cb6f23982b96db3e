//! The flags of `space`.

use clap::{Args, ValueEnum};

/// Arguments of `space`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags")]
pub struct SpaceArgs {
    /// ADD_ADDR of an IPv4 address
    #[arg(long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// ADD_ADDR of an IPv6 address
    #[arg(long)]
    pub ipv6: bool,
    /// ADD_ADDR with a port
    #[arg(long)]
    pub port: bool,
    /// The echo of ADD_ADDR, which has no HMAC
    #[arg(long)]
    pub echo: bool,
    /// Whether timestamps are in use [default: on, and both in the table]
    #[arg(long, value_name = "SWITCH")]
    pub timestamps: Option<Switch>,
    /// SACK blocks to be sent in the same header
    #[arg(long, value_name = "N", default_value = "0", value_parser = clap::value_parser!(u8).range(0..=4))]
    pub sack: u8,
    /// The DSS in the same segment
    #[arg(long, value_name = "FORM")]
    pub dss: Option<DssWord>,
    /// With a checksum: of --dss with a mapping, or of --handshake capable-data
    #[arg(long, requires = "dss")]
    pub checksum: bool,
    /// A segment of a handshake, in place of ADD_ADDR
    #[arg(long, value_name = "SEGMENT", conflicts_with_all = ["ipv4", "ipv6", "port", "echo", "dss"])]
    pub handshake: Option<HandshakeWord>,
    /// TCP Fast Open with a cookie of N bytes; 0 asks for one
    #[arg(long = "fastopen", value_name = "N", requires = "handshake", value_parser = clap::value_parser!(u8).range(0..=16))]
    pub fast_open: Option<u8>,
    /// TCP-MD5
    #[arg(long)]
    pub md5: bool,
    /// TCP-AO: bytes of the whole option, usually 16
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(4..=40))]
    pub ao: Option<u8>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// In use
    On,
    /// Not in use
    Off,
}

/// What a DSS says, by the widths of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub enum DssWord {
    /// No DSS
    None,
    /// DATA_ACK of 32 bits
    Ack32,
    /// DATA_ACK of 64 bits
    Ack64,
    /// Mapping and DATA_ACK of 32 bits
    Map32Ack32,
    /// Mapping of 32 bits, DATA_ACK of 64 bits
    Map32Ack64,
    /// Mapping of 64 bits, DATA_ACK of 32 bits
    Map64Ack32,
    /// Mapping and DATA_ACK of 64 bits
    Map64Ack64,
}

/// A segment that opens a connection or a subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HandshakeWord {
    /// SYN with MP_CAPABLE
    CapableSyn,
    /// The same in version 0, with a key
    CapableSynV0,
    /// SYN/ACK with MP_CAPABLE
    CapableSynAck,
    /// Third ACK with MP_CAPABLE
    CapableAck,
    /// First data with MP_CAPABLE
    CapableData,
    /// SYN with MP_JOIN
    JoinSyn,
    /// SYN/ACK with MP_JOIN
    JoinSynAck,
    /// Third ACK with MP_JOIN
    JoinAck,
}
