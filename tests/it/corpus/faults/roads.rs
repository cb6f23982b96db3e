//! Tunnels, monitor mode, and what ICMP says.

use super::Told;
use crate::support::reports::array;

/// Mirrored traffic of a cloud, a VPN router, a card in monitor mode: each holds one connection, and it
/// is there.
#[test]
#[ignore = "needs the corpus of captures"]
fn what_is_inside_is_found() {
    for case in ["h15-vxlan", "h16-gre", "h17-radiotap"] {
        let told = Told::of(&format!("{case}/capture.pcap"));
        let connections = array(&told.report()["connections"]);
        assert_eq!(connections.len(), 1, "{case}");
        assert!(array(&connections[0]["subflows"]).len() > 1, "{case}");
    }
}

/// The second path of a connection in frames with two labels.
#[test]
#[ignore = "needs the corpus of captures"]
fn mpls_labels_hide_nothing() {
    let told = Told::of("n04_mpls/trunk2.pcap");
    let connections = array(&told.report()["connections"]);
    assert_eq!(connections.len(), 1);
    assert!(told.report()["totals"]["mptcp_segments"].as_u64() > Some(10));
}

/// A router answers the SYN of a join, and Linux gives up after one.
#[test]
#[ignore = "needs the corpus of captures"]
fn a_join_that_a_router_refuses_names_it() {
    let told = Told::of("h03-join-syn-icmp-host-unreachable/capture.pcap");
    let codes: Vec<_> =
        array(&told.report()["findings"]).iter().map(|found| &found["code"]).collect();
    assert!(codes.contains(&&"join-unreachable".into()), "{codes:?}");
    assert!(codes.contains(&&"single-path".into()), "{codes:?}");
    told.says("reported host unreachable");
}

/// The path that died says so by ICMP.
#[test]
#[ignore = "needs the corpus of captures"]
fn icmp_about_a_path_that_died_is_kept() {
    let told = Told::of("h13-first-path-dies-quietly/capture.pcap");
    let icmp = array(&told.report()["connections"][0]["icmp"]);
    assert!(icmp.iter().any(|error| error["name"] == "host_unreachable"), "{icmp:?}");
    assert!(icmp.iter().all(|error| error["subflow"] == 0));
}
