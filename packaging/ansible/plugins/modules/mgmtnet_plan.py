#!/usr/bin/python
# The licence is mgmtnet's, Apache-2.0.
"""The module ``mgmtnet_plan``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mgmtnet_plan
author: mgmtnet (@mgmtnet)
version_added: 0.1.0
short_description: Plan a host's management network
description:
  - Makes of what a host reports, and of what the data centre wants, the plan of its management network.
  - It never changes anything; M(mgmtnet.ovirt.mgmtnet_apply) carries a plan out.
  - It runs wherever C(mgmtnet) is, which reads the host over the network, on the controller mostly (C(delegate_to)).
extends_documentation_fragment:
  - mgmtnet.ovirt.mgmtnet
  - mgmtnet.ovirt.mgmtnet.access
options:
  definition:
    required: true
  capture:
    description:
      - What the host reports, in any format that C(mgmtnet plan) reads. C(getVdsCaps), Ansible's facts, C(ip -j) or
        C(nmstatectl show) as text or read already; also as a task has registered it.
      - Without it O(host) is read.
    type: raw
  fail_if_refused:
    description: Whether a plan that refuses the host fails the task. Its reasons are returned either way.
    type: bool
    default: true
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: full
seealso:
  - module: mgmtnet.ovirt.mgmtnet_apply
  - plugin: mgmtnet.ovirt.mgmtnet_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Plan a host that VDSM runs on
  mgmtnet.ovirt.mgmtnet_plan:
    host: host1.example.com
    address: [host1.example.com]
    definition:
      network: ovirtmgmt
      vlan: 3000
      mtu: 9000
  delegate_to: localhost
  register: planned

- name: Plan it by what was read before
  mgmtnet.ovirt.mgmtnet_plan:
    capture: "{{ lookup('ansible.builtin.file', 'capture.json') }}"
    definition: "{{ lookup('ansible.builtin.file', 'definition.yaml') }}"
    address: [192.0.2.10]
  delegate_to: localhost
"""

RETURN = r"""
plan:
  description:
    - The plan, as C(mgmtnet plan -o json) prints it (schemas/plan.schema.json). Its C(outcome) is V(change),
      V(no-change) or V(refused), and its C(problems) say why.
  type: dict
  returned: where the host and the definition can be read
capture:
  description: What the host reports, as text.
  type: str
  returned: with O(host), where it can be read
problems:
  description: What is to be said, each problem with its C(code), C(severity), C(message) and C(hint).
  type: list
  elements: dict
  returned: always
id:
  description: The device that the network is attached to.
  type: str
  returned: where the plan has an attachment
  sample: bond4
host_nic:
  description: How it is attached (the plan's C(attachment)).
  type: dict
  returned: where the plan has an attachment
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mgmtnet.ovirt.plugins.module_utils.command import (
    ARGUMENTS,
    Mgmtnet,
    UnansweredError,
    tell_plan,
    told,
)


def main() -> None:
    """Plan, and say so."""
    module = AnsibleModule(
        argument_spec=dict(
            ARGUMENTS,
            definition={"type": "raw", "required": True},
            capture={"type": "raw"},
            fail_if_refused={"type": "bool", "default": True},
        ),
        required_one_of=[("capture", "host")],
        mutually_exclusive=[("capture", "host")],
        supports_check_mode=True,
    )
    mgmtnet = Mgmtnet(module.params)
    found = {}
    try:
        capture = module.params["capture"]
        if capture is None:
            capture = found["capture"] = mgmtnet.captured()
        plan = mgmtnet.planned(capture)
        if module._diff:
            found["diff"] = {"prepared": mgmtnet.compared(capture)}
    except UnansweredError as failure:
        module.fail_json(msg=str(failure), problems=failure.problems)
    tell_plan(plan, found, module.warn)
    if plan["outcome"] == "refused" and module.params["fail_if_refused"]:
        module.fail_json(msg=told(plan["problems"]), **found)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
