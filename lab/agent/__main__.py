"""``python -m lab.agent FOLDER [PORT]``: be the VDSM of this machine; only inside the lab.

FOLDER is the host's disk: ``netconf`` holds what was committed, ``credentials`` the throw-away certificates.
"""

import asyncio
import os
import sys
from pathlib import Path

from lab.agent.agent import Agent
from lab.agent.host import Host
from lab.agent.serving import VDSM_PORT, listen
from planner.standin.certificates import issue, server_context


async def serve(folder: str, port: int) -> None:
    """Serve until killed."""
    agent = Agent(Host(), os.path.join(folder, "netconf"))
    context = server_context(issue(Path(folder) / "credentials"))
    server = await listen(agent, context, port)
    sys.stdout.write(f"[agent] listening on {port}, at {agent.address or 'no address'}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else VDSM_PORT))
