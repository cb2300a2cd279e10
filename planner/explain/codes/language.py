"""Codes of what is wrong with rule files, tables and manifests."""

from planner.explain.codes.meaning import Meaning

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
