"""Where on the host a refusal is: the device that the refusing rule looked at last."""

from collections.abc import Iterator, Mapping
from typing import Any

from planner.explain.lettering import legible
from planner.host.model import Device, Host


def refusals(document: Mapping[str, Any]) -> tuple[str, ...]:
    """One sentence for each error of a plan: ``vlan-tag-mismatch: bond4.3000 carries tag …``."""
    return tuple(f"{legible(problem['code'])}: {legible(problem['message'])}" for problem in errors_of(document))


def errors_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The problems that stop the plan."""
    return [problem for problem in document.get("problems") or () if problem["severity"] == "error"]


def marked_devices(host: Host, document: Mapping[str, Any]) -> dict[str, str]:
    """Device to the code of the refusal it caused. A rule narrows down as it goes, so its last device is the one."""
    places = {path: name for path, name in _places(host) if path}
    marks: dict[str, str] = {}
    for problem in errors_of(document):
        found = [name for place in problem.get("where") or () if (name := _device_at(str(place), places))]
        if found:
            marks.setdefault(found[-1], str(problem["code"]))
            if not document.get("management"):
                for name in found:
                    marks.setdefault(name, str(problem["code"]))
    return marks


def _places(host: Host) -> Iterator[tuple[str, str]]:
    """Each path of the capture that is a device's, and the device."""
    for network in host.networks.values():
        yield network.path, network.device
    kinds: tuple[Mapping[str, Device], ...] = (host.bridges, host.vlans, host.bonds, host.nics)
    for kind in kinds:
        for device in kind.values():
            yield device.path, device.name


def _device_at(place: str, places: Mapping[str, str]) -> str:
    """The device that ``place`` (``bondings.bond4.slaves``) is in; names may hold dots, so the longest path counts."""
    path = place
    while path:
        if path in places:
            return places[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return ""
