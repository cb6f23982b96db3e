//! Joins: who, where, why.

use super::Told;

/// The initial address and port, but another host (DNAT by source).
#[test]
#[ignore = "needs the corpus of captures"]
fn another_host_with_the_same_address() {
    Told::of("c03_ecmp_closed_port/client.pcap")
        .finds(&[
            "warning likely single-path #119",
            "warning likely join-misrouted c2s sf1 #119 #135 <single-path address=10.1.1.2 port=5001",
            "note certain remapping sf0 <join-misrouted",
        ])
        .never(&["join-port-closed", "join-unknown-token", "join-blocked"]);
}

/// The server joins the client's own port, beside joins of the client that work.
#[test]
#[ignore = "needs the corpus of captures"]
fn joins_of_the_server_to_the_port_of_the_client() {
    Told::of("a16_nm_signal_subflow/client.pcap")
        .finds(&[
            "note certain join-port-closed s2c sf1 #24 #25 address=10.0.1.2 port=56580 source=10.1.2.2",
            "note certain join-port-closed s2c sf4 #82 #83 address=10.0.2.2 port=56580 source=10.1.1.2",
        ])
        .never(&["join-unknown-token", "join-misrouted"])
        .says("without the flag `subflow` there it opens none")
        .says("allow_join_initial_addr_port=0");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn joins_of_the_server_to_two_addresses_of_the_client() {
    Told::of("h11-server-joins-two-client-addresses/capture.pcap")
        .finds(&[
            "warning certain single-path",
            "warning certain join-port-closed s2c sf1 #8 #9 <single-path address=10.1.2.10 port=42000",
            "warning certain join-port-closed s2c sf2 #12 #13 <single-path address=10.1.3.10 port=42000",
        ])
        .says("10.1.9.9:50001 → 10.1.2.10:42000")
        .says("`ip mptcp endpoint add 10.1.2.10 dev IFACE subflow`")
        .never_says("signal port 5001");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn a_join_of_the_server_that_dies_on_the_way() {
    Told::of("h09_server_join_private/server.pcap")
        .finds(&[
            "warning certain single-path #42",
            "warning certain join-no-answer s2c sf1 #42 #406 <single-path address=10.0.2.2 port=10200",
        ])
        .says("10.1.1.2:57261 → 10.0.2.2:10200");
    Told::of("h09_server_join_private/client.pcap")
        .finds(&[
            "warning likely single-path #20 #55",
            "warning likely add-addr-not-used c2s #20 #55 <single-path address_id=1",
        ])
        .says("no join to it is in the capture")
        .says("A capture at the server shows whether it sends SYNs.")
        .never_says("ip mptcp limits");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn a_join_of_the_server_to_a_private_address() {
    Told::of("h10-server-joins-private-address/capture.pcap")
        .finds(&[
            "warning certain single-path #8",
            "warning certain join-no-answer s2c sf1 #8 #149 <single-path address=192.168.8.100",
            "note certain add-addr-private c2s #6",
        ])
        .says("198.51.100.1:50001 → 192.168.8.100:40000")
        .says("192.168.8.100 is a private address");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn an_address_that_the_client_has_as_well() {
    Told::of("h14-announced-address-is-the-clients-own/capture.pcap")
        .finds(&[
            "warning certain single-path #6 #8 #9 link=announcement-own-address",
            "note certain add-addr-own-address s2c sf1 #6 #8 #9 <single-path address=172.17.0.1",
        ])
        .never(&["join-port-closed", "join-unknown-token"]);
}

/// SYN/ACKs that the client drops; the RST at the end only clears away.
#[test]
#[ignore = "needs the corpus of captures"]
fn syn_acks_that_get_no_third_ack() {
    Told::of("h08_synack_dropped/client.pcap")
        .finds(&[
            "warning certain single-path #69",
            "warning certain join-no-answer c2s sf1 #69 #85 #395 <single-path tries=5",
        ])
        .never(&["join-rejected"])
        .says("the SYN/ACKs arrive, and the client drops them")
        .says("rp_filter");
    Told::of("h08_synack_dropped/server.pcap")
        .finds(&[
            "warning certain single-path #97",
            "warning certain join-no-answer c2s sf1 #97 #98 #398 <single-path tries=5",
        ])
        .never(&["join-rejected"])
        .says("5 SYNs and 5 SYN/ACKs");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn the_address_in_use_announced_again() {
    Told::of("h08-initial-address-announced-v0/capture.pcap")
        .finds(&["note certain single-path link=nothing-offered"])
        .never(&["add-addr-not-used"])
        .says("no host offered or tried a second path");
}

/// What took a path that is not in the capture may have taken this one.
#[test]
#[ignore = "needs the corpus of captures"]
fn joins_that_the_capture_does_not_show() {
    Told::of("h07-one-of-two-paths-captured/capture.pcap")
        .finds(&["note likely capture-missing-path c2s"])
        .never(&["add-addr-not-used", "single-path"]);
    Told::of("n03_filter_port/client.pcap")
        .finds(&["note likely capture-missing-path c2s", "note likely capture-missing-path s2c"])
        .never(&["add-addr-not-used", "single-path"]);
}

#[test]
#[ignore = "needs the corpus of captures"]
fn a_join_without_its_connection() {
    let told = Told::of("h06-join-without-its-connection/capture.pcap")
        .finds(&[])
        .never_says("no third ACK")
        .says("complete up to its third ACK");
    assert_eq!(told.report()["connections"][0]["subflows"][0]["handshake"]["ack"], 3);
}

/// IPv6 announced to an AF_INET socket.
#[test]
#[ignore = "needs the corpus of captures"]
fn an_address_of_the_other_family() {
    for told in [Told::of, Told::with_host] {
        told("o16_afinet_v6announced/client.pcap")
            .finds(&[
                "warning likely single-path #20 #21",
                "warning likely add-addr-not-used s2c #20 #21 <single-path address_id=1",
            ])
            .says("AF_INET6 socket")
            .never_says("limits set");
    }
}

/// … which an AF_INET6 socket joins, though its connection is IPv4.
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

#[test]
#[ignore = "needs the corpus of captures"]
fn an_endpoint_of_the_other_family() {
    Told::with_host("a17_family_mismatch/client.pcap")
        .finds(&["warning certain single-path #11 link=nothing-offered"])
        .says("endpoint 2001:db8:2::2 for subflows is IPv6, and the connection is IPv4")
        .says("`ip mptcp endpoint add 10.0.2.2 dev IFACE subflow`")
        .never_says("ip route get");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn a_c_bit_and_nothing_announced() {
    Told::with_host("a01_cbit_nosignal/client.pcap")
        .finds(&[
            "warning certain single-path #8 link=c-bit-nothing-announced",
            "note certain c-bit-set s2c #9",
        ])
        .says("On the server: `ip mptcp endpoint add ADDRESS dev IFACE signal`")
        .never_says("ip route get");
}
