"""Ask mgmtnet for the plan of a host: Python and requests.

`python mgmtnet_plan.py URL CAPTURE DEFINITION [ADDRESS...]`; a token is taken from MGMTNET_TOKEN. The plan goes to
standard output. The status is 0 for a plan, 3 for one that refuses, 1 where there is none.
"""

import os
import sys
from pathlib import Path

import requests

# A host with every VLAN is planned in a second; a worker that hangs is given up by the service after 30.
PATIENCE = 40


def main(url: str, capture: str, definition: str, *addresses: str) -> int:
    """Ask, and print."""
    token = os.environ.get("MGMTNET_TOKEN")
    answer = requests.post(
        f"{url.rstrip('/')}/v1/plan",
        json={
            "capture": Path(capture).read_text(encoding="utf-8"),  # any format that the command reads
            "definition": Path(definition).read_text(encoding="utf-8"),
            "addresses": addresses,
        },
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=PATIENCE,
    )
    if answer.status_code != 200:
        for problem in answer.json()["problems"]:
            print(f"{problem['code']}: {problem['message']} ({problem['hint']})", file=sys.stderr)
        return 1
    print(answer.text, end="")
    print(f"decision {answer.headers['Mgmtnet-Decision']}", file=sys.stderr)
    return 3 if answer.json()["outcome"] == "refused" else 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, requests.RequestException) as failure:  # a file that cannot be read, a service that is not there
        sys.exit(f"mgmtnet_plan.py: {failure}")
