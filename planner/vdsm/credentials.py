"""What proves who we are: certificate files for VDSM, an account for the engine. Values; no secret shows in them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from planner.files import content_of
from planner.vdsm.client import Failure

# Where VDSM's own client looks on a host; a host's own certificate is accepted by every VDSM of the same CA.
CA = "/etc/pki/vdsm/certs/cacert.pem"
CERTIFICATE = "/etc/pki/vdsm/certs/vdsmcert.pem"
KEY = "/etc/pki/vdsm/keys/vdsmkey.pem"

ENGINE_USER = "admin@internal"
LONGEST_FILE = 1 << 20  # bytes: a certificate bundle or a password is smaller
SOURCES = {"CA certificate": "MGMTNET_CA", "client certificate": "MGMTNET_CERT", "client key": "MGMTNET_KEY"}


@dataclass(frozen=True, slots=True)
class EngineAccount:
    """The engine's REST API: `url` is https://HOST[:PORT][/ovirt-engine[/api]]; `ca` "" is the CA of the hosts."""

    url: str
    user: str
    password: str = field(repr=False)
    ca: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Paths of PEM files: the CA that signed the hosts' certificates, a client certificate signed by it, its key."""

    ca: str = CA
    certificate: str = CERTIFICATE
    key: str = KEY
    engine: EngineAccount | None = None


def from_environment(environ: Mapping[str, str]) -> Credentials | Failure:
    """MGMTNET_CA, _CERT and _KEY; for the engine MGMTNET_ENGINE_URL, _USER, _CA, and _PASSWORD_FILE or _PASSWORD."""
    engine = None
    if url := environ.get("MGMTNET_ENGINE_URL", ""):
        password = _password(environ)
        if isinstance(password, Failure):
            return password
        user = environ.get("MGMTNET_ENGINE_USER", "") or ENGINE_USER
        engine = EngineAccount(url, user, password, environ.get("MGMTNET_ENGINE_CA", ""))
    ca, certificate, key = (environ.get(name, "") for name in SOURCES.values())
    return Credentials(ca or CA, certificate or CERTIFICATE, key or KEY, engine)


def _password(environ: Mapping[str, str]) -> str | Failure:
    if path := environ.get("MGMTNET_ENGINE_PASSWORD_FILE", ""):
        content = _read("engine's password file", path, "MGMTNET_ENGINE_PASSWORD_FILE")
        if isinstance(content, Failure):
            return content
        try:
            password = content.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            return Failure("credentials", f"the engine's password file {path} is not UTF-8 text", "write it anew")
    else:
        password = environ.get("MGMTNET_ENGINE_PASSWORD", "")
    if not password:
        hint = "put it into a file and name that by MGMTNET_ENGINE_PASSWORD_FILE, or set MGMTNET_ENGINE_PASSWORD"
        return Failure("credentials", "no password for the engine", hint)
    return password


def check(credentials: Credentials, now: dt.datetime | None = None) -> Failure | None:
    """Whether the three files can be read, belong together and are not expired; `now` is for tests."""
    paths = (credentials.ca, credentials.certificate, credentials.key)
    contents = []
    for (what, variable), path in zip(SOURCES.items(), paths, strict=True):
        content = _read(what, path, variable)
        if isinstance(content, Failure):
            return content
        contents.append(content)
    ca, certificate, key = contents
    if b"-----BEGIN CERTIFICATE-----" not in ca:
        return _no(f"the CA certificate {credentials.ca} holds no PEM certificate", "MGMTNET_CA")
    return _check_pair(credentials, certificate, key, now or dt.datetime.now(dt.UTC))


def check_engine(credentials: Credentials) -> Failure | None:
    """Whether there is an account for the engine, and a CA to know it by."""
    if credentials.engine is None:
        return Failure("credentials", "no account for the engine", "set MGMTNET_ENGINE_URL, _USER and _PASSWORD_FILE")
    content = _read("engine's CA certificate", credentials.engine.ca or credentials.ca, "MGMTNET_ENGINE_CA")
    return content if isinstance(content, Failure) else None


def _check_pair(credentials: Credentials, certificate: bytes, key: bytes, now: dt.datetime) -> Failure | None:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        mine = x509.load_pem_x509_certificate(certificate)
        public = mine.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return _no(f"the client certificate {credentials.certificate} is no PEM certificate", "MGMTNET_CERT")
    try:
        private = load_pem_private_key(key, None)
    except TypeError:
        return _no(f"the client key {credentials.key} is encrypted", "MGMTNET_KEY", "a key without a passphrase")
    except (ValueError, UnsupportedAlgorithm):
        return _no(f"the client key {credentials.key} is no PEM private key", "MGMTNET_KEY")
    if private.public_key() != public:
        both = f"the key {credentials.key} does not belong to the certificate {credentials.certificate}"
        return Failure("credentials", both, "name a pair by --cert and --key, or MGMTNET_CERT and MGMTNET_KEY")
    if now > mine.not_valid_after_utc:
        text = f"the client certificate {credentials.certificate} expired on {mine.not_valid_after_utc:%Y-%m-%d}"
        return Failure("credentials", text, "renew it: the engine does so by Installation > Enroll Certificate")
    if now < mine.not_valid_before_utc:
        start = f"{mine.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        text = f"the client certificate {credentials.certificate} is not valid before {start}"
        return Failure("credentials", text, "set this machine's clock")
    return None


def _no(message: str, variable: str, what: str = "the right file") -> Failure:
    return Failure("credentials", message, f"name {what} by {_option_or(variable)}")


def _option_or(variable: str) -> str:
    """The variable, and before it the option that says the same."""
    option = "" if variable == "MGMTNET_ENGINE_CA" else f"--{variable[8:].lower().replace('_', '-')} or "
    return f"{option}{variable}"


def _read(what: str, path: str, variable: str) -> bytes | Failure:
    content = content_of(path, LONGEST_FILE)
    if isinstance(content, bytes):
        return content
    advice = "run as a user who may read it, or name" if content.denied else "name"
    text = f"the {what} {path!r} cannot be read: {content.reason}"
    there = ": this one is there on a host that an engine has enrolled" if path in (CA, CERTIFICATE, KEY) else ""
    return Failure("credentials", text, f"{advice} another by {_option_or(variable)}{there}")
