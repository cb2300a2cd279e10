"""The wire shapes of a request: what a host's age accepts as setupNetworks.

A dialect is a function of a `Wanted`; it returns the three arguments of the call.
"""

from planner.host.model import Host
from planner.plans.dialects import vdsm3, vdsm4
from planner.plans.dialects.request import Request, Wanted

OVIRT_4 = (4, 18)  # VDSM of oVirt 4.0: JSON-RPC only, IPv6, name servers


def speak(host: Host, wanted: Wanted) -> Request:
    """The request in the dialect of the host's age; an unknown age is the newest."""
    old = host.version != () and host.version < OVIRT_4
    return vdsm3.request(wanted) if old else vdsm4.request(wanted)
