"""What the engine's refusals mean: {"fault": {"reason": "Operation Failed", "detail": "[...]"}} with an HTTP status.

409 is the engine's own validation ("Cannot setup Networks. ..."): the host has heard nothing. With any other status the
action was begun, and what the host made of it stands in the detail, in words; numbers of VDSM's are not among them.
"""

from planner.vdsm.codes import BUSY, CODES, RECOVERING
from planner.vdsm.failure import Failure, Kind

CONFLICT = 409
IS_IT_ENGINE = "is MGMTNET_ENGINE_URL that of an oVirt engine: https://engine.example.com/ovirt-engine ?"
ACCOUNT = "check MGMTNET_ENGINE_USER (with its profile: admin@internal, admin@ovirt@internalsso) and the password"
RIGHTS = "the account needs the rights of a host administrator"
LOGS = "its engine.log and its events tell more, and the host's vdsm.log and supervdsm.log most"
# How the engine words that it has lost contact with VDSM in the middle of a call.
LOST = "Network error during communication with the Host"
# VDSM's texts for the answers after which the same call may be made again.
AGAIN: dict[str, tuple[Kind, int]] = {
    "Resource unavailable": ("busy", BUSY),
    "Recovering from crash or Initializing": ("recovering", RECOVERING),
}


def refusal(peer: str, status: int, text: str, *, sent: bool, told: bool) -> Failure:
    """An answer of ``peer`` that is none; ``told``: it has the shape of a fault; ``sent``: it is to an action."""
    if status == 401:
        return Failure("credentials", f"{peer}: the engine rejects the account: {text}", ACCOUNT, sent=sent)
    if status == 403:
        return Failure("refused", f"{peer}: the engine forbids it: {text}", RIGHTS, sent=sent)
    if not told:
        return Failure("protocol", f"{peer}: {text}", IS_IT_ENGINE, sent=sent)
    if status == CONFLICT or not sent:
        hint = "do as the engine says; its engine.log and its events tell more"
        return Failure("refused", f"{peer}: the engine refused: {text}", hint)
    if LOST in text:
        hint = "the engine does not know what became of it: only reading the host again can tell"
        return Failure("unreachable", f"{peer}: the engine lost the host: {text}", hint, sent=True)
    for words, (kind, code) in AGAIN.items():
        if words in text:
            known = CODES[code]
            return Failure(
                kind, f"{peer}: VDSM does not take it now: {text}", known.advice, sent=True, code=code, name=known.name
            )
    return Failure("vdsm", f"{peer}: the engine could not have it done: {text}", LOGS, sent=True)
