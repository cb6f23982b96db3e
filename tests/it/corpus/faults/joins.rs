//! Joins: who, where, why.

use super::Told;

/// An IPv6 address is joined by an AF_INET6 socket, though its connection is IPv4.
#[test]
#[ignore = "needs the corpus of captures"]
fn joined_over_ipv6_by_an_af_inet6_socket() {
    Told::of("o17_afinet6_v6announced/client.pcap").finds(&[]);
    let told = Told::with_host("o17_afinet6_v6announced/client.pcap")
        .finds(&[])
        .never(&["add-addr-not-used", "single-path"])
        .says("worked on 2 paths")
        .never_says("limit");
    assert_eq!(told.report()["connections"][0]["subflows"][1]["state"], "closed");
}
