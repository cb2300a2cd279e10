"""Codes of what the bench finds: rules tried, compared and released, goldens, and files that it writes."""

from planner.explain.codes.meaning import Meaning

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
    "possible-conflict": Meaning(
        "On some host two rules give one field different values. The host that shows it is drawn up with the finding.",
        "Let one name the other under `overrides`, or narrow its `when`.",
    ),
    "reason-without-survivor": Meaning(
        "A reason is given for a mutant that a golden notices by now, or that is no more.",
        "Take the reason out.",
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
}
