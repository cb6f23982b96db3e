//! What the columns and signs of the tables mean.

use std::io::{self, Write};

use super::page::Page;
use crate::text_layout::width;

const LEGEND: [(&str, &str); 6] = [
    (
        "sf",
        "subflow · path: → opened by the client, ← by the server · ids: address IDs, client/server",
    ),
    ("c→s", "client to server · s→c: server to client · –: unknown, or too little data"),
    (
        "sent",
        "= new + resent (by TCP, or with another mapping) + unmapped; amounts are rounded · delivered: \
         what arrived on this subflow first, by its acknowledgments, where that is not all that is new",
    ),
    ("rtx", "share of sent that TCP retransmitted: mostly what was lost after the capture point"),
    (
        "late",
        "segments after later ones: lost before the capture point and sent again, or reordered",
    ),
    (
        "RTT",
        "data to ACK at the capture point · setup RTT: SYN to third ACK · rate: sent, from the first \
     data to the last packet",
    ),
];

/// Writes it, once for the whole report.
pub(super) fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    for (name, meaning) in LEGEND {
        let mut margin = format!("{name:<6}");
        for line in page.prose(width(&margin), meaning) {
            writeln!(out, "{}", page.paint.dim(&format!("{margin}{line}")))?;
            margin = " ".repeat(width(&margin));
        }
    }
    Ok(())
}
