"""The host as a plan's document (schemas/plan.schema.json) will leave it."""

from collections.abc import Mapping
from typing import Any

from planner.host.model import Host
from planner.plans.after import Holder, after
from planner.plans.attachment import read_attachment


def future(host: Host, document: Mapping[str, Any]) -> Host:
    """``host`` after the plan ``document``; only a change differs from ``host``."""
    if document["outcome"] != "change":
        return host
    attachment = read_attachment(document["attachment"], host.bonds)
    return after(host, str(document["network"]), attachment, Holder(holder_of(document), address_of(document)))


def holder_of(document: Mapping[str, Any]) -> str:
    """The device that has the management address today, ``""`` when none was found."""
    return str((document.get("management") or {}).get("device") or "")


def address_of(document: Mapping[str, Any]) -> str:
    """The management address, ``""`` when none was found."""
    return str((document.get("management") or {}).get("address") or "")


def top_of(document: Mapping[str, Any]) -> str:
    """The device that will have it."""
    attachment = document["attachment"]
    tag = attachment["vlan"]
    port = attachment["iface"] if tag is None else f"{attachment['iface']}.{tag}"
    return str(document["network"] if attachment["bridged"] else port)
