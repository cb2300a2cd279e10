# The licence is mgmtnet's, Apache-2.0.
"""The filter ``mgmtnet_plan``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: mgmtnet_plan
author: mgmtnet
version_added: 0.1.0
short_description: The plan of a host's management network
description:
  - Makes of what a host reports, and of what the data centre wants, the plan of its management network.
  - The command C(mgmtnet) does it, on the controller. Nothing is asked of the host, and nothing is sent to it.
positional: definition
options:
  _input:
    description:
      - What the host reports, in any format that C(mgmtnet plan) reads. C(getVdsCaps), Ansible's facts, C(ip -j) or
        C(nmstatectl show) as text or read already; also as a task has registered it.
    type: raw
    required: true
  definition:
    description: What the data centre wants of the network, as a mapping, or as the text of a definition (YAML or JSON).
    type: raw
    required: true
  address:
    description: The host's management address or addresses.
    type: list
    elements: str
    default: []
  rules:
    description: Which rules decide, as V(NAME), V(NAME@VERSION) or a folder; C(ovirtmgmt) without it.
    type: str
  policy:
    description: A folder with a site's own rules.
    type: path
  executable:
    description: The command, by its name in the C(PATH) or by its path.
    type: str
    default: mgmtnet
seealso:
  - module: mgmtnet.ovirt.mgmtnet_plan
"""

EXAMPLES = r"""
- name: Whether a host would do, before anything of oVirt is on it
  ansible.builtin.assert:
    that: plan.outcome != "refused"
    fail_msg: "{{ plan.problems | selectattr('severity', 'equalto', 'error') | map(attribute='message') | join('; ') }}"
  vars:
    wanted:
      network: ovirtmgmt
      vlan: 3000
    plan: "{{ ansible_facts | mgmtnet.ovirt.mgmtnet_plan(wanted, address=[ansible_facts.default_ipv4.address]) }}"
"""

RETURN = r"""
_value:
  description:
    - The plan, as C(mgmtnet plan -o json) prints it (schemas/plan.schema.json). Its C(outcome) is V(change),
      V(no-change) or V(refused), and its C(problems) say why.
  type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.mgmtnet.ovirt.plugins.module_utils.command import Mgmtnet, UnansweredError


def mgmtnet_plan(
    capture: Any,
    definition: Any,
    address: Any = (),
    rules: str | None = None,
    policy: str | None = None,
    executable: str = "mgmtnet",
) -> dict[str, Any]:
    """The plan for the host that ``capture`` describes."""
    params = {"definition": definition, "address": address, "rules": rules, "policy": policy, "executable": executable}
    try:
        return Mgmtnet(params).planned(capture)
    except UnansweredError as failure:
        message = f"mgmtnet_plan: {failure}"
        raise AnsibleFilterError(message) from failure


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"mgmtnet_plan": mgmtnet_plan}
