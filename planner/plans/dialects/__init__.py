"""The wire shapes of a request: what a host's age accepts as setupNetworks.

A dialect is a function of a `SetupRequest`; it returns the three arguments of the call.
"""

from planner.plans.dialects import vdsm3, vdsm4
from planner.plans.dialects.request import Request, SetupRequest

OVIRT_4 = (4, 18)  # VDSM of oVirt 4.0: JSON-RPC only, IPv6, name servers


def speak(setup: SetupRequest) -> Request:
    """The request in the dialect of VDSM's age; an unknown age is the newest."""
    old = () < setup.version < OVIRT_4
    return vdsm3.request(setup) if old else vdsm4.request(setup)
