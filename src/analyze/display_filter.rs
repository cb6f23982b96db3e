//! Wireshark display filters.

use std::fmt;

use smallvec::SmallVec;

use crate::wire::segment::Endpoint;

/// A filter with more flows than this helps nobody.
const MOST: usize = 4;

/// Shows the flows between these endpoints, or the first few of many; `None` without any.
pub fn of_flows(flows: impl IntoIterator<Item = (Endpoint, Endpoint)>) -> Option<String> {
    let flows: SmallVec<[_; MOST]> = flows.into_iter().take(MOST).collect();
    (!flows.is_empty()).then(|| Filter(&flows).to_string())
}

/// Flows, as their filter is written.
struct Filter<'a>(&'a [(Endpoint, Endpoint)]);

impl fmt::Display for Filter<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0 {
            return flow(only, formatter);
        }
        for (index, both) in self.0.iter().enumerate() {
            formatter.write_str(if index == 0 { "(" } else { " || (" })?;
            flow(both, formatter)?;
            formatter.write_str(")")?;
        }
        Ok(())
    }
}

fn flow((one, other): &(Endpoint, Endpoint), formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    side(*one, formatter)?;
    formatter.write_str(" && ")?;
    side(*other, formatter)
}

fn side(end: Endpoint, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let family = if end.address.is_ipv6() { "ipv6" } else { "ip" };
    write!(formatter, "{family}.addr == {} && tcp.port == {}", end.address, end.port)
}
