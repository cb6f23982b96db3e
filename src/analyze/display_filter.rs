//! Wireshark display filters.

use crate::wire::segment::Endpoint;

/// A filter with more flows than this helps nobody.
const MOST: usize = 4;

/// Shows the flows between these endpoints, or the first few of many; `None` without any.
pub fn of_flows(flows: impl IntoIterator<Item = (Endpoint, Endpoint)>) -> Option<String> {
    let flows: Vec<_> = flows.into_iter().take(MOST).map(flow).collect();
    match flows.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("({})", several.join(") || ("))),
    }
}

fn flow((one, other): (Endpoint, Endpoint)) -> String {
    let side = |end: Endpoint| {
        let family = if end.address.is_ipv6() { "ipv6" } else { "ip" };
        format!("{family}.addr == {} && tcp.port == {}", end.address, end.port)
    };
    format!("{} && {}", side(one), side(other))
}
