"""What each problem's code means that mgmtnet itself finds; those that rules say are explained by the rules.

The message of a problem tells the case, this
the kind: it is what `mgmtnet explain CODE` and docs/codes/ have.
"""

from collections.abc import Mapping
from typing import NamedTuple

# What a problem's code means.


class Meaning(NamedTuple):
    """``what`` is the matter, with where it comes from, and the ``cure``: what to do."""

    what: str
    cure: str


# Codes of what a capture, a definition, a YAML file or an option has wrong.


INPUTS = {
    "address-invalid": Meaning(
        "What was given as the management address is neither an IP address nor a host's name. A prefix length "
        "(192.0.2.10/24) belongs to a network's definition on the host, not to the address.",
        "Give the address alone, or a name that resolves to it.",
    ),
    "address-malformed": Meaning(
        "An address in the capture is malformed. It is left out, and the host is judged without it.",
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
        "The capture lacks what getVdsCaps always has: it is an excerpt, or of a format (`ip -j`) that cannot tell all "
        "that VDSM does. The plan is shown with a warning, and never printed as a request.",
        "Capture the host whole once VDSM runs: `vdsm-client Host getCapabilities`. Until then give what is known with "
        "--address and in the definition.",
    ),
    "capture-host-unknown": Meaning(
        "`--host` names a host of which the archive or the log has nothing.",
        "Take a name that the hint has; `mgmtnet fleet plan` lists all of them. In a log a host is called by its UUID "
        "or its address.",
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
        "Captures of several hosts stand in one file (an archive, a log of the engine's), or two in a file that is no "
        "log, and nothing says which one is meant.",
        "`--host NAME` takes one of an archive or a log, of a log also `--call N`; `mgmtnet fleet plan` plans all the "
        "hosts. Two in another file: give each a file of its own.",
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
    "folder-in-use": Meaning(
        "Another `mgmtnet fleet plan` writes into the folder; two at once would take each other's plans for theirs.",
        "Wait for it, or name another folder.",
    ),
    "gateway-invalid": Meaning(
        "`gateway` in the definition is no address, or names two of one family.",
        "Give an address, one per family, or `none`; leave it out to keep the gateway that the host has.",
    ),
    "host-uncaptured": Meaning(
        "The inventory that came with the captures has hosts of which there is no capture, so they are not planned.",
        "Capture them, or see whether their files are called like the hosts.",
    ),
    "host-unlisted": Meaning(
        "Captures are of hosts that the inventory does not have. They are planned by what they say of themselves.",
        "Call each file like its host, or add the host to the inventory.",
    ),
    "host-name-unresolved": Meaning(
        "The name that was given as the management address does not resolve on this machine.",
        "Give the address itself.",
    ),
    "inventory-invalid": Meaning(
        "An Ansible inventory has a line or a group that cannot be read: a section that there is not, a range that "
        "leads nowhere, a host without a value for a variable. No host of it is taken then.",
        "See to the place named; what `ansible-inventory --list` prints is read, too.",
    ),
    "ipv4-invalid": Meaning(
        "`ipv4` in the definition is neither dhcp nor static. It is only for hosts whose capture cannot tell how they "
        "got their address.",
        "Write dhcp or static, or leave it out.",
    ),
    "local-silent": Meaning(
        "`--local` asks the machine on which mgmtnet runs, and there neither VDSM nor `ip` answers.",
        "Install iproute2; or run mgmtnet on the host that is meant, or give a capture of it.",
    ),
    "log-answer-missing": Meaning(
        "`--call` or `--at` asks for an answer of getVdsCaps that the log does not have, or the file is no log.",
        "Take one of those that the hint lists; of what is no log there is nothing to choose.",
    ),
    "log-answer-taken": Meaning(
        "A log has several answers of getVdsCaps, and one was read: the last, if nothing else was asked for.",
        "Nothing, if the host as it was then is meant; else name another by `--call` or `--at`.",
    ),
    "log-answer-unclear": Meaning(
        "Which answer of a log is meant cannot be told: by a call and a time or a host at once, or by a time with an "
        "offset or a year in a log whose times have none.",
        "Give one of the two; a time without an offset is the log's own, and one without a year (Nov 27 14:05) is for "
        "a log of syslog's or the journal's.",
    ),
    "log-time-malformed": Meaning(
        "What `--at` says is no time.",
        "Write it as the log does: 2026-11-27 14:05, also with seconds, and with an offset (+01:00); or Nov 27 14:05.",
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
        "A netmask in the capture is malformed, so the length of the address's prefix is unknown.",
        "Capture the host again; on the host, `ip address` shows the prefix.",
    ),
    "definition-not-given": Meaning(
        "A command was given no definition, so the plan is for ovirtmgmt as oVirt defines it at first: a VM network, "
        "untagged, with MTU 1500. On a host whose address is on a VLAN that is refused.",
        "Give what the data centre defines by `--network`; `mgmtnet define` writes a first one by what the host is.",
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
    "not-a-definition": Meaning(
        "What was given as a definition is a capture, or an archive, as captures come in.",
        "Give the capture first, and its definition by --network; `mgmtnet define CAPTURE` writes one.",
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
    "plan-gone": Meaning(
        "A folder that `mgmtnet fleet plan` has written lacks a plan that its index names, or the plan was edited.",
        "Plan the fleet into the folder again; what is unchanged is kept.",
    ),
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


# Codes of what is wrong with rule files, tables and manifests.


LANGUAGE = {
    "alias-of-no": Meaning(
        "A rule refers to what a `no` pattern is about, which matches when there is nothing, so it has no value.",
        "Refer to what a pattern without `no` matches.",
    ),
    "alias-too-early": Meaning(
        "A pattern compares with something that a later pattern matches, or with itself.",
        "Put the pattern that is referred to above.",
    ),
    "bad-column": Meaning(
        "A cell of a table cannot be put together with the other cells of its row into one word of the rule.",
        "Write the cell as one map, or give the word a column of its own.",
    ),
    "bad-compiled": Meaning("`compiled` in the manifest is no digest.", "Leave the line to `mgmtnet rules release`."),
    "bad-digest": Meaning("`digest` in the manifest is no digest.", "Leave the line to `mgmtnet rules release`."),
    "bad-extends": Meaning(
        "`extends` in the manifest does not name a ruleset and its version.",
        "Write it as ovirtmgmt@1.0.",
    ),
    "bad-name": Meaning(
        "A name of a rule, a row, an alias, a code or a golden is spelt otherwise than such names are.",
        "Use small letters, digits and hyphens, as in vlan-over-bond (in an alias _ for the hyphen).",
    ),
    "bad-pattern": Meaning(
        "An entry under `when` is no pattern: one kind of fact with its tests.",
        "Write `- kind: {field: value}`, each with a dash of its own.",
    ),
    "bad-placeholder": Meaning(
        "Braces in a message hold something else than alias.field.",
        "Write {alias.field}; a brace itself is written twice.",
    ),
    "bad-reference": Meaning(
        "A value begins with $ and is no reference.",
        'Write $alias.field; text with a $ as "$$...".',
    ),
    "bad-regex": Meaning(
        "The expression under `matches` cannot be compiled, or could take for ever on some name.",
        "Simplify it; tests for equality and lists are read more easily anyway.",
    ),
    "bad-ruleset": Meaning("The ruleset's name cannot be one.", "Spell it like ovirtmgmt."),
    "bad-version": Meaning("A version is no version, or YAML took it for a number.", 'Write it in quotes: "1.0".'),
    "contradictory-example": Meaning(
        "A golden is named both under `fires` and under `silent` of one rule.",
        "Keep one of them.",
    ),
    "digest-mismatch": Meaning(
        "The files of a released ruleset are not those that were released. Plans name ruleset, version and "
        "digest, and have to be understood in a year, so a released version does not change.",
        "Undo the edit, or make it in a copy with a new version and without a digest.",
    ),
    "duplicate-alias": Meaning(
        "Two patterns of one rule go by the same name.",
        "Give one another name: `kind as other`.",
    ),
    "duplicate-rule": Meaning("Two rules of a ruleset have the same name.", "Rename one of them."),
    "extends-circle": Meaning("Rulesets extend each other in a circle.", "Let one of them extend none of the others."),
    "extends-itself": Meaning("A ruleset extends itself.", "Name the ruleset that it is to change."),
    "idle-advisory": Meaning(
        "A rule says why it is advisory, and refuses nothing; `advisory` is why no invariant rests on a refusal.",
        "Take `advisory` out.",
    ),
    "invariant-exists": Meaning(
        "An invariant has the name of one in the ruleset that is extended; what a base keeps is not redefined.",
        "Give it another name; `mgmtnet rules prove` tells which invariants of the base a policy gives up.",
    ),
    "misplaced-file": Meaning(
        "A YAML file lies where no rule belongs: beside the folders of the stages, or in a folder inside one.",
        "Move it to locate/, devise/ or guard/, or away.",
    ),
    "missing-key": Meaning("Something that has to be said is not said.", "Add the key that the message names."),
    "name-mismatch": Meaning("A rule is called otherwise than its file.", "Rename the file or the rule."),
    "named-twice": Meaning("A list names the same thing twice.", "Take one out."),
    "never-fires": Meaning(
        "No host can satisfy the rule: its tests exclude each other, or it asks for a fact that no rule concludes.",
        "Look at the tests named; a rule that never fires protects nobody.",
    ),
    "never-matters": Meaning(
        "A `no` pattern excludes something that cannot be, so it always holds.",
        "Take a test out.",
    ),
    "no-column": Meaning("A table has no column.", "Name what its rows differ in."),
    "no-comes-first": Meaning("The first pattern is a `no`.", "Begin with what must be there: `- management: {}`."),
    "no-effect": Meaning("The rule says nothing when it fires.", "Add set, conclude, refuse, warn or note."),
    "no-manifest": Meaning(
        "The folder has no ruleset.yaml, so it is no ruleset.",
        "Name the folder that has one; `mgmtnet rules init DIR` begins one.",
    ),
    "no-operator": Meaning("A field is tested for nothing.", "Write a value, or a map of comparisons."),
    "no-pattern": Meaning("`when` is empty, so there is nothing to fire on.", "Begin with `- management: {}`."),
    "no-reason": Meaning(
        "The rule does not say why it is there. Whoever wonders in a year whether it can go has nothing to judge by.",
        "Say under `why` what happens to a host without it, and where that is known from.",
    ),
    "no-row": Meaning("A table has no row.", "Add one: `row: [cell, ...]`."),
    "no-schema-line": Meaning(
        "The file does not tell editors which schema it follows, so they complete nothing and mark no mistakes.",
        "`mgmtnet rules check --fix` puts the line in.",
    ),
    "nothing-to-give-up": Meaning(
        "A ruleset that extends no other gives up invariants.", "Delete the invariants instead."
    ),
    "nothing-to-disable": Meaning("A ruleset that extends no other disables rules.", "Delete the rules instead."),
    "out-of-range": Meaning(
        "A number is outside of what its field can hold.",
        "Give one inside; null stands for none.",
    ),
    "override-circle": Meaning(
        "Rules override each other in a circle, so none would ever speak.",
        "Take one override out.",
    ),
    "overrides-itself": Meaning("A rule overrides itself.", "Name the rule that it is to silence."),
    "refusal-without-hint": Meaning(
        "A refusal does not say what to do. Whoever gets it stands before a host that cannot be added.",
        "Add `hint:`.",
    ),
    "rests-on-no-refusal": Meaning(
        "An invariant is said to rest on a rule that refuses nothing, so nothing would change without it.",
        "Name the rules under `rests_on` that refuse; `mgmtnet rules prove --carried=all` finds them.",
    ),
    "rule-exists": Meaning(
        "A rule has the name of one in the ruleset that is extended, and does not say that it takes its place.",
        "Write `overrides: [its-name]`, or give it another name.",
    ),
    "stage-violation": Meaning(
        "A rule says something that belongs to another stage: locate finds the device, devise sets the "
        "attachment, guard judges it.",
        "Move the rule to the folder of the stage that says it.",
    ),
    "table-gap": Meaning(
        "Hosts that a table is about match none of its rows.",
        "Add a row for them, or say why none is due.",
    ),
    "table-overlap": Meaning("Two rows of a table match the same host.", "Narrow one, or let it override the other."),
    "table-too-wide": Meaning("A table has too many combinations to be looked through for gaps.", "Split it."),
    "too-many-patterns": Meaning(
        "A rule has more patterns than are matched quickly.",
        "Conclude something in between.",
    ),
    "too-many-rows": Meaning("A table has more rows than are looked through.", "Split it into two files."),
    "type-clash": Meaning(
        "A number is compared with text, or given to a field that holds text.",
        "Compare fields of one type; `mgmtnet rules fields KIND` shows them.",
    ),
    "unknown-alias": Meaning("A reference names what no pattern above matches.", "Match it above, or mend its name."),
    "unknown-attachment-field": Meaning(
        "`set` names something that an attachment does not have.",
        "`mgmtnet rules fields set` shows what there is.",
    ),
    "unknown-column": Meaning(
        "A column of a table is neither a test nor a saying.",
        "Write alias.field, or refuse.code.",
    ),
    "unknown-field": Meaning(
        "A pattern, a conclusion or a question (`mgmtnet why`) names a field that is not there.",
        "`mgmtnet rules fields KIND` shows those of a kind.",
    ),
    "unknown-key": Meaning("A file has a key that means nothing there; often it is misspelt.", "Take the nearest one."),
    "unknown-kind": Meaning("There is no such kind of fact.", "`mgmtnet rules fields` lists them."),
    "unknown-operator": Meaning("There is no such comparison.", "Use is, not, lt, le, gt, ge, in, not-in or matches."),
    "unknown-rule": Meaning(
        "There is no rule of this name in the ruleset: it is misspelt, in another ruleset, or disabled.",
        "`mgmtnet rules list` shows them all.",
    ),
    "unknown-ruleset": Meaning(
        "The ruleset is neither installed nor a folder, or a git revision does not have it.",
        "Name an installed one, or the folder that holds its ruleset.yaml.",
    ),
    "unknown-word": Meaning("A field is held against a word that it never has.", "Take one of its words."),
    "untested-rule": Meaning(
        "No golden is named on which the rule fires, so nobody knows that it does.",
        "Add a captured host by `mgmtnet golden new`, and name it under `examples`.",
    ),
    "which-row": Meaning(
        "An example of a table does not say which row is meant.",
        "Give the rows a column examples.fires.",
    ),
    "wrong-type": Meaning(
        "A value is of another kind than its key takes: a list, a map, text, a number.",
        "See the hint.",
    ),
    "wrong-width": Meaning(
        "A row has more or fewer cells than the table has columns.",
        "Write ~ where nothing is said.",
    ),
}


# Codes of what the bench finds: rules tried, compared and released, goldens, and files that it writes.


WORKBENCH = {
    "always-overridden": Meaning(
        "Whenever the rule matches, one that overrides it matches too, so it never says anything.",
        "Narrow the other one, or take this one out.",
    ),
    "bad-reasons": Meaning("The file of reasons for surviving mutants is no list of them.", "See docs/mutation.yaml."),
    "compiled-differs": Meaning(
        "The compiled form of a ruleset bears the seal and says something else than the files. Somebody forged it.",
        "Plan with nothing from this folder, and ask whoever released it.",
    ),
    "engine-failed": Meaning(
        "The rule engine failed on a stage; nothing was decided.",
        "Report it with the capture and the rules.",
    ),
    "engine-spared": Meaning(
        "The rules reach more facts than the rule engine handles, so the planner's own matcher decided alone.",
        "Narrow the rules that look at every fact of a kind.",
    ),
    "engines-disagree": Meaning(
        "The rule engine and the planner's own matcher came to different results; nothing was decided.",
        "Report it with the capture and the rules.",
    ),
    "file-exists": Meaning("Where a file is to be made there is one. Nothing is overwritten.", "Choose another name."),
    "file-unwritable": Meaning("A file or folder cannot be written.", "See to the permissions, and to the space left."),
    "folder-not-empty": Meaning(
        "A policy is begun in an empty folder only.",
        "Name a new one; nothing is overwritten.",
    ),
    "folder-unreadable": Meaning("What is named is no folder, or is closed.", "Name a new one."),
    "git-failed": Meaning(
        "The repository cannot be read: an object is missing, as in a partial clone, or damaged.",
        "`git fsck` tells more.",
    ),
    "golden-exists": Meaning(
        "There is a golden of this name.",
        "Choose another; `mgmtnet golden update` brings its plan up to date.",
    ),
    "golden-invalid": Meaning(
        "A golden's about.yaml or plan.json is not what it is to be.",
        "`mgmtnet golden update` writes plan.json anew; about.yaml needs a mapping with `address`.",
    ),
    "invariant-refuted": Meaning(
        "There is a host on which the rules break an invariant; the planner was run on it.",
        "`mgmtnet rules prove -o json` has its capture: mend the rules, or what the invariant asks for.",
    ),
    "invariant-symbolic-only": Meaning(
        "The solver has facts that break an invariant, and no capture was found that has them.",
        "An axiom may be missing: report it with the rules.",
    ),
    "invariant-undecided": Meaning(
        "Whether the rules keep an invariant was not decided in the time that is given to it.",
        "Fewer patterns with `no` make an invariant easier.",
    ),
    "no-folder": Meaning("A release is of a folder.", "Give the folder that holds ruleset.yaml."),
    "no-git": Meaning("Revisions are read with git, which is not installed.", "Install git, or name a folder."),
    "no-golden": Meaning(
        "No golden was found: a folder with a definition.yaml and a capture.",
        "Name their folder; `mgmtnet golden new` makes one.",
    ),
    "no-hosts": Meaning("A folder that is to hold hosts has none.", "Name goldens or captures by --hosts."),
    "no-rules": Meaning("No ruleset is in the places named.", "Name the folder that holds ruleset.yaml."),
    "no-terminal": Meaning(
        "A question is to be asked, and nobody is at a terminal.",
        "Run it in one, or without asking.",
    ),
    "not-formattable": Meaning("The file cannot be put into its canonical form.", "Mend what the message names first."),
    "nothing-devised": Meaning(
        "No rule says what to attach the network to, so the host cannot be planned.",
        "`mgmtnet why-not CAPTURE RULE` tells for a rule of the devise stage which pattern failed.",
    ),
    "nothing-meant": Meaning(
        "What --only names is neither a rule nor a golden.",
        "See the hint, or `mgmtnet rules list`.",
    ),
    "options-contradict": Meaning("Two options ask for opposite things.", "Leave one out."),
    "output-incomplete": Meaning(
        "The plan has something that the words asked for (`-o netplan`, `-o rest`, ...) cannot say, or that whoever "
        "reads them would do otherwise. Nothing is printed, since what is left out would be lost on the host.",
        "Take `-o vdsm` or `mgmtnet apply`, which have words for all of a plan, or another output (docs/outputs.md).",
    ),
    "possible-conflict": Meaning(
        "On some host two rules give one field different values: the finding has the host. As a warning it is the word "
        "of the solver alone, for which no capture was found.",
        "Let one name the other under `overrides`, or narrow its `when`.",
    ),
    "reason-without-survivor": Meaning(
        "A reason is given for a mutant that a golden notices by now, or that is no more.",
        "Take the reason out.",
    ),
    "redundant-rule": Meaning(
        "Whatever the rule says is said by others whenever it speaks, on every host: without it no plan changes.",
        "Take it out, unless it is there for whoever reads the rules.",
    ),
    "redundant-test": Meaning(
        "The rule matches the same facts without the test, on every host: it follows from the others.",
        "Take it out, unless it is there for whoever reads the rule.",
    ),
    "released": Meaning("A released version does not change.", "Copy the folder to a new version without a digest."),
    "rule-conflict": Meaning(
        "Two rules gave one field different values on this host, or found two management devices; nothing was decided.",
        "Let one name the other under `overrides`, or narrow its `when`; `mgmtnet rules check` looks for more of them.",
    ),
    "scrubbed-away": Meaning(
        "After renaming, other rules fire on the host than before: it is another case, since a rule looks at a name.",
        "Keep that name: --keep NAME.",
    ),
    "since-later": Meaning("A rule claims a later version than its ruleset has.", "Mend `since`, or raise it."),
    "too-many-matches": Meaning(
        "The facts of this host match some rule in too many combinations.",
        "Join its patterns by a reference, so that not each fact goes with each.",
    ),
    "uncovered-topology": Meaning(
        "On some kind of host no rule says what to attach the network to.",
        "Add a rule that does, or one that refuses the host by name.",
    ),
    "unexplained-survivor": Meaning(
        "A slip in a rule would be noticed by no golden, and nobody says why none can.",
        "Add a host that shows it, or the reason.",
    ),
    "unknown-name": Meaning("There is no rule and no code of this name.", "See the hint; `mgmtnet rules list`."),
    "unsound-rule": Meaning(
        "A compiled rule says something that no rule file can: the form was made by something else.",
        "Delete compiled.jsonl; the files are read then.",
    ),
    "untested": Meaning("A version is sealed when its tests pass.", "See `mgmtnet rules test`."),
    "version-sealed": Meaning(
        "This version was sealed before, with other files. A version means one set of rules for ever.",
        "Raise the version.",
    ),
    "worker-lost": Meaning(
        "The process that planned this host was killed, and so was the one that tried again. All others are planned.",
        "Most often memory has run out; the kernel's log says so. See whether the file is a host's capture at all.",
    ),
}


# Codes of what can be the matter with hosts, with runs that change them, and with what runs need.


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
    "fault-occurrence": Meaning("The number of the call in a --fault is malformed.", "Write VERB:FAULT:N, N from 1."),
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
    "nothing-to-undo": Meaning(
        "The run has changed nothing that could be put back: it ended as before or adopted, or it only made the "
        "network VDSM's own as the host stood. VDSM cannot give a device up and leave it its address.",
        "`mgmtnet status` lists the runs and how they ended.",
    ),
    "not-asked": Meaning(
        "The run does not ask whether its change is to be kept: it was begun without --confirm-within, has not come so "
        "far, or has ended.",
        "`mgmtnet status RUN` shows how it stands.",
    ),
    "not-kept": Meaning(
        "The change stood as planned, and nobody said in time that it is to be kept (--confirm-within). Nothing of it "
        "was saved; the way back was sent, and the host read again.",
        "Apply it again, try the host out, and keep it: `mgmtnet confirm RUN`, or `yes` at the terminal.",
    ),
    "not-over-engine": Meaning(
        "What is asked for may have to take a network back, and the engine's REST API cannot: it builds only what is "
        "defined.",
        "Speak with VDSM itself (--transport auto).",
    ),
    "not-agreed": Meaning("Nobody can be asked here, and nothing was sent.", "--yes applies without asking."),
    "plan-altered": Meaning(
        "The calls in the plan's file are not those that its attachment makes: somebody edited it.",
        "Make the plan anew from the definition that is wanted.",
    ),
    "plan-and-definition": Meaning("A plan says already what is wanted.", "Give one of the two."),
    "plan-malformed": Meaning("The file is no plan.", "Make one: mgmtnet plan CAPTURE ... -o json."),
    "port-malformed": Meaning("--port is no port.", "Give a number from 0 to 65535; 0 takes any."),
    "probe-unusable": Meaning(
        "A --probe is malformed.",
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
    "unknown-variable": Meaning(
        "A variable of the environment begins with MGMTNET_ and stands for no option of any command: a slip, most "
        "likely, and what it was to say is not heard.",
        "An option --name is MGMTNET_NAME; unset the variable where it was meant for something else.",
    ),
    "undo-overtaken": Meaning(
        "The host is not as the run has left it. What came since may rest on what would be taken back, or has "
        "changed it already.",
        "Undo what came since, the last first; or define the network as it is to be, and apply that.",
    ),
    "stale-plan": Meaning(
        "The host is not as it was when the plan was made; the plan might move another device now.",
        "Make the plan anew.",
    ),
    "state-unwritable": Meaning(
        "The folder of the state cannot be written or locked.",
        "See to it, or set MGMTNET_STATE.",
    ),
}


# Codes of the service.


SERVICE = {
    "audit-unkept": Meaning(
        "The service cannot write down who asked it to change hosts, so it does not begin.",
        "Name a file by --audit, or see to the permissions of the state folder.",
    ),
    "service-busy": Meaning(
        "Every process of the service that could answer is at work, or as many rehearsals or streams are open as "
        "there may be.",
        "Ask again in some seconds; if it is so often, give the service more --workers.",
    ),
    "cannot-listen": Meaning(
        "The service cannot listen where it was told to: the port is taken, or the address is not one of this "
        "machine's.",
        "Name another address or port by --listen.",
    ),
    "decision-unknown": Meaning(
        "No decision of that digest is kept.",
        "Take it from the header Mgmtnet-Decision of an answer that this service gave.",
    ),
    "decisions-unkept": Meaning(
        "Decisions are not kept here, or the folder or database for them cannot be used.",
        "Start the service with --decisions, and name a folder of yours or a database that answers.",
    ),
    "drawing-unkept": Meaning(
        "Of the rollout's host nothing is kept that could be drawn: no run has begun on it yet, or none could.",
        "Ask again once the host is worked on.",
    ),
    "encoding-unmeant": Meaning(
        "The request is compressed. A few bytes could unpack to more than the memory holds.",
        "Send it as it is.",
    ),
    "files-unfit": Meaning(
        "A file of the author's has a path that no rule has, is too large, or there are too many.",
        "Name files like guard/my-rule.yaml.",
    ),
    "host-unknown": Meaning(
        "The request was sent to another name than the service's. By a name that was made to lead here, a page of "
        "another site could ask.",
        "Use the address that the service listens on, or tell it the name by --host-name.",
    ),
    "internal-fault": Meaning(
        "The service has met a fault of its own while it answered.",
        "Report it with the request; the service goes on.",
    ),
    "key-needed": Meaning(
        "A run is begun without a key by which it could be told from a second one.",
        "Send Idempotency-Key, a text that is new for each change.",
    ),
    "key-reused": Meaning(
        "The Idempotency-Key has come before, with another request.",
        "Take a new key for a new change.",
    ),
    "listen-unguarded": Meaning(
        "The service would listen where others can ask, without TLS or without knowing who asks.",
        "Give --tls-cert and --tls-key, and --tokens or --client-ca; or listen on 127.0.0.1.",
    ),
    "media-unmeant": Meaning(
        "The request is not called JSON. What a page of another site can send without being asked is not taken.",
        "Send Content-Type: application/json.",
    ),
    "method-unmeant": Meaning(
        "The call is not made by that HTTP method.",
        "See /openapi.json for the methods of each call.",
    ),
    "not-acceptable": Meaning(
        "None of the types that the caller accepts can be answered.",
        "Accept one of those that /openapi.json names for the call.",
    ),
    "not-found": Meaning(
        "The service has no such call.",
        "See /openapi.json for the calls.",
    ),
    "origin-foreign": Meaning(
        "A page of another site asks. It could read what its visitor may see.",
        "Use the service's own page, or a program.",
    ),
    "request-cut": Meaning(
        "The connection ended before the request was whole.",
        "Send it again.",
    ),
    "request-invalid": Meaning(
        "The request is not as the contract has it.",
        "See what /openapi.json says of the call.",
    ),
    "request-malformed": Meaning(
        "The request is no JSON.",
        "Send one JSON document in UTF-8.",
    ),
    "request-too-deep": Meaning(
        "The request's JSON is nested deeper than any capture is.",
        "Send the capture as VDSM gave it.",
    ),
    "request-too-large": Meaning(
        "The request is larger than the largest host, or needs more memory to answer than it may have.",
        "Ask for less at once; for many hosts send a host a line.",
    ),
    "request-too-slow": Meaning(
        "The request did not come in time. Slow senders would hold connections for nothing.",
        "Send it at once.",
    ),
    "run-exists": Meaning(
        "There has been a run of that name. A name serves once, so that asking again begins nothing twice.",
        "See what became of it: mgmtnet status; name the next one otherwise.",
    ),
    "run-failed": Meaning(
        "The process of a run ended before it could say what was wrong.",
        "See what the service has written to standard error.",
    ),
    "runs-disabled": Meaning(
        "The service was started without leave to change hosts.",
        "Start it with --runs, and with --tokens or --client-ca.",
    ),
    "runs-unguarded": Meaning(
        "The service may change hosts, and anybody on the machine could ask for it.",
        "Give --tokens or --client-ca.",
    ),
    "scope-missing": Meaning(
        "The caller is known, and may not do this.",
        "Use a token that has the scope.",
    ),
    "solver-missing": Meaning(
        "Proofs need the solver, which is not installed beside the service.",
        "Install the extra author.",
    ),
    "tls-incomplete": Meaning(
        "TLS needs a certificate and its key, and clients' certificates need TLS.",
        "Give --tls-cert and --tls-key.",
    ),
    "tls-unusable": Meaning(
        "The certificate, its key or the CA cannot be used.",
        "Give PEM files that belong together, the key unencrypted.",
    ),
    "token-needed": Meaning(
        "The service knows its callers by tokens, and the request has none that it knows.",
        "Send Authorization: Bearer TOKEN; make one by mgmtnet serve --new-token.",
    ),
    "tokens-unfit": Meaning(
        "The file of tokens cannot be used: a line is wrong, others may write to it, or it holds none.",
        "Make tokens by mgmtnet serve --new-token, and keep the file your own.",
    ),
    "too-late": Meaning(
        "The answer took longer than it may, and the process that worked on it was stopped.",
        "Ask for less at once, or give the service more --patience.",
    ),
    "too-many-requests": Meaning(
        "The caller asks more often than it may.",
        "Wait for as long as Retry-After says; --rate sets how often.",
    ),
    "unknown-golden": Meaning(
        "No captured host of that name comes with mgmtnet; or none lies with the rules whose examples name it.",
        "See /v1/goldens; of rules, the folder golden beside them: `mgmtnet golden new` makes one.",
    ),
    "unknown-invariant": Meaning(
        "The ruleset has no invariant of that name.",
        "See /v1/invariants.",
    ),
    "unknown-schema": Meaning(
        "There is no schema of that name.",
        "See the folder schemas, or the links in /openapi.json.",
    ),
}


# Codes of rollouts.


ROLLOUTS = {
    "host-unwanted": Meaning(
        "The table of what is wanted has no row about a host that is to be rolled out to.",
        "Name the host, or a pattern for it, in the column `capture`; or leave it out of --hosts.",
    ),
    "rollout-database-stale": Meaning(
        "The database has less in it than a worker has seen before: a backup was put back, or a replica took over that "
        "had not been told everything. What was done since is unknown to it, so nothing is begun by what it says.",
        "Point --database at the right one. To use this one: `mgmtnet rollout resume NAME --restored`; every host that "
        "was not at its end there is read again, and one that is as planned is left alone.",
    ),
    "rollout-ended": Meaning(
        "The rollout has ended; there is nothing to pause or to stop.",
        "`mgmtnet rollout status NAME` shows how it ended; `rollout resume` goes on where that can be.",
    ),
    "rollout-exists": Meaning("There has been a rollout of that name.", "Take another --name."),
    "rollout-malformed": Meaning(
        "The rollout in the database is not written as mgmtnet writes them.",
        "Find out who writes there. The runs of its hosts are their own: `mgmtnet status` lists them.",
    ),
    "rollout-newer": Meaning(
        "The rollout was written by a later mgmtnet, in a form that this one cannot read.",
        "Use that version here; workers of it go on with the rollout.",
    ),
    "rollout-rules": Meaning(
        "The rollout was planned by other rules than are at hand here. A worker takes only hosts whose rules it has.",
        "Give the --rules or --policy that it was started with, as they were then.",
    ),
    "rollout-host-unknown": Meaning(
        "The rollout works on no host of that name.",
        "GET /v1/rollouts/NAME has its hosts; those that it refused before it started are in `listed`.",
    ),
    "rollout-unknown": Meaning("There is no rollout of that name.", "`mgmtnet rollout status` lists them."),
    "shape-differs": Meaning(
        "The plan for the host, as it is now, does something else than the one that was agreed to: it differs in shape "
        "(which steps, devices of which kinds, which rules), and not only in names and addresses.",
        "See by `mgmtnet plan` what it would do, and apply it by itself.",
    ),
    "waves-malformed": Meaning(
        "What was given as waves is not understood.",
        "Write how many hosts each has, or their percentage, like 1,5%,25%,rest.",
    ),
    "window-malformed": Meaning(
        "What was given as the window is no time from when to when hosts may begin.",
        "Write it like 22:00-04:00, with the name of a time zone after it if it is another than this machine's.",
    ),
}


# Codes of what a setupNetworks call would take from the management network (`mgmtnet judge`, vdsm-hook-mgmtnet).


CALLS = {
    "address-twice": Meaning(
        "The call gives the management address to a network, and leaves it on the device that has it today. Which of "
        "the two answers is chance.",
        "Take the address off the device first, or attach the network to that device, with its tag.",
    ),
    "call-malformed": Meaning(
        "What was to be judged is no setupNetworks call: no JSON, or without networks and bondings.",
        "Give what `mgmtnet plan -o vdsm` prints, what VDSM gives to its hooks, or a line of vdsm.log.",
    ),
    "call-taken": Meaning(
        "A log of VDSM's has several setupNetworks calls, and the last one was judged.",
        "Nothing, if that one is meant; else keep the line of another in the file.",
    ),
    "call-unplayable": Meaning(
        "A call is judged by playing it to a stand-in for the host, which knows Linux bridges, and not Open vSwitch.",
        "Judge the call by hand.",
    ),
    "changes-lease": Meaning(
        "The management address is a lease, or one of several addresses of a device that asks DHCP, and nothing shows "
        "that what the call makes is given the same. DHCPv6 is asked by an identifier of the device's own.",
        "Reserve the address by the new identifier, make it static, or look for the host at a new address.",
    ),
    "code-unknown": Meaning(
        "What --allow names is none of the codes that a judgement may have.",
        "Write one of those that docs/hook.md lists.",
    ),
    "leaves-address": Meaning(
        "The call makes the management network, by its name, on something else than what has the management address, "
        "which stays where it is: the host is reached, but not by the engine's management network.",
        "Attach the network to the device of the management address, with its tag; see docs/hook.md if that was not "
        "found rightly.",
    ),
    "loses-address": Meaning(
        "No device has the management address after the call: its network is removed, gets another address or a lease, "
        "or its device is put under something else. Or its MTU goes below 1280, at which the kernel takes IPv6 away.",
        "State the address, with its netmask, on the network that stands on that device.",
    ),
    "loses-bond": Meaning(
        "The management address is on a single nic afterwards, where a bond carries it today.",
        "Keep the bond, or change the switch's ports first and allow this code for the change.",
    ),
    "loses-bond-member": Meaning(
        "The bond that carries the management address loses a member, and keeps others.",
        "See that what is left has a link.",
    ),
    "loses-bond-mode": Meaning(
        "The bond that carries the management address runs in another mode afterwards: the switch's side of 802.3ad "
        "does not serve balance-rr, nor the other way round. A bond that a call names without options loses its own.",
        "Name the bond with the options that it has.",
    ),
    "loses-bridge": Meaning(
        "The management network becomes one without a bridge, or goes, while virtual machines are on that bridge. A "
        "hosted engine is one of them.",
        "Migrate the virtual machines first.",
    ),
    "loses-default-route": Meaning(
        "The host has its default route over the management device today, and none after the call: what is behind a "
        "router, such as the engine, is not answered.",
        "Name the gateway, and defaultRoute; allow this code where the engine is in the host's own subnet.",
    ),
    "loses-further-address": Meaning(
        "The management device has further addresses that are gone after the call: VDSM gives a network one a family.",
        "Move what uses them before.",
    ),
    "loses-network": Meaning(
        "The management address is kept, but on a network of another name: the engine looks for the management network "
        "by its name, and does not find it.",
        "Keep the address on the network that has it.",
    ),
    "loses-nics": Meaning(
        "After the call the management address goes over other nics only than today. Whether these are wired to the "
        "same network, nobody has seen.",
        "Keep one of the nics, as a member of a bond for instance, until the others have been seen to work.",
    ),
    "loses-tag": Meaning(
        "The management address is sent with another VLAN tag than today, or with none: it leaves its VLAN.",
        "Ask for the tag that the host has.",
    ),
    "loses-unseen-gateway": Meaning(
        "The call takes a device over with a static address and without a gateway, and the host reports no gateway at "
        "all. VDSM on Enterprise Linux 9 before 4.50.7 hides them, so that the engine itself asks for that, and the "
        "host loses its default route.",
        "Name the gateway that `ip route show default` tells; allow this code where there is none.",
    ),
    "lowers-mtu": Meaning(
        "Something under the management address takes smaller frames after the call.",
        "See that nothing needs the larger ones.",
    ),
    "moves-default-route": Meaning(
        "The default route leads over another device after the call.",
        "See that the engine is reached over it, or in the host's own subnet.",
    ),
    "raises-mtu": Meaning(
        "The management address sends larger frames after the call than it was seen to: ping works, the engine hangs.",
        "Ping the engine with a full frame first.",
    ),
    "vdsm-refuses": Meaning(
        "VDSM, nmstate or the kernel would not take the call; the message has VDSM's code. The host is not lost by it.",
        "Mend the call.",
    ),
}


# By what they are about, as a reader would look for them.
CHAPTERS: Mapping[str, Mapping[str, Meaning]] = {
    "captures and definitions": INPUTS,
    "rule files": LANGUAGE,
    "trying, comparing and releasing rules": WORKBENCH,
    "calls to be judged": CALLS,
    "hosts and runs": RUNS,
    "rollouts": ROLLOUTS,
    "the service over HTTP": SERVICE,
}
CODES: Mapping[str, Meaning] = {code: meaning for chapter in CHAPTERS.values() for code, meaning in chapter.items()}
