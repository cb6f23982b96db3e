//! Addresses that the hosts announced.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Context;
use crate::analyze::{AddressVerdict, ConnectionContext};
use crate::track::address::{self, Sightings};
use crate::track::proof::Verdict;
use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::wire::crypto::AddAddrHmacVariant;
use crate::wire::mptcp::{AddAddr, AddressId};

/// An address that a host announced or withdrew.
///
/// ```json
/// {"owner": "server", "address_id": 1, "address": "10.1.2.2", "port": null, "announced": [12],
///  "echoed": [13], "hmac": "verified", "hmac_variant": "rfc8684", "removed": [],
///  "used_by_subflows": [1]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Address")]
pub struct AnnouncedAddress {
    /// Whose address.
    pub owner: Role,
    /// Its ID.
    pub address_id: AddressId,
    /// The address; null where only its withdrawal was seen.
    pub address: Option<IpAddr>,
    /// The port, if one was announced.
    pub port: Option<u16>,
    /// The first packets with ADD_ADDR.
    pub announced: Vec<u64>,
    /// The first packets with an echo.
    pub echoed: Vec<u64>,
    /// Whether the HMAC proves the announcement; null without an announcement, and in version 0.
    pub hmac: Option<Verdict>,
    /// Which way of computing it fits.
    pub hmac_variant: Option<&'static str>,
    /// The first packets with REMOVE_ADDR.
    pub removed: Vec<u64>,
    /// IDs of the subflows that this host's end of has the address ID.
    pub used_by_subflows: Vec<u32>,
}

impl AnnouncedAddress {
    pub(super) fn build(
        context: &Context<'_>,
        case: &ConnectionContext<'_>,
        address: &address::AnnouncedAddress,
        (verdict, variant): AddressVerdict,
    ) -> Self {
        let packets = |sightings: &Sightings| {
            let listed = sightings.listed.iter();
            listed.map(|seen| context.packet(seen.packet)).collect()
        };
        let is_used = |subflow: &&&Subflow| {
            subflow.sides.of(address.owner).address_id == Some(address.address_id)
        };
        // Version 0 has no HMAC that could be absent.
        let is_proof_due = address.options.iter().any(|option| AddAddr::hmac(option).is_some());
        Self {
            owner: address.owner,
            address_id: address.address_id,
            address: address.address,
            port: address.port,
            announced: packets(&address.announced),
            echoed: packets(&address.echoed),
            hmac: is_proof_due.then_some(verdict),
            hmac_variant: variant.map(variant_name),
            removed: packets(&address.removed),
            used_by_subflows: case.subflows.iter().filter(is_used).map(|s| s.number).collect(),
        }
    }
}

/// Stable name of a way of computing the HMAC.
const fn variant_name(variant: AddAddrHmacVariant) -> &'static str {
    match variant {
        AddAddrHmacVariant::Rfc8684 => "rfc8684",
        AddAddrHmacVariant::LeftmostBits => "leftmost_bits",
        AddAddrHmacVariant::PortLeftOut => "port_left_out",
    }
}
