"""What a document that is not getVdsCaps looks like, so that the answer is more than "no"."""

import re
from collections.abc import Mapping
from typing import Any

from planner.host.fields import quoted

MAPS = (
    ("ansible_facts", "Ansible facts"),
    ("ansible_interfaces", "Ansible facts"),
    ("ansible_default_ipv4", "Ansible facts"),
    ("facterversion", "Facter's facts"),
    ("networking", "Facter's facts"),
    ("currentState", "a NodeNetworkState of kubernetes-nmstate"),
    ("desiredState", "a policy of kubernetes-nmstate"),
    ("apiVersion", "a Kubernetes object"),
    ("dns-resolver", "nmstate's state (`nmstatectl show --json`)"),
    ("Interfaces", "the output of `networkctl --json`"),
    ("host_nic", "the engine's REST answer of a host's nics"),
    ("ethernets", "a netplan configuration"),
    ("cpuUser", "the answer of `Host getStats`, not of `Host getCapabilities`"),
    ("vmCount", "the answer of `Host getStats`, not of `Host getCapabilities`"),
    ("stdout", "what Ansible registers of a command that printed something else"),
    ("network", "a netplan, cloud-init or probert description"),
    ("resources_network", "LXD's description of a machine"),
    ("services", "a Compose file"),
    ("method", "a JSON-RPC request, not the answer to one"),
    ("bondings", "a setupNetworks request"),
)
# How files that describe one device each are read.
TOGETHER = "a host is read from all of them: `tail -v -n +1 FILE... /proc/net/bonding/*`"
# A line of VDSM's log, from 4.20 on or before, or of the engine's; or of the journal.
LEVEL = "(?:DEBUG|INFO|WARN|WARNING|ERROR)"
LOG = (
    rf"(?:[^\n]{{0,80}}::{LEVEL}::)?\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d,\d{{3}}(?:::|[-+:\dZ]* +{LEVEL}\b)"
    r"|[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d[.\d]* [\w.-]{1,255} [^\n:]{1,255}: "
)
INTRODUCTION = re.compile(r"(?:#[^\n]*\n|---[^\n]*\n|\s)*")  # of YAML and ifcfg files
TEXTS = (
    (r"network: *[\w.-]+ *(?:#[^\n]*)?\n", "a definition, which is given by --network"),
    (LOG, "a log without an answer of getCapabilities (VDSM's has one where it was asked, the engine's only at DEBUG)"),
    (r"\d+: \S+: <", "the text output of `ip`"),
    (r"\d+: \S+ +inet6? ", "`ip -o addr`, which does not tell what the devices are"),
    (r"[A-Z][A-Z0-9_]*=", f"an ifcfg file, and {TOGETHER}"),
    (r"\[connection\]", f"a NetworkManager keyfile, and {TOGETHER}"),
    (r"\S+: (?:connected|disconnected|unmanaged|unavailable)\b", "`nmcli`, of which `nmcli device show` is read"),
    (r"(?:network|ethernets|bridges|bonds|vlans):\s", "a netplan configuration"),
    (r"(?:interfaces|routes|dns-resolver|capture|desiredState):\s", "nmstate's YAML"),
    (r"apiVersion:\s", "a Kubernetes object in YAML"),
    (r"network_config:\s", "an os-net-config configuration"),
    (r"- (?:name|hosts):\s", "an Ansible playbook"),
    (r"[\w-]+:(?:\s|$)", "YAML"),
)
# Java's Map.toString, where texts have no quotes: what is one and what are two cannot be told.
JAVA = re.compile(r"\b(?:networks|bridges|bondings|vlans|nics)=\{[^\"'={}]+=")
JAVA_LACKS = "which has no quotes: its line `Message received: {...}`, at DEBUG, is read"
# VDSM's own failure, since 4.19; the engine's to hear it.
FAILURE = re.compile(
    r"\bFINISH getCapabilities error=(?P<vdsm>[^\n]{1,300}?) from=[^\n]"
    r"|\bGetCapabilities(?:Async)?VDSCommand\b[^\n]{0,600}? execution failed: (?P<engine>[^\n]{1,300})"
)
REQUEST = re.compile(r"\b(?:call|START) setupNetworks\b|\bHostSetupNetworksVDSCommand\(")
ROOTS = {
    "host_nics": "the engine's REST answer of a host's nics",
    "host_nic": "the engine's REST answer of a host's nic",
    "methodCall": "an XML-RPC request, not the answer to one",
    "html": "a web page",
    "capabilities": "libvirt's capabilities",
}


def looks_like(document: Any) -> str:
    """What ``document`` seems to be, as the end of a sentence."""
    if isinstance(document, Mapping):
        facts = document.get("facts")
        inside = facts if isinstance(facts, Mapping) else document
        known = next((what for key, what in MAPS if key in inside), "Facter's facts" if inside is facts else None)
        if known is None and isinstance(document.get("interfaces"), list):
            known = "nmstate's state or an inventory of interfaces"
        keys = ", ".join(quoted(key) for key in list(document)[:5])
        return f"this looks like {known}" if known else f"it holds {keys}" if keys else "it is empty"
    if isinstance(document, list | tuple):
        first = document[0] if document and isinstance(document[0], Mapping) else {}
        listed = next((key for key in ("ifname", "dev") if key in first), None)
        return "this looks like the output of `ip -j`" if listed else "it is a list"
    return f"it is {quoted(document)}"


def text_looks_like(text: str) -> str:
    """What ``text`` seems to be that is neither JSON nor XML nor Python, as the end of a sentence."""
    begins = text.lstrip()
    introduced = INTRODUCTION.match(begins)
    content = begins[introduced.end() if introduced else 0 :]
    known = next((what for pattern, what in TEXTS if re.match(pattern, content)), None)
    known = f"the engine's own spelling of an answer, {JAVA_LACKS}" if is_java(text) else known
    if known is not None and known.startswith("a log"):
        failure = FAILURE.search(text)
        if failure is not None:
            known = f"a log in which getCapabilities failed: {quoted((failure['vdsm'] or failure['engine']).strip())}"
        elif REQUEST.search(text):
            known = "a log of what is asked of a host (setupNetworks: see `mgmtnet judge`), without an answer of it"
    line = quoted(begins.partition("\n")[0].rstrip())
    if begins.startswith("vdsm-client:"):
        return f"vdsm-client had an error to tell: {line}"
    return f"this looks like {known}" if known else f"it begins with {line}"


def is_java(text: str) -> bool:
    """Whether ``text`` is an answer as the engine's log has it."""
    return JAVA.search(text) is not None


def root_looks_like(tag: str) -> str:
    """What an XML document with this root seems to be, as the end of a sentence."""
    return f"this looks like {ROOTS[tag]}" if tag in ROOTS else f"it is XML whose root is {quoted(tag)}"


def is_other_networks(networks: Any) -> bool:
    """Whether what is called ``networks`` is not VDSM's: LXD's list addresses as maps, Compose's have drivers."""
    record = next(iter(networks.values()), None) if isinstance(networks, Mapping) else None
    if not isinstance(record, Mapping) or "iface" in record:
        return False
    addresses = record.get("addresses")
    return "driver" in record or (isinstance(addresses, list) and not {"addr", "bridged"} & set(record))
