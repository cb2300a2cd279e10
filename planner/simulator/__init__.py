"""A stand-in for a host: a VDSM that is not there, for tests, demonstrations and `mgmtnet simulate`."""

from planner.simulator.captures import Captured, read_document
from planner.simulator.clock import Clock, VirtualClock
from planner.simulator.faults import Mishap, parse_mishap
from planner.simulator.fencing import Controllers
from planner.simulator.kernel import Config, Fault, Kernel
from planner.simulator.server import Hosted, Place, Site, serve, serve_all
from planner.simulator.standin import Outcome, StandIn
from planner.simulator.surroundings import Lease, Router, Surroundings
from planner.simulator.walltime import WallClock

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
