"""From what an order says of access to a way to speak; secrets are read here, from files or the environment."""

import os

from planner.apply.order import Access
from planner.vdsm.credentials import Credentials, from_environment
from planner.vdsm.dialing import speaker
from planner.vdsm.failure import Failure
from planner.vdsm.speaker import Speaker


def speaker_of(access: Access) -> Speaker | Failure:
    """A way to speak with ``access.target``."""
    stated = {"MGMTNET_CA": access.ca, "MGMTNET_CERT": access.certificate, "MGMTNET_KEY": access.key}
    engine = {
        "MGMTNET_ENGINE_URL": access.engine,
        "MGMTNET_ENGINE_USER": access.user,
        "MGMTNET_ENGINE_PASSWORD_FILE": access.password_file,
    }
    known = {**os.environ, **{name: value for name, value in (stated | engine).items() if value}}
    if access.transport != "engine":
        known.pop("MGMTNET_ENGINE_URL", None)  # nobody's password is needed
    credentials = from_environment(known)
    if not isinstance(credentials, Credentials):
        return credentials
    return speaker(access.target, access.transport, credentials, access.pin or None)
