//! The flag that says which UDP ports are tunnels.

use clap::Args;

use crate::wire::tunnel::Rule;

/// What is in the packets of a capture.
#[derive(Debug, Args)]
pub struct DecodeArgs {
    /// Take a UDP port for a tunnel, as in udp.port==5555,vxlan; list shows all
    #[arg(long, value_name = "RULE")]
    pub decode_as: Vec<Rule>,
}
