"""Mutual TLS as VDSM's own client does it: the CA is verified, the host name by default is not.

Host certificates are often issued for another name than the one that is dialled (an address, an alias), and VDSM's
client has never looked. A pin (`sha256:` and the digest of the server's certificate) says more than a name does.
"""

import hashlib
import hmac
import re
import ssl

from planner.vdsm.client import Failure, excerpt

PIN = re.compile(r"sha256:[0-9a-f]{64}")
CLOCK = "compare the clocks, and renew the host's certificate: the engine does so by Installation > Enroll Certificate"
OTHER_CA = "another CA signed the host's certificate than the one given: name the right one by --ca or MGMTNET_CA"
OWN_CERTIFICATE = "give a certificate that the host's CA signed: --cert and --key, or MGMTNET_CERT and MGMTNET_KEY"

# By OpenSSL's X509_V_ERR numbers.
VERIFIED = {
    7: ("the host's certificate is signed by another CA of the same name", OTHER_CA),
    9: ("the host's certificate is not yet valid", CLOCK),
    10: ("the host's certificate has expired", CLOCK),
    18: ("the host's certificate is self-signed", OTHER_CA),
    19: ("the host's certificate is signed by an unknown CA", OTHER_CA),
    20: ("the host's certificate is signed by an unknown CA", OTHER_CA),
    21: ("the host's certificate is signed by an unknown CA", OTHER_CA),
    62: ("the host's certificate is issued for another name", "dial that name, or do not ask for the name's check"),
    64: ("the host's certificate is issued for another address", "dial its name, or do not ask for the name's check"),
}

# By parts of OpenSSL's reasons, whose prefixes change with its versions. The alerts (the first group) say that the
# peer broke off the handshake: with them no byte of a request can have been read.
ALERTS = {
    "CERTIFICATE_REQUIRED": ("the host demands a client certificate and was given none", OWN_CERTIFICATE),
    "ALERT_UNKNOWN_CA": ("the host does not know the CA of our client certificate", OWN_CERTIFICATE),
    "ALERT_CERTIFICATE_EXPIRED": ("the host says that our client certificate has expired", OWN_CERTIFICATE),
    "ALERT_CERTIFICATE_REVOKED": ("the host says that our client certificate is revoked", OWN_CERTIFICATE),
    "ALERT_CERTIFICATE_UNKNOWN": ("the host does not accept our client certificate", OWN_CERTIFICATE),
    "ALERT_BAD_CERTIFICATE": ("the host does not accept our client certificate", OWN_CERTIFICATE),
    "ALERT_DECRYPT_ERROR": (
        "the host does not accept our client certificate: another CA of the same name as the host's signed it",
        OWN_CERTIFICATE,
    ),
    "ALERT_ACCESS_DENIED": ("the host does not accept our client certificate", OWN_CERTIFICATE),
    "ALERT_HANDSHAKE_FAILURE": (
        "the host refused the handshake, for want of a client certificate or cipher",
        OWN_CERTIFICATE,
    ),
    "ALERT_PROTOCOL_VERSION": ("the host speaks only older versions of TLS than 1.2", "update the host's OpenSSL"),
}
REASONS = ALERTS | {
    "UNSUPPORTED_PROTOCOL": ("the host speaks only older versions of TLS than 1.2", "update the host's OpenSSL"),
    "WRONG_VERSION_NUMBER": (
        "what answers on that port does not speak TLS",
        "is it VDSM's port, and ssl = true in vdsm.conf?",
    ),
    "HTTP_REQUEST": ("what answers on that port does not speak TLS", "is it VDSM's port, and ssl = true in vdsm.conf?"),
    "RECORD_LAYER_FAILURE": ("what answers on that port does not speak TLS", "is it VDSM's port?"),
    "KEY_VALUES_MISMATCH": ("the client's key does not belong to its certificate", OWN_CERTIFICATE),
    "TOO_WEAK": (
        "a certificate is signed by a digest that this machine's OpenSSL rejects",
        "renew the CA and the certificates",
    ),
    "TOO_SMALL": ("a key is shorter than this machine's OpenSSL accepts", "renew the certificates"),
}


def context(ca: str, chain: tuple[str, str] | None, *, check_name: bool) -> ssl.SSLContext | Failure:
    """A client's context: `ca` a PEM file, `chain` the files of our certificate and key, or None to offer none."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = check_name
    try:
        tls.load_verify_locations(cafile=ca)
        if chain is not None:
            # A password, so that OpenSSL does not ask for one at the terminal.
            tls.load_cert_chain(*chain, password="")
    except ssl.SSLError as error:
        return explain(error, "the credentials")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Failure(
            "credentials",
            f"certificate files cannot be read: {reason}",
            "see --ca, --cert and --key, or MGMTNET_CA, _CERT and _KEY",
        )
    return tls


def explain(error: ssl.SSLError, peer: str, *, sent: bool = False) -> Failure:
    """`error` in words.

    An alert about the handshake makes `sent` False whatever was written meanwhile: with TLS 1.3 a client learns only
    from its first read that the peer has rejected its certificate.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"the host's certificate is not accepted: {excerpt(error.verify_message)}"
        message, hint = VERIFIED.get(error.verify_code, (message, OTHER_CA))
        return Failure("tls", f"{peer}: {message}", hint)
    reason = (error.reason or "").upper().replace(" ", "_")
    for part, (message, hint) in REASONS.items():
        if part in reason:
            return Failure("tls", f"{peer}: {message}", hint, sent=sent and part not in ALERTS)
    text = excerpt(error.reason or "") or "no reason given"
    if "ALERT" in reason:
        return Failure("tls", f"{peer}: the host broke TLS off: {text}", "vdsm.log on the host tells why", sent=sent)
    hint = "this machine's OpenSSL did not accept what came: `openssl s_client -connect HOST:54321` shows it"
    return Failure("tls", f"{peer}: TLS failed: {text}", hint, sent=sent)


def check_pin(pin: str) -> Failure | None:
    """Whether `pin` is written as one."""
    if PIN.fullmatch(pin):
        return None
    return Failure("tls", f"{excerpt(pin)!r} is no pin", "write sha256: and the 64 hexadecimal digits of the digest")


def fingerprint(certificate: bytes) -> str:
    """The pin of a certificate in DER."""
    return f"sha256:{hashlib.sha256(certificate).hexdigest()}"


def compare_pin(certificate: bytes | None, pin: str, peer: str) -> Failure | None:
    """Whether the server's certificate (DER) is the pinned one."""
    found = fingerprint(certificate or b"")
    if hmac.compare_digest(found, pin):
        return None
    hint = f"if the host's certificate was renewed, pin {found} after you compared it on the host itself"
    return Failure("tls", f"{peer}: the host's certificate is not the pinned one", hint)
