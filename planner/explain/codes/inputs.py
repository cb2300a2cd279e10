"""Codes of what a capture, a definition, a YAML file or an option has wrong."""

from planner.explain.codes.meaning import Meaning

INPUTS = {
    "address-invalid": Meaning(
        "What was given as the management address is neither an IP address nor a host's name. A prefix length "
        "(192.0.2.10/24) belongs to a network's definition on the host, not to the address.",
        "Give the address alone, or a name that resolves to it.",
    ),
    "address-malformed": Meaning(
        "An address in the capture is none. It is left out, and the host is judged without it.",
        "Capture the host again; if VDSM itself reports it so, look at the device on the host.",
    ),
    "bond-not-made": Meaning(
        "The definition says something of a bond. A logical network has none: bonds are made on the host, and a "
        "plan takes over the one under the management address.",
        "Take `bond` out of the definition.",
    ),
    "capture-contradictory": Meaning(
        "The capture tells two things of one network that cannot both be so: the device under it (southbound) is "
        "not the one that its own entry names.",
        "Capture the host again when no change is under way; a plan from it would move the wrong device.",
    ),
    "capture-empty": Meaning(
        "There is nothing in the capture. Often the command before the pipe failed, and its error is above.",
        "Run `vdsm-client Host getCapabilities` by itself and see what it says.",
    ),
    "capture-excerpt": Meaning(
        "What was given is a piece cut out of a longer capture. What stands outside of it is unknown, so a plan "
        "from it may miss a device that is in the way.",
        "Plan from a whole capture.",
    ),
    "capture-failed": Meaning(
        "VDSM, or what asked it, answered with a fault instead of the host's capabilities.",
        "See what the fault says, and ask the host again.",
    ),
    "capture-incomplete": Meaning(
        "The capture lacks whole sections that getVdsCaps always has, so it is an excerpt. The plan is shown with "
        "a warning, and never printed as a request.",
        "Capture the host whole: `vdsm-client Host getCapabilities`.",
    ),
    "capture-invalid": Meaning(
        "A value in the capture is of a kind that VDSM never reports there (a list for a name, a word for a number).",
        "Capture the host again, and do not edit captures by hand.",
    ),
    "capture-odd": Meaning(
        "A value in the capture is unusual but can be understood; the host is judged by what was understood.",
        "See whether the host really is so; nothing has to be done for a plan.",
    ),
    "capture-packed": Meaning(
        "The file is an archive or compressed, and not the text of a capture.",
        "Unpack it into the command, as the hint shows; `mgmtnet golden new` takes whole archives of captures.",
    ),
    "capture-syntax": Meaning(
        "The text begins like a known format and breaks its rules further on. It was edited, cut, or two outputs "
        "were mixed.",
        "Look at the place named, or capture the host again.",
    ),
    "capture-truncated": Meaning(
        "The capture ends in the middle: a pipe broke, a terminal's buffer or a mail cut it. Half a host is never "
        "planned.",
        "Capture the host again, into a file.",
    ),
    "capture-twice": Meaning(
        "Two captures stand in one file, and nothing says which one is meant.",
        "Give each a file of its own.",
    ),
    "control-character": Meaning(
        "A YAML file has a character that no editor shows. It may hide what the line really says.",
        "Take it out, or write it as an escape in double quotes.",
    ),
    "default-route-invalid": Meaning(
        "`default_route` in the definition is neither true nor false.",
        "Write true or false.",
    ),
    "device-loop": Meaning(
        "Devices of the capture stand on each other in a circle, which no kernel allows.",
        "Capture the host again; the capture was edited or mixed of two.",
    ),
    "duplicate-key": Meaning(
        "A key stands twice in one map. Parsers silently keep the last one; somebody meant the first.",
        "Keep one of them.",
    ),
    "empty-document": Meaning(
        "The YAML file has nothing in it but comments.",
        "Write what it is to say, or leave it away.",
    ),
    "file-unreadable": Meaning(
        "A file cannot be read: it is not there, is a folder or a device, is too large, or its owner keeps it "
        "closed. A pipe into which nobody writes is given up after a while.",
        "See to the path and its permissions.",
    ),
    "gateway-invalid": Meaning(
        "`gateway` in the definition is no address, or names two of one family.",
        "Give an address, one per family, or `none`; leave it out to keep the gateway that the host has.",
    ),
    "host-name-unresolved": Meaning(
        "The name that was given as the management address does not resolve on this machine.",
        "Give the address itself.",
    ),
    "ipv4-invalid": Meaning(
        "`ipv4` in the definition is none of its words. It is only for hosts whose capture cannot tell how they "
        "got their address.",
        "Write dhcp or static, or leave it out.",
    ),
    "mtu-invalid": Meaning(
        "`mtu` in the definition is not an MTU from 68 to 65535.",
        "Give it in bytes, as 1500 or 9000.",
    ),
    "nameservers-invalid": Meaning(
        "`nameservers` in the definition is no list of IP addresses.",
        "List addresses, or leave it out to keep those of the host.",
    ),
    "netmask-malformed": Meaning(
        "A netmask in the capture is none, so the length of the address's prefix is unknown.",
        "Capture the host again; on the host, `ip address` shows the prefix.",
    ),
    "network-invalid": Meaning(
        "The logical network's name in the definition cannot be one.",
        "Give the name that the data centre has, in quotes if need be.",
    ),
    "no-address": Meaning(
        "The captured host reports no address, so a stand-in for it cannot be reached either.",
        "Name the management address by --address, or take another capture.",
    ),
    "no-captures": Meaning(
        "A folder, an archive or a pattern leads to no file at all.",
        "See how the path is spelt; a pattern stands in quotes, so that the shell leaves it alone.",
    ),
    "no-definition": Meaning(
        "Captures were given without what is wanted of them, so there is nothing to plan.",
        "Give the definition by --network, or make the capture a golden.",
    ),
    "not-text": Meaning(
        "The file is neither UTF-8 nor UTF-16 text: a binary, or a packed file.",
        "Give the text of a capture.",
    ),
    "not-utf8": Meaning("A file that people write is not UTF-8.", "Save it as UTF-8."),
    "shadow-rule": Meaning(
        "A rule that is only being watched (`shadow: true`) would have fired on this host. It changes nothing.",
        "Take `shadow: true` out of it when it is to act.",
    ),
    "step-unknown": Meaning(
        "The plan of this host does not have the step that --step asks for: a network that VDSM has already is "
        "not adopted first.",
        "Leave --step out to get the first step that there is.",
    ),
    "stp-invalid": Meaning("`stp` in the definition is neither true nor false.", "Write true or false."),
    "row-unused": Meaning(
        "A row of the table is about none of the captures: its pattern means no file, or rows above mean them all.",
        "See how the captures are called.",
    ),
    "table-invalid": Meaning(
        "The table of what is wanted of which captures is no CSV with the columns that are known.",
        "Name a column `capture`, and `definition` or the fields of a definition.",
    ),
    "too-deep": Meaning("What is given nests deeper than any capture does.", "Give what getVdsCaps returns."),
    "too-large": Meaning(
        "A YAML file or a revision's folder is larger than any ruleset; it is not read to the end.",
        "See whether it is the right file.",
    ),
    "unknown-format": Meaning(
        "The text is no capture in any format that is known; the message says what it looks like instead.",
        "Give what `vdsm-client Host getCapabilities` prints; README.md lists the formats.",
    ),
    "vlan-invalid": Meaning(
        "`vlan` in the definition is no tag.",
        "Give a tag from 1 to 4094, or leave it out: untagged.",
    ),
    "vm-network-invalid": Meaning("`vm_network` in the definition is neither true nor false.", "Write true or false."),
    "yaml-alias": Meaning(
        "A YAML alias (*name) or anchor (&name). Aliases can make a small file enormous, so none are taken.",
        "Write the value out; quote text that begins with * or &.",
    ),
    "yaml-depth": Meaning(
        "A YAML file nests deeper than anything here needs.",
        "See whether brackets or indents are right.",
    ),
    "yaml-documents": Meaning("Several YAML documents (---) are in one file.", "Keep one document a file."),
    "yaml-key": Meaning("A key in YAML is not a word: a list, a map or a number.", "Quote it."),
    "yaml-merge": Meaning("A YAML merge key (<<), which hides where a value is from.", "Write the keys out."),
    "yaml-number": Meaning(
        "A number is written in a way that YAML readers take differently (octal, with underscores, sexagesimal).",
        "Write it in plain decimal, or quote it if it is text.",
    ),
    "yaml-syntax": Meaning("The file is no YAML at the place named.", "Look at the quotes, colons and indents there."),
    "yaml-tab": Meaning("A tab in the indentation, which YAML forbids.", "Indent with spaces."),
    "yaml-tag": Meaning("A YAML tag (!name), which could make a program build objects.", "Leave it out."),
    "yaml-word": Meaning(
        "A word that YAML 1.1 takes for true or false (yes, no, on, off), and YAML 1.2 for text.",
        "Write true or false, or quote it.",
    ),
}
