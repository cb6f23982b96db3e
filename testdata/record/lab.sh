# The lab: a client and a server in network namespaces of their own, joined by up to three paths.
# Sourced by the recording scripts; needs root, iproute2, tcpdump, mergecap and python3.
#
# Path N has the interface cN at the client and sN at the server. Addresses are those for documentation:
#   path 1  192.0.2.1     192.0.2.2       2001:db8:1::1  2001:db8:1::2
#   path 2  198.51.100.1  198.51.100.2    2001:db8:2::1  2001:db8:2::2
#   path 3  203.0.113.1   203.0.113.2     2001:db8:3::1  2001:db8:3::2
# The server listens on port 5001.

helpers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
run=mp$$
nets=(- 192.0.2 198.51.100 203.0.113)
port=5001
pids=()
captures=()
export PYTHONDONTWRITEBYTECODE=1

# on HOST COMMAND...: HOST is c (client), s (server) or m (middlebox), here and below.
on() { ip netns exec "$run-$1" "${@:2}"; }

# open_lab: makes the hosts; they have no path yet.
open_lab() {
    scratch=$(mktemp -d)
    local host
    for host in c m s; do
        ip netns add "$run-$host"
        on $host sysctl -qw \
            net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
            net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.addr_gen_mode=1 \
            net.ipv6.conf.default.router_solicitations=0 net.ipv4.tcp_no_metrics_save=1
        ip -n "$run-$host" link set lo up
    done
    for host in c s; do
        ip -n "$run-$host" mptcp limits set subflows 8 add_addr_accepted 8
    done
}

# close_lab: ends everything open_lab and its followers started; fit for an EXIT trap.
close_lab() {
    local pid host
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    for host in c m s; do
        ip netns del "$run-$host" 2>/dev/null || true
    done
    rm -rf "${scratch:-}"
    pids=() captures=()
}

# path N: a direct path. With `offloads=on` in the environment the kernel's offloads stay on.
path() {
    ip link add "c$1" netns "$run-c" address "02:00:00:00:0$1:01" type veth \
        peer name "s$1" netns "$run-s" address "02:00:00:00:0$1:02"
    [ "${offloads:-off}" = on ] || { offload c "c$1" && offload s "s$1"; }
    ip -n "$run-c" link set "c$1" up
    ip -n "$run-s" link set "s$1" up
    address "$1" "c$1" "s$1"
}

# path_through N RULE [COUNT]: a path with a middlebox in it, see forward.py.
path_through() {
    path_over_middle "$1"
    in_background "forward-$1" m python3 "$helpers/forward.py" "mc$1" "ms$1" "${@:2}"
    wait_for "forward-$1" ready
}

# bad_path N DELAY_MS [WHAT=PERCENT]...: a path that loses, delays and repeats segments, see disturb.py.
bad_path() {
    path_over_middle "$1"
    in_background "disturb-$1" m python3 "$helpers/disturb.py" "mc$1" "ms$1" "${@:2}"
    wait_for "disturb-$1" ready
}

# path_through_trunk N TAG...: a path with a stretch (trunk-c to trunk-s) where frames are tagged.
path_through_trunk() {
    local host
    path_over_middle "$1"
    ip -n "$run-m" link add trunk-c mtu 1508 type veth peer name trunk-s mtu 1508
    offload m trunk-c trunk-s
    for host in c s; do
        ip -n "$run-m" link set "trunk-$host" up
        in_background "tag-$host" m python3 "$helpers/tag.py" "m$host$1" "trunk-$host" "${@:2}"
        wait_for "tag-$host" ready
    done
}

path_over_middle() {
    ip link add "c$1" netns "$run-c" address "02:00:00:00:0$1:01" type veth \
        peer name "mc$1" netns "$run-m"
    ip link add "s$1" netns "$run-s" address "02:00:00:00:0$1:02" type veth \
        peer name "ms$1" netns "$run-m"
    offload c "c$1"
    offload s "s$1"
    offload m "mc$1" "ms$1"
    ip -n "$run-c" link set "c$1" up
    ip -n "$run-s" link set "s$1" up
    ip -n "$run-m" link set "mc$1" up
    ip -n "$run-m" link set "ms$1" up
    address "$1" "c$1" "s$1"
}

# address N CLIENT_INTERFACE SERVER_INTERFACE: the addresses of path N. What the client sends from them
# stays on this path whatever address it goes to; the server answers where the client's address is.
address() {
    local net=${nets[$1]}
    ip -n "$run-c" address add "$net.1/24" dev "$2"
    ip -n "$run-s" address add "$net.2/24" dev "$3"
    ip -n "$run-c" address add "2001:db8:$1::1/64" dev "$2" nodad
    ip -n "$run-s" address add "2001:db8:$1::2/64" dev "$3" nodad
    ip -n "$run-c" rule add from "$net.1" table "10$1"
    ip -n "$run-c" route add default via "$net.2" dev "$2" table "10$1"
    ip -n "$run-c" -6 rule add from "2001:db8:$1::1" table "10$1"
    ip -n "$run-c" -6 route add default via "2001:db8:$1::2" dev "$2" table "10$1"
}

offload() { on "$1" python3 "$helpers/offload.py" "${@:2}"; }

# endpoint HOST ...: what `ip mptcp endpoint add` takes.
endpoint() { ip -n "$run-$1" mptcp endpoint add "${@:2}"; }

# capture NAME HOST INTERFACES [TCPDUMP OPTIONS] [all]: records TCP (or really all) until stop_captures.
# Several interfaces (separated by commas) become one file, in the order of time; a name ending in
# .pcapng keeps them apart.
capture() {
    local name=$1 host=$2 interface parts=() options=("${@:4}" tcp)
    [ "${*: -1}" != all ] || options=("${@:4:$#-4}")
    for interface in ${3//,/ }; do
        parts+=("$scratch/$name.$interface")
        in_background "tcpdump-$name-$interface" "$host" tcpdump -i "$interface" -n -U \
            -B 32768 --immediate-mode -Z root -w "$scratch/$name.$interface" "${options[@]}"
        wait_for "tcpdump-$name-$interface" "listening on"
        captures+=("${pids[-1]}")
    done
    echo "$name ${parts[*]}" >>"$scratch/captures"
}

# stop_captures DIRECTORY: ends the recording and puts the files there.
stop_captures() {
    local name parts pid
    sleep 0.3
    for pid in "${captures[@]}"; do
        kill -INT "$pid"
        wait "$pid" || true
    done
    if grep -L '^0 packets dropped by kernel' "$scratch"/tcpdump-* | grep .; then
        echo "frames were lost while recording" >&2
        return 1
    fi
    while read -r name parts; do
        case $name,$parts in
        *.pcapng,*) mergecap -F pcapng -I none -w "$1/$name" $parts ;;
        *,*" "*) mergecap -F pcap -w "$1/$name" $parts ;;
        *) cp "$parts" "$1/$name" ;;
        esac
    done <"$scratch/captures"
}

# serve ADDRESS STEPS / talk ADDRESS STEPS: the application at the two ends, see peer.py.
serve() {
    in_background serve s python3 "$helpers/peer.py" serve "$1" $port "${@:2}"
    wait_for serve ready
}
talk() { on c python3 "$helpers/peer.py" connect "$1" $port "${@:2}"; }

# talk_meanwhile ADDRESS STEPS: the same in the background, until finish_talk.
talk_meanwhile() {
    in_background talk c python3 "$helpers/peer.py" connect "$1" $port "${@:2}"
    talker=${pids[-1]}
}
finish_talk() {
    wait "$talker" || { cat "$scratch/talk" >&2; return 1; }
}

# in_background NAME HOST COMMAND...: its output goes to the scratch file NAME.
in_background() {
    ip netns exec "$run-$2" "${@:3}" >"$scratch/$1" 2>&1 &
    pids+=($!)
}

# wait_for NAME TEXT: until the scratch file has the text, at most 5 s.
wait_for() {
    local tries
    for tries in $(seq 100); do
        grep -qs "$2" "$scratch/$1" && return
        sleep 0.05
    done
    echo "no '$2' from $1 after $tries tries:" >&2
    cat "$scratch/$1" >&2
    return 1
}
