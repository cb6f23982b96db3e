//! Wireshark display filters.

use std::fmt::Write;
use std::net::IpAddr;

use smallvec::SmallVec;

use crate::wire::segment::Endpoint;

/// Most flows of a filter.
const MOST: usize = 4;

/// Bytes of a filter for one flow, usually.
const USUAL_LEN: usize = 96;

/// A filter that shows the flows between these endpoints, or the first few of many; `None` without any.
pub fn of_flows(flows: impl IntoIterator<Item = (Endpoint, Endpoint)>) -> Option<String> {
    let flows: SmallVec<[_; MOST]> = flows.into_iter().take(MOST).collect();
    let mut filter = String::with_capacity(flows.len() * USUAL_LEN);
    match flows.as_slice() {
        [] => return None,
        [only] => push_flow(&mut filter, *only),
        several => {
            for (index, flow) in several.iter().enumerate() {
                filter.push_str(if index == 0 { "(" } else { " || (" });
                push_flow(&mut filter, *flow);
                filter.push(')');
            }
        }
    }
    Some(filter)
}

fn push_flow(filter: &mut String, (one, other): (Endpoint, Endpoint)) {
    push_side(filter, one);
    filter.push_str(" && ");
    push_side(filter, other);
}

fn push_side(filter: &mut String, endpoint: Endpoint) {
    match endpoint.address {
        IpAddr::V4(address) => {
            filter.push_str("ip.addr == ");
            for (index, byte) in address.octets().into_iter().enumerate() {
                filter.push_str(if index == 0 { "" } else { "." });
                push_number(filter, byte.into());
            }
        }
        // Writing to a string can't fail.
        IpAddr::V6(address) => drop(write!(filter, "ipv6.addr == {address}")),
    }
    filter.push_str(" && tcp.port == ");
    push_number(filter, endpoint.port);
}

/// Every finding has a filter, and a filter has up to forty numbers: `write!` is too slow for them.
fn push_number(filter: &mut String, number: u16) {
    filter.push_str(itoa::Buffer::new().format(number));
}
