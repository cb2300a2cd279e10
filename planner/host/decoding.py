"""The bytes of a capture to text: UTF-8, or UTF-16 as PowerShell's `>` writes it."""

from planner.documents.decoding import decode as decode_utf8
from planner.host.parsed import WANTED
from planner.problem import Problem, Where

# How a packed file begins, and what unpacks it.
PACKED = {b"\x1f\x8b": "zcat", b"\xfd7zXZ": "xzcat", b"BZh": "bzcat", b"\x28\xb5\x2f\xfd": "zstdcat"}
TAR, TAR_AT = b"ustar", 257  # an unpacked archive's mark, and where it stands
ARCHIVES = (".tar", ".tgz", ".txz", "sosreport")  # in a file's name
UNNAMED = ("capture", "standard input")  # what a source is called that has no file's name
SOSREPORT = "sos_commands/vdsm/vdsm-client_Host_getCapabilities"  # where a sosreport has the capture
BINARY_WITHIN = 1024  # bytes: what is no text has a zero among so many, and no capture has one
MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def decode(content: bytes, source: str) -> str | Problem:
    """The text, without a byte order mark; or what is wrong."""
    unpack = next((command for mark, command in PACKED.items() if content.startswith(mark)), "")
    if unpack or content.startswith(TAR, TAR_AT):
        return _packed(unpack, source)
    encoding = MARKS.get(content[:2], "")
    # Without a mark: the first character of every spelling is an ASCII one, and half of it zero.
    if not encoding and 0 in content[:2] and any(content[:2]):
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    if not encoding and b"\0" not in content[:BINARY_WITHIN]:
        return decode_utf8(content, source)
    try:
        return content.decode(encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return Problem("not-text", "it is neither UTF-8 nor UTF-16 text", WANTED, where=(Where(source),))


def _packed(unpack: str, source: str) -> Problem:
    """That the capture is still in its package, with the command that takes it out."""
    from shlex import quote

    file = "FILE" if source in UNNAMED or not source.isprintable() else quote(source)
    if not unpack or any(sign in source for sign in ARCHIVES):
        message = "this is an archive; a sosreport has the capture among its files"
        command = f"tar -xOf {file} --wildcards '*/{SOSREPORT}'"
    else:
        message = f"this is compressed, and {unpack} reads it"
        command = f"{unpack} {file}"
    return Problem("capture-packed", message, f"{command} | mgmtnet plan -", where=(Where(source),))
