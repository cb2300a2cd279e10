"""Prefix lengths as netmasks, the only spelling that VDSM of every age takes."""


def netmask(prefix: int) -> str:
    """The dotted netmask of an IPv4 ``prefix`` from 0 to 32."""
    bits = (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF
    return ".".join(str(bits >> shift & 0xFF) for shift in (24, 16, 8, 0))
