# What is recorded: one function per scenario. Sourced by record.sh, which opens a fresh lab for each.
# A scenario sets up its paths, starts its captures (named like the files) and moves some bytes.

all_scenarios=(
    one_subflow_v4 one_subflow_v6 two_subflows two_interfaces any_interface offloads_on vlan qinq
    formats checksum fast_open half_closed
    add_addr_v4 add_addr_v4_port add_addr_v6 add_addr_v6_port add_addr_v6_port_no_timestamps
    add_addr_v6_port_idle add_addr_v6_port_bad_link bad_link keep_alive read_late
    add_addr_lost c_bit server_opened_join remove_addr_and_mp_prio
    join_refused_limit join_refused_in_flight join_refused_token join_refused_hmac join_no_listener join_unanswered join_stripped
    fallback_plain_server fallback_syn_stripped fallback_first_data_stripped mp_capable_blackholed
    checksum_failed checksum_failed_two_subflows reinjected
    fastclose reset_subflow
)

one_subflow_v4() {
    path 1
    capture one-subflow-v4.pcap c c1
    exchange 192.0.2.2 500/1500 3000/200
}

one_subflow_v6() {
    path 1
    capture one-subflow-v6.pcap c c1
    exchange 2001:db8:1::2 500/1500 3000/200
}

# The client opens a second subflow from its second address; enough bytes that both are used.
two_subflows() {
    two_paths
    slow 1 8mbit
    slow 2 8mbit
    capture two-subflows.pcap c c1,c2
    capture two-subflows-at-server.pcap s s1,s2
    exchange 192.0.2.2 100/100 ~0.1 80000/100
}

two_interfaces() {
    two_paths
    capture two-interfaces.pcapng c c1,c2
    exchange 192.0.2.2 100/100 ~0.1 20000/2000
}

# The cooked link types of `-i any`, with everything that passes: ARP too.
any_interface() {
    two_paths
    capture sll2.pcap c any all
    capture sll1.pcap c any -y LINUX_SLL all
    exchange 192.0.2.2 100/100 ~0.1 4000/2000
}

# Frames of the size that the host sees, not the wire.
offloads_on() {
    offloads=on
    path 1
    capture offloads-on.pcap c c1
    exchange 192.0.2.2 500/100 30000/10000
}

vlan() {
    path_through_trunk 1 802.1Q:7
    capture vlan.pcap m trunk-c all
    exchange 192.0.2.2 500/1500 3000/200
}

qinq() {
    path_through_trunk 1 802.1ad:9 802.1Q:7
    capture qinq.pcap m trunk-c all
    exchange 192.0.2.2 500/1500 3000/200
}

# One run in several dresses.
formats() {
    two_paths
    capture snaplen-96.pcap c c1,c2 -s 96
    capture snaplen-68.pcap c c1,c2 -s 68
    capture nanosecond.pcap c c1 --time-stamp-precision=nano
    capture gzip.pcap c c1
    exchange 192.0.2.2 100/100 ~0.1 10000/100 100/10000
}

checksum() {
    two_paths
    checksums_on
    capture checksum.pcap c c1,c2
    exchange 192.0.2.2 300/700 ~0.1 20001/1501
}

# Two connections: the first one fetches the cookie, the second one has bytes in its SYN.
fast_open() {
    path 1
    on c sysctl -qw net.ipv4.tcp_fastopen=3
    on s sysctl -qw net.ipv4.tcp_fastopen=3
    capture fast-open.pcap c c1
    exchange 192.0.2.2 --fast-open --connections 2 300/700 3000/200
}

# The client has closed its direction; the server still sends.
half_closed() {
    path 1
    capture half-closed.pcap c c1
    exchange 192.0.2.2 --half-close 200/200 500/6000
}

add_addr_v4() { announced add-addr-v4.pcap 192.0.2.2 198.51.100.2; }
add_addr_v4_port() { announced add-addr-v4-port.pcap 192.0.2.2 198.51.100.2 port 5002; }
add_addr_v6() { announced add-addr-v6.pcap 2001:db8:1::2 2001:db8:2::2; }

# 32 octets of ADD_ADDR beside 12 of timestamps do not fit: nothing is announced, nothing joins.
add_addr_v6_port() { announced add-addr-v6-port.pcap 2001:db8:1::2 2001:db8:2::2 port 5002; }

# The address is configured while the connection is idle.
add_addr_v6_port_idle() {
    path 1
    path 2
    capture add-addr-v6-port-idle.pcap c c1
    serve 2001:db8:1::2 500/500 500/500
    talk_meanwhile 2001:db8:1::2 500/500 ~1.5 500/500
    sleep 1
    endpoint s 2001:db8:2::2 signal port 5002
    finish_talk
}

# The same from the beginning, over a link that loses, delays and repeats: seen where it is sent.
add_addr_v6_port_bad_link() {
    bad_path 1 8 lost=2 late=3 twice=3 seed=4
    path 2
    endpoint s 2001:db8:2::2 signal port 5002
    capture add-addr-v6-port-bad-link.pcap s s1
    exchange 2001:db8:1::2 500/500 ~0.05 20000/100 100/20000
}

# Such a link, and nothing to announce: repeated acknowledgments of all kinds.
bad_link() {
    bad_path 1 4 lost=3 late=5 twice=5 seed=9
    capture bad-link.pcap c c1
    capture bad-link-at-server.pcap s s1
    exchange 2001:db8:1::2 500/500 ~0.05 30000/100 ~0.05 100/30000 100/100
}

keep_alive() {
    path 1
    capture keep-alive.pcap c c1
    exchange 2001:db8:1::2 --keep-alive 500/500 ~3.3 500/500
}

# The client lets its window fill up and reads late: probes, and updates of the window.
read_late() {
    path 1
    capture read-late.pcap c c1
    exchange 2001:db8:1::2 --read-late 1.2 500/20000 500/3000
}

add_addr_v6_port_no_timestamps() {
    on c sysctl -qw net.ipv4.tcp_timestamps=0
    on s sysctl -qw net.ipv4.tcp_timestamps=0
    announced add-addr-v6-port-no-timestamps.pcap 2001:db8:1::2 2001:db8:2::2 port 5002
}

# The announcement never arrives: seen at the server.
add_addr_lost() {
    path_through 1 drop-add-addr
    path 2
    endpoint s 198.51.100.2 signal
    capture add-addr-lost.pcap s s1,s2
    exchange 192.0.2.2 500/500 ~1.2 500/500
}

# The server wants no joins to its first address; its second one is announced, and joined.
c_bit() {
    path 1
    path 2
    on s sysctl -qw net.mptcp.allow_join_initial_addr_port=0
    endpoint s 198.51.100.2 signal
    endpoint c 198.51.100.1 subflow
    capture c-bit.pcap c c1,c2
    exchange 192.0.2.2 500/500 ~0.1 3000/200
}

server_opened_join() {
    path 1
    path 2
    endpoint c 198.51.100.1 signal port 5003
    capture server-opened-join.pcap c c1,c2
    exchange 192.0.2.2 500/500 ~0.1 3000/200
}

remove_addr_and_mp_prio() {
    two_paths
    capture remove-addr-and-mp-prio.pcap c c1,c2
    serve 192.0.2.2 500/500 500/500 500/500 500/500
    talk_meanwhile 192.0.2.2 500/500 ~0.6 500/500 ~0.4 500/500 ~0.4 500/500
    sleep 0.3
    ip -n "$run-c" mptcp endpoint change 198.51.100.1 backup
    sleep 0.2
    ip -n "$run-c" mptcp endpoint change 198.51.100.1 nobackup
    sleep 0.4
    ip -n "$run-c" mptcp endpoint delete id 1
    finish_talk
}

join_refused_limit() {
    two_paths
    ip -n "$run-s" mptcp limits set subflows 0
    capture join-refused-limit.pcap c c1,c2
    exchange 192.0.2.2 500/500 ~0.1 3000/200
}

# What is in flight while a join fails is sent again on the same subflow, as new TCP bytes.
join_refused_in_flight() {
    two_paths
    slow 1 8mbit
    ip -n "$run-s" mptcp limits set subflows 0
    capture join-refused-in-flight.pcap c c1,c2
    exchange 192.0.2.2 12000/100 100/100
}

# The server listens on its first address only, but announces the second one: a bare RST.
join_no_listener() {
    path 1
    path 2
    endpoint s 198.51.100.2 signal
    capture join-no-listener.pcap c c1,c2
    exchange 192.0.2.2 --bound 500/500 ~0.1 3000/200
}

join_refused_token() { crossed join-refused-token bad-token ~0.1; }
join_refused_hmac() { crossed join-refused-hmac bad-join-hmac ~0.1; }
join_stripped() { crossed join-stripped strip-join-syn-ack ~0.1; }
join_unanswered() { crossed join-unanswered drop-join-syn ~3.2; }

fallback_plain_server() {
    path 1
    capture fallback-plain-server.pcap c c1
    serve 192.0.2.2 --tcp 500/1500 3000/200
    talk 192.0.2.2 500/1500 3000/200
}

# As each end sees it: only the server sees the NOPs.
fallback_syn_stripped() {
    path_through 1 strip-syn
    capture fallback-syn-stripped.pcap c c1
    capture fallback-syn-stripped-at-server.pcap s s1
    exchange 192.0.2.2 500/1500 3000/200
}

fallback_first_data_stripped() {
    path_through 1 strip-dss 1
    capture fallback-first-data-stripped.pcap s s1
    exchange 192.0.2.2 500/1500 3000/200
}

mp_capable_blackholed() {
    path_through 1 drop-capable-syn
    capture mp-capable-blackholed.pcap c c1
    exchange 192.0.2.2 500/1500
}

# A byte is changed on the way although checksums are on: MP_FAIL, then an infinite mapping.
checksum_failed() {
    checksums_on
    path_through 1 corrupt 3
    capture checksum-failed.pcap s s1
    exchange 192.0.2.2 --damaged 500/500 ~0.1 500/500 ~0.1 500/500 ~0.1 500/500
}

# With a second subflow the bad one is reset, and its bytes come again on the other.
checksum_failed_two_subflows() {
    checksums_on
    path_through 1 corrupt 2
    path 2
    endpoint c 198.51.100.1 subflow
    capture checksum-failed-two-subflows.pcap s s1,s2
    exchange 192.0.2.2 500/500 ~0.1 500/500 ~0.1 2000/200
}

# The first path dies during a transfer; what was in flight there comes again on the second.
reinjected() {
    path_through 1 die 5
    path 2
    endpoint c 198.51.100.1 subflow
    capture reinjected.pcap c c1,c2
    exchange 192.0.2.2 500/500 ~0.1 12000/500
}

fastclose() {
    two_paths
    capture fastclose.pcap c c1,c2
    exchange 192.0.2.2 --abort 500/500 ~0.1 3000/200
}

reset_subflow() {
    two_paths
    capture reset-subflow.pcap c c1,c2
    serve 192.0.2.2 500/500 3000/200
    talk_meanwhile 192.0.2.2 500/500 ~0.6 3000/200
    sleep 0.3
    on c ss -tK src 198.51.100.1 >"$scratch/ss"
    finish_talk
}

# slow N RATE: both directions of path N.
slow() {
    on c tc qdisc add dev "c$1" root tbf rate "$2" burst 4kb latency 500ms
    on s tc qdisc add dev "s$1" root tbf rate "$2" burst 4kb latency 500ms
}

# exchange ADDRESS STEPS: the server, then the client to its end.
exchange() {
    serve "$@"
    talk "$@"
}

two_paths() {
    path 1
    path 2
    endpoint c 198.51.100.1 subflow id 1
}

checksums_on() {
    on c sysctl -qw net.mptcp.checksum_enabled=1
    on s sysctl -qw net.mptcp.checksum_enabled=1
}

# announced FILE SERVER ADDRESS...: the server signals an address of its second path.
announced() {
    path 1
    path 2
    endpoint s "${@:3}" signal
    capture "$1" c c1,c2
    exchange "$2" 500/500 ~0.1 3000/200
}

# crossed FILE RULE PAUSE: the join of the client goes through a middlebox.
crossed() {
    path 1
    path_through 2 "$2"
    endpoint c 198.51.100.1 subflow
    capture "$1.pcap" c c1,c2
    exchange 192.0.2.2 500/500 "$3" 3000/200
}
