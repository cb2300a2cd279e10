"""Names as a page has them: Python looks them up in the file that HOSTS names before it asks anybody.

That file is written as /etc/hosts is, which only root may write, and which is everybody's. Python imports this module
at its start, so that the programs under test run unchanged.
"""

import os
import socket
from pathlib import Path
from typing import Any

TABLE = {
    name: address
    for address, *names in (line.split() for line in Path(os.environ["HOSTS"]).read_text().splitlines())
    for name in names
}
ask = socket.getaddrinfo


def getaddrinfo(host: Any, *arguments: Any, **how: Any) -> Any:
    return ask(TABLE.get(host, host), *arguments, **how)


socket.getaddrinfo = getaddrinfo
