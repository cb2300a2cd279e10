"""A plan in the words of others than VDSM: a module for each; none has words for all that VDSM does."""

DIALECTS = ("nmstate", "rest", "ansible", "nmcli", "netplan")
