//! What the capture itself lacks, or has too much of.

use super::WholeCapture;
use crate::analyze::finding::{Code, Finding};
use crate::units;

/// Packets that the kernel dropped while capturing.
pub(super) fn drops(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let dropped: u64 = capture.inputs.iter().map(|input| input.dropped).sum();
    if dropped == 0 {
        return Vec::new();
    }
    let summary = format!(
        "{} were dropped while capturing: what is said to be missing may have been there.",
        units::counted(dropped, "packet")
    );
    let advice = "Capture with a larger buffer (tcpdump -B 16384), a snap length (-s 256) or a \
        filter (tcp).";
    vec![
        Finding::new(Code::CaptureDrops, summary)
            .times(dropped)
            .with("packets", dropped)
            .advice(advice),
    ]
}
