"""Codes of what can be the matter with hosts, with runs that change them, and with what runs need."""

from planner.explain.codes.meaning import Meaning

RUNS = {
    "cannot-serve": Meaning("The stand-in cannot listen at that port.", "--port 0 takes any."),
    "declined": Meaning("Whoever was asked said no; nothing was sent.", "Nothing to do."),
    "engine-malformed": Meaning("What names the engine is no name, address or URL.", "Write it as engine.example.com."),
    "engine-unreachable": Meaning(
        "The engine does not answer from this host, so the host could not be added afterwards either.",
        "See to the name, the route and the firewall.",
    ),
    "expect-malformed": Meaning("--expect names no address.", "Give an IPv4 or IPv6 address without a prefix."),
    "fault-amount": Meaning("The amount in a --fault is not understood.", "See docs/applying.md for the faults."),
    "fault-occurrence": Meaning("The number of the call in a --fault is none.", "Write VERB:FAULT:N, N from 1."),
    "fault-unknown": Meaning("There is no such fault of this verb.", "Take one that the hint names."),
    "fault-verb-unknown": Meaning("There is no such verb of VDSM's.", "Take one that the hint names."),
    "fence-incomplete": Meaning(
        "A reboot goes over the host's power management, of which something is not told.",
        "Give what the hint names, or --reboot none.",
    ),
    "fence-itself": Meaning("A host cannot switch itself off and on.", "Name another host as --reboot PROXY."),
    "host-busy": Meaning("VDSM is carrying out another change of its networks.", "Wait, and try again."),
    "host-credentials": Meaning(
        "The certificate, the key or the password is missing, unreadable, expired or rejected.",
        "See to what the message names; docs/applying.md tells where they are looked for.",
    ),
    "host-held": Meaning("Another run is at work on the host.", "Wait for it; `mgmtnet status` shows how far it is."),
    "host-missing": Meaning("No host is named.", "mgmtnet apply HOST --network DEFINITION."),
    "host-protocol": Meaning(
        "What answers does not speak VDSM's protocol, or not as any known version does.",
        "See whether it is the right port, and VDSM behind it.",
    ),
    "host-recovering": Meaning("VDSM has just started and is not ready.", "Wait a minute, and try again."),
    "host-refused": Meaning(
        "The engine or VDSM refuses the request for a reason of its own, which is told.",
        "See to that.",
    ),
    "host-timeout": Meaning("The host did not answer in time.", "See whether it is up, and how busy it is."),
    "host-tls": Meaning(
        "There is no secure connection: the certificate is of another CA, another name, or expired.",
        "See to --ca, --cert, --key, or pin the host's certificate by --pin.",
    ),
    "host-unreachable": Meaning(
        "There is no connection to the host.",
        "See to the address, the route and the firewall.",
    ),
    "host-vdsm": Meaning("VDSM carried the call out and reports an error, which is told.", "See what it says."),
    "journal-broken": Meaning("The journal of runs is damaged.", "Move it away; see to the hosts whose runs it held."),
    "journal-foreign": Meaning(
        "A row of the journal was not written by mgmtnet. Reading it may execute what it holds, so it is not read.",
        "Find out who writes there; MGMTNET_STATE names a journal of one's own.",
    ),
    "journal-full": Meaning("There is no space left for the journal.", "Make space before anything is sent."),
    "journal-newer": Meaning(
        "The journal is of a later mgmtnet.",
        "Use that version, or another folder by MGMTNET_STATE.",
    ),
    "journal-unknown": Meaning(
        "MGMTNET_JOURNAL is no URL of a database.",
        "Leave it unset, or write sqlite:/// or postgresql://.",
    ),
    "journal-unreachable": Meaning("The journal's database cannot be used.", "See to the server and its password."),
    "not-agreed": Meaning("Nobody can be asked here, and nothing was sent.", "--yes applies without asking."),
    "plan-altered": Meaning(
        "The calls in the plan's file are not those that its attachment makes: somebody edited it.",
        "Make the plan anew from the definition that is wanted.",
    ),
    "plan-and-definition": Meaning("A plan says already what is wanted.", "Give one of the two."),
    "plan-malformed": Meaning("The file is no plan.", "Make one: mgmtnet plan CAPTURE ... -o json."),
    "port-malformed": Meaning("--port is no port.", "Give a number from 0 to 65535; 0 takes any."),
    "probe-unusable": Meaning(
        "A --probe is none.",
        "Write tcp://host:port, https://host/path, dns://server, ip://address.",
    ),
    "routes-malformed": Meaning("The file of --routes is no table of routes.", "Take the one that the stand-in wrote."),
    "run-broken-off": Meaning(
        "A run ended by a fault of mgmtnet's own after it had sent something.",
        "See how the host stands by `mgmtnet status`, and report the fault.",
    ),
    "run-ended": Meaning("The run has ended; there is nothing to go on with.", "`mgmtnet status` shows how it ended."),
    "run-unfinished": Meaning("A run on this host was interrupted.", "`mgmtnet resume` goes on with it."),
    "run-unknown": Meaning("There is no such run in the journal.", "`mgmtnet status` lists them."),
    "scrub-key-made": Meaning("A new key to scrub by was made.", "Keep it, to rename alike another time."),
    "scrub-key-open": Meaning("Others may read the key, and with it undo the renaming.", "chmod 600."),
    "scrub-key-short": Meaning(
        "The file of the key is too short to be one.",
        "Name another; one that is not there is made.",
    ),
    "scrub-key-unused": Meaning("A key is given, and nothing is to be scrubbed.", "Add --scrub, or leave the key out."),
    "secret-in-options": Meaning("A password stands in --fence-options, for all to see.", "--fence-password-file."),
    "secret-in-url": Meaning("The engine's URL holds a user or a password, for all to see.", "--engine-password-file."),
    "speed-malformed": Meaning("--speed is no speed.", "Give a number above 0."),
    "stale-plan": Meaning(
        "The host is not as it was when the plan was made; the plan might move another device now.",
        "Make the plan anew.",
    ),
    "state-unwritable": Meaning(
        "The folder of the state cannot be written or locked.",
        "See to it, or set MGMTNET_STATE.",
    ),
}
