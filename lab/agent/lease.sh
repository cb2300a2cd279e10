#!/bin/sh
# What udhcpc runs on every change of a lease: address and routes to the kernel, the lease to $LEASE_FOLDER.
# $LEASE_TABLE: the routing table of the default route, main or a number; $LEASE_METRIC: its metric.
set -u
case $1 in
    bound | renew)
        ip -4 address replace "$ip/$mask" dev "$interface" proto dhcp 2>/dev/null ||
            ip -4 address replace "$ip/$mask" dev "$interface"
        [ -z "${router:-}" ] ||
            ip -4 route replace default via "${router%% *}" dev "$interface" table "$LEASE_TABLE" \
                metric "$LEASE_METRIC" proto dhcp
        {
            echo "interface=$interface"
            echo "address=$ip/$mask"
            echo "router=${router:-}"
            echo "dns=${dns:-}"
        } > "$LEASE_FOLDER/lease.new"
        mv "$LEASE_FOLDER/lease.new" "$LEASE_FOLDER/lease"
        ;;
    deconfig)
        if [ -f "$LEASE_FOLDER/lease" ]; then
            ip -4 address del "$(sed -n 's/^address=//p' "$LEASE_FOLDER/lease")" dev "$interface"
            rm -f "$LEASE_FOLDER/lease"
        fi
        ;;
esac
exit 0
