#!/usr/bin/python
# The licence is mgmtnet's, Apache-2.0.
"""The module ``mgmtnet_apply``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mgmtnet_apply
author: mgmtnet (@mgmtnet)
version_added: 0.1.0
short_description: Make a host's management network, and prove it
description:
  - Reads a host, plans its management network, changes the host as planned, proves by reading it that it stands, and
    saves it.
  - A host that stands as defined is left alone. One that is refused, because the change would lose it, is sent nothing,
    and the task fails with the reasons.
  - Each step is in a journal before the next begins. A task that was killed is gone on with when it is run again, on
    the same machine and by the same user, or with the same C(MGMTNET_STATE) or C(MGMTNET_JOURNAL) (C(environment)).
  - It runs wherever C(mgmtnet) is, which reaches the host over the network, on the controller mostly (C(delegate_to)).
    That is better than on the host, for then the host is proved to be reached from elsewhere.
extends_documentation_fragment:
  - mgmtnet.ovirt.mgmtnet
  - mgmtnet.ovirt.mgmtnet.access
options:
  host:
    required: true
  plan:
    description:
      - A plan, as M(mgmtnet.ovirt.mgmtnet_plan) returns it, instead of O(definition). It is refused where the host is
        not the one any more that was planned for.
    type: dict
  timeout:
    description: Seconds for which VDSM waits for a sign of ours before it takes the change back. 120 without it.
    type: float
  probe:
    description: What must be reached after the change if it was before, like V(tcp://storage.example.com:3260).
    type: list
    elements: str
  expect:
    description: Addresses that the host may have afterwards, beside those that it has.
    type: list
    elements: str
  reboot:
    description: The host whose VDSM switches this one off and on, to prove that the change lasts. No reboot without it.
    type: str
  fence_address:
    description: The address of the host's power management, for O(reboot).
    type: str
  fence_agent:
    description: Its kind, like V(ipmilan).
    type: str
  fence_user:
    description: Its user.
    type: str
  fence_password_file:
    description: A file with that user's password. C(MGMTNET_FENCE_PASSWORD) has it, without it.
    type: path
  fence_options:
    description: Further options of the agent, as V(K=V,...).
    type: str
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
    details:
      - A O(plan) is taken at its word. Whether the host still is as it was planned for is seen when it is applied.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: partial
    details:
      - The difference is that of O(definition); that of a O(plan) was shown when it was made.
seealso:
  - module: mgmtnet.ovirt.mgmtnet_plan
  - module: ovirt.ovirt.ovirt_host_network
"""

EXAMPLES = r"""
- name: Make ovirtmgmt as the data centre defines it
  mgmtnet.ovirt.mgmtnet_apply:
    host: host1.example.com
    address: [host1.example.com]
    definition:
      network: ovirtmgmt
      vlan: 3000
      mtu: 9000
    ca: /etc/pki/ovirt-engine/ca.pem
    cert: /etc/pki/ovirt-engine/certs/engine.cer
    key: /etc/pki/ovirt-engine/keys/engine_id_rsa
  delegate_to: localhost

- name: Carry out the plan that was looked at
  mgmtnet.ovirt.mgmtnet_apply:
    host: host1.example.com
    plan: "{{ planned.plan }}"
  environment:
    MGMTNET_STATE: /var/lib/mgmtnet
  delegate_to: localhost
"""

RETURN = r"""
id:
  description: The device that the network is attached to.
  type: str
  returned: where the plan has an attachment
  sample: bond4
host_nic:
  description: How it is attached (the plan's C(attachment)).
  type: dict
  returned: where the plan has an attachment
plan:
  description: The plan (schemas/plan.schema.json).
  type: dict
  returned: where the host and the definition can be read
report:
  description:
    - How the run ended (schemas/report.schema.json). C(standing) says how the network stands on the host, C(run) is the
      name by which C(mgmtnet status) and C(mgmtnet resume) know the run, empty where nothing had to be changed.
  type: dict
  returned: where the host was changed, or stands as defined, and not in check mode
problems:
  description: What is to be said, each problem with its C(code), C(severity), C(message) and C(hint).
  type: list
  elements: dict
  returned: always
resumed:
  description: The reports of runs on the host that had been interrupted, and were gone on with first.
  type: list
  elements: dict
  returned: where there were such runs
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.mgmtnet.ovirt.plugins.module_utils.command import (
    ARGUMENTS,
    Mgmtnet,
    UnansweredError,
    tell_plan,
    told,
)


def main() -> None:
    """Apply, and report."""
    module = AnsibleModule(
        argument_spec=dict(
            ARGUMENTS,
            host={"type": "str", "required": True},
            plan={"type": "dict"},
            timeout={"type": "float"},
            probe={"type": "list", "elements": "str"},
            expect={"type": "list", "elements": "str"},
            reboot={"type": "str"},
            fence_address={"type": "str"},
            fence_agent={"type": "str"},
            fence_user={"type": "str"},
            fence_password_file={"type": "path", "no_log": False},
            fence_options={"type": "str"},
        ),
        required_one_of=[("definition", "plan")],
        mutually_exclusive=[("definition", "plan")],
        supports_check_mode=True,
    )
    found = {"changed": False, "problems": []}
    try:
        apply(module, Mgmtnet(module.params), found)
    except UnansweredError as failure:
        found["problems"] = failure.problems
        module.fail_json(msg=str(failure), **found)
    module.exit_json(**found)


def apply(module: AnsibleModule, mgmtnet: Mgmtnet, found: dict[str, Any]) -> None:
    """Apply; ``found`` is filled with what is returned, as soon as it is known."""
    interrupted = mgmtnet.interrupted()
    if interrupted and module.check_mode:
        found.update(changed=True, msg=f"would go on first with what was interrupted: {', '.join(interrupted)}")
        return
    for run in interrupted:
        report = mgmtnet.resumed(run)
        found.setdefault("resumed", []).append(report)
        ended(module, report, found)
    plan = module.params["plan"]
    if plan is None:
        capture = mgmtnet.captured()
        plan = mgmtnet.planned(capture)
        if module._diff:
            found["diff"] = {"prepared": mgmtnet.compared(capture)}
    tell_plan(plan, found, module.warn)
    if plan["outcome"] == "refused":
        module.fail_json(msg=told(plan["problems"]), **found)
    if module.check_mode:
        found["changed"] = plan["outcome"] == "change"
        return
    found["report"] = mgmtnet.applied(plan)
    ended(module, found["report"], found)


def ended(module: AnsibleModule, report: dict[str, Any], found: dict[str, Any]) -> None:
    """Say how a run ended: ``changed``, and whether that is what was wanted."""
    changed = bool(report["run"]) and report["standing"] != "as before"
    found.update(changed=found["changed"] or changed, msg="{network}: {standing}".format(**report))
    if not report["succeeded"]:
        found["problems"] = [dict(report["problem"], severity="error")] if report["problem"] else []
        reasons = [found["msg"], told(found["problems"]), report["advice"]]
        found.update(report=report, msg="; ".join(filter(None, reasons)))
        module.fail_json(**found)


if __name__ == "__main__":
    main()
