#!/bin/bash
# topo.sh up plain|lacp, topo.sh down
#
# The world around the host under test. The host is the initial namespace with the nics eth0..eth3; "switch" and
# "engine" are namespaces of their own.
#
#   switch   a vlan-aware bridge; every port carries vlan 1 untagged and vlan 3000 tagged, frames up to 9000 bytes.
#            With "lacp" eth2 and eth3 end on an 802.3ad port channel.
#   engine   203.0.113.1/24 untagged, 198.51.100.1/24 in vlan 3000; gateway and DHCP server (.100 to .199) in both.
#
# Run inside the lab only: it makes and deletes namespaces.
set -e
state=/run/lab-topology
untagged=203.0.113 tagged=198.51.100

up() {
    mkdir -p "$state"
    ip netns add switch
    ip netns add engine
    ip -n engine link set lo up
    local free="port0 port1 port2 port3"
    [ "$1" != lacp ] || free="port0 port1"
    {
        echo "link add swbr type bridge vlan_filtering 1 stp_state 0 forward_delay 0"
        echo "link set swbr mtu 9000 up"
        for i in 0 1 2 3; do echo "link add port$i type veth peer name nic$i address 02:00:00:00:30:0$i"; done
        if [ "$1" = lacp ]; then
            echo "link add po1 type bond mode 802.3ad miimon 50 lacp_rate fast"
            echo "link set port2 master po1"
            echo "link set port3 master po1"
            echo "link set po1 mtu 9000 master swbr up"
        fi
        for p in $free; do echo "link set $p mtu 9000 master swbr up"; done
        echo "link add eth0 address 02:00:00:00:30:ee netns engine type veth peer name peng"
        echo "link set peng mtu 9000 master swbr up"
    } | ip -n switch -b -
    [ "$1" != lacp ] || free="$free po1"
    for p in $free peng; do echo "vlan add dev $p vid 3000"; done | bridge -n switch -b -
    # made in the switch's namespace and renamed before they move, so that no name is taken on the way
    for i in 0 1 2 3; do echo "link set nic$i name eth$i"; echo "link set eth$i netns 1"; done | ip -n switch -b -
    ip -n engine -b - <<X
link set eth0 mtu 9000 up
addr add $untagged.1/24 dev eth0
link add link eth0 name eth0.3000 type vlan id 3000
link set eth0.3000 mtu 9000 up
addr add $tagged.1/24 dev eth0.3000
X
    # --no-ping: without it an offer waits for a ping that nobody can answer
    ip netns exec engine dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --no-ping --dhcp-authoritative \
        --interface=eth0 --interface=eth0.3000 --bind-interfaces --log-dhcp --log-facility="$state/dnsmasq.log" \
        --dhcp-range=set:untagged,$untagged.100,$untagged.199,255.255.255.0,5m --dhcp-option=tag:untagged,6,$untagged.1 \
        --dhcp-range=set:tagged,$tagged.100,$tagged.199,255.255.255.0,5m --dhcp-option=tag:tagged,6,$tagged.1 \
        --dhcp-leasefile="$state/leases" --pid-file="$state/dnsmasq.pid" < /dev/null > "$state/dnsmasq.out" 2>&1 &
    for _ in $(seq 300); do
        grep -qs started "$state/dnsmasq.log" && return
        sleep 0.1
    done
    echo "the lab's DHCP server did not start:" >&2
    cat "$state"/dnsmasq.* >&2
    exit 1
}

down() {
    [ ! -f "$state/dnsmasq.pid" ] || kill "$(cat "$state/dnsmasq.pid")" || true
    for n in engine switch; do ip netns del $n 2>/dev/null || true; done
    # the kernel takes a namespace down in its own time, and the host's nics with it
    for _ in $(seq 300); do
        [ -e /sys/class/net/eth0 ] || [ -e /sys/class/net/eth3 ] || break
        sleep 0.1
    done
    rm -rf "$state"
}

"$@"
