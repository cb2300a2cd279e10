# The licence is mgmtnet's, Apache-2.0.
"""What the modules have in common, for their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """The command, what is wanted of a host, and how it is reached."""

    DOCUMENTATION = r"""
options:
  definition:
    description:
      - What the data centre wants of the network, as a mapping, or as the text of a definition (YAML or JSON).
    type: raw
  address:
    description:
      - The host's management address, or a name that resolves to it.
      - Without it the device decides over which the host was asked last (its C(lastClientIface)), then the default
        route.
    type: list
    elements: str
  rules:
    description: Which rules decide, as V(NAME), V(NAME@VERSION) or a folder; C(ovirtmgmt) without it.
    type: str
  policy:
    description: A folder with a site's own rules, which say themselves what they extend.
    type: path
  executable:
    description: The command, by its name in the C(PATH) or by its path.
    type: str
    default: mgmtnet
requirements:
  - mgmtnet, where the module runs (C(pipx install '.[apply]') in a checkout; its Python 3.11 need not be Ansible's)
"""

    ACCESS = r"""
options:
  host:
    description:
      - The host whose VDSM is asked, by name or address, with V(:PORT) where that is not 54321.
    type: str
  wait:
    description: Seconds to wait for VDSM to answer at all. 120 without it.
    type: float
  transport:
    description: How VDSM is spoken to. V(engine) is through the engine's REST API. What the host speaks, without it.
    type: str
    choices: [auto, jsonrpc, xmlrpc, engine]
  ca:
    description: The file of the CA of the hosts' certificates. C(MGMTNET_CA), then VDSM's own, without it.
    type: path
  cert:
    description: The file of the certificate to show.
    type: path
  key:
    description: The file of its key.
    type: path
  pin:
    description: The host's certificate itself, as V(sha256:...).
    type: str
  engine:
    description: The URL of the engine, for O(transport=engine).
    type: str
  engine_user:
    description: The engine's user, for O(transport=engine).
    type: str
  engine_password_file:
    description: A file with that user's password. C(MGMTNET_ENGINE_PASSWORD) has it, without it.
    type: path
  routes:
    description: A file that says where addresses are found; C(mgmtnet simulate) writes one for its stand-in.
    type: path
"""
