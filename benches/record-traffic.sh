#!/usr/bin/env bash
# Records real transfers for the benchmark: 60 MPTCP connections over two paths, three of them large,
# four at a time, with joins and announced addresses; full packets, all interfaces of the client.
#
# Usage: record-traffic.sh FILE        (about 80 000 packets, 70 MB; needs root, see testdata/record/lab.sh)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/../testdata/record/lab.sh"

main() {
    local file=${1:?usage: record-traffic.sh FILE}
    trap close_lab EXIT
    trap 'exit 1' INT TERM
    open_lab
    path 1
    path 2
    shape
    # Joins from the client's second address, and to the one that the server announces.
    endpoint c 198.51.100.1 subflow
    endpoint s 198.51.100.2 signal
    capture traffic.pcap c c1,c2
    in_background traffic-server s python3 "$here/traffic.py" serve 192.0.2.2 $port
    wait_for traffic-server ready
    on c python3 "$here/traffic.py" connect 192.0.2.2 $port
    mkdir "$scratch/done"
    stop_captures "$scratch/done"
    mv "$scratch/done/traffic.pcap" "$file"
    ls -l "$file"
}

# Paths of different speed, slow enough that large transfers need both.
shape() {
    local host
    for host in c s; do
        on $host tc qdisc add dev ${host}1 root tbf rate 100mbit burst 16kb latency 30ms
        on $host tc qdisc add dev ${host}2 root tbf rate 60mbit burst 16kb latency 50ms
    done
}

main "$@"
