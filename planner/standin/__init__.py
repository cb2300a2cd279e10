"""A stand-in for a host: a VDSM that is not there, for tests, demonstrations and `mgmtnet simulate`."""

from planner.standin.captures import Captured, read_document
from planner.standin.clock import Clock, VirtualClock, WallClock
from planner.standin.faults import Mishap, parse_mishap
from planner.standin.host import Controllers, Outcome, StandIn
from planner.standin.kernel import Config, Fault, Kernel
from planner.standin.machine import Lease, Router, Surroundings
from planner.standin.server import Hosted, Place, Site, serve, serve_all

__all__ = [
    "Captured",
    "Clock",
    "Config",
    "Controllers",
    "Fault",
    "Hosted",
    "Kernel",
    "Lease",
    "Mishap",
    "Outcome",
    "Place",
    "Router",
    "Site",
    "StandIn",
    "Surroundings",
    "VirtualClock",
    "WallClock",
    "parse_mishap",
    "read_document",
    "serve",
    "serve_all",
]
