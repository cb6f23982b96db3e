#!/usr/bin/env bash
# Writes NAME.tsv for every capture: what tshark reads in each packet, one column per field.
#
# Usage: make-tsv.sh [CAPTURE...]     (all of ../captures if none is named)
#
# A field that occurs several times in a packet has its values separated by commas, in the order of
# the packet; an absent one is empty. README.md explains the columns, and where tshark is wrong.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
options=(-o tcp.relative_sequence_numbers:FALSE -o mptcp.relative_sequence_numbers:FALSE)
mptcp=tcp.options.mptcp
fields=(
    frame.number frame.time_epoch frame.len frame.cap_len frame.interface_id ieee8021ad.id vlan.id
    ip.src ipv6.src ip.dst ipv6.dst
    tcp.stream tcp.srcport tcp.dstport tcp.flags tcp.seq_raw tcp.ack_raw tcp.len
    tcp.window_size_value tcp.option_kind tcp.options
    $mptcp.subtype $mptcp.version $mptcp.flags
    $mptcp.checksumreq.flags $mptcp.extensibility.flag $mptcp.nomoresubflows.flag
    $mptcp.sha1.flag $mptcp.sha256.flag $mptcp.sendkey $mptcp.recvkey
    $mptcp.backup.flag $mptcp.addrid $mptcp.recvtok $mptcp.sendrand
    $mptcp.sendtrunchmac $mptcp.sendhmac
    $mptcp.datafin.flag $mptcp.dseqn8.flag $mptcp.dseqnpresent.flag
    $mptcp.dataack8.flag $mptcp.dataackpresent.flag
    $mptcp.rawdataack $mptcp.rawdataseqno $mptcp.subflowseqno $mptcp.datalvllen $mptcp.checksum
    $mptcp.ipver $mptcp.echo $mptcp.ipv4 $mptcp.ipv6 $mptcp.port $mptcp.addaddrtrunchmac
    mptcp.rm_addr.count
    $mptcp.flag_U.flag $mptcp.flag_V.flag $mptcp.flag_W.flag $mptcp.flag_T.flag $mptcp.rst_reason
    $mptcp.reserved $mptcp.reserved.flag
    mptcp.stream mptcp.expected_token mptcp.expected_idsn
)

main() {
    local capture name
    [ $# -gt 0 ] || set -- "$here"/../captures/*
    for capture in "$@"; do
        name=$(basename "$capture")
        {
            printf '# %s; tshark -n %s\n' "$(tshark --version | head -1)" "${options[*]}"
            read_fields "$capture" | one_address
        } >"$here/${name%%.*}.tsv"
    done
}

read_fields() {
    tshark -n -r "$1" "${options[@]}" -T fields -E header=y -E separator=/t -E occurrence=a \
        -E aggregator=, "${fields[@]/#/-e}" 2>/dev/null
}

# Columns 8 to 11 are the addresses of both families: makes them src and dst.
one_address() {
    awk 'BEGIN { FS = OFS = "\t" }
        { src = NR == 1 ? "src" : $8 $9; dst = NR == 1 ? "dst" : $10 $11; line = $1 }
        {
            for (i = 2; i <= NF; i++)
                if (i == 8) line = line OFS src OFS dst
                else if (i < 8 || i > 11) line = line OFS $i
            print line
        }'
}

main "$@"
