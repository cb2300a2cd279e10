"""Git repositories whose owner means harm: `rules diff` runs nothing of theirs, and is not misled."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

from attacking import SHIELDED, Family, FellError, golden, spoken, unsealed
from hosts_on_stage import ROOT
from mutations import NASTY

HOST = "nic-static"
RULE = "rules/ovirtmgmt/1.0/devise/as-defined.yaml"
CHANGED = 4
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.ext.allow=always")
NOT_OF_THE_USER = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
FOLDERS = ("rules/ovirtmgmt/1.0", "", "a b/site", "café/site", "-n/site", "'\"$(id)/site", "x\ty/site", "site\x1b[31m")
TOUCH = "touch {canary} #"


class Repository:
    """A repository in which the rule that decides the MTU is changed between HEAD~1 and HEAD."""

    def __init__(self, folder: Path, shelf: str) -> None:
        """``shelf``: the folder of the ruleset, "" for that of a revision without one."""
        self.folder = folder
        self.canary = folder.parent / "canary"
        self.rule = folder / (RULE if not shelf else f"{shelf}/devise/as-defined.yaml")
        rules = folder / (shelf or "rules/ovirtmgmt/1.0")
        shutil.copytree(ROOT / "rules" / "ovirtmgmt" / "1.0", rules)
        unsealed(rules)
        self.git("init", "-q", "-b", "main")
        self.commit("as it was")

    def change(self) -> None:
        """Another MTU, for each host."""
        self.rule.write_text(self.rule.read_text().replace("mtu: $definition.mtu", "mtu: 1400"))
        self.commit("as it is")

    def commit(self, told: str) -> None:
        """All that lies there."""
        self.git("add", "-A")
        self.git("commit", "-qm", told)

    def git(self, *words: str, given: str = "") -> str:
        """What git says."""
        done = subprocess.run(
            [*GIT, *words],
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=True,
            env=SHIELDED | NOT_OF_THE_USER,
        )
        return done.stdout.strip()

    def configure(self, **values: str) -> None:
        """Settings of the repository's own, a ``__`` for a dot; what they run is told by the canary."""
        for name, value in values.items():
            self.git("config", name.replace("__", "."), value.format(canary=self.canary))

    def script(self, path: Path) -> None:
        """A program that is the canary's."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch '{self.canary}'\ncat\n")
        path.chmod(0o755)


def _plain(_: Repository) -> None:
    """Nothing: what the others are measured by."""


def _attributes(repository: Repository) -> None:
    """Filters, text conversion and merging that run programs."""
    repository.configure(
        filter__evil__smudge=f"{TOUCH}",
        filter__evil__clean="cat",
        filter__evil__process=TOUCH,
        diff__evil__textconv=TOUCH,
    )
    repository.configure(diff__evil__command=TOUCH, merge__evil__driver=TOUCH)
    (repository.folder / ".git/info/attributes").write_text("* filter=evil diff=evil merge=evil\n")


def _committed_attributes(repository: Repository) -> None:
    """The same, from the tree."""
    repository.configure(filter__evil__smudge=TOUCH)
    (repository.folder / ".gitattributes").write_text("*.yaml filter=evil working-tree-encoding=UTF-16 eol=crlf\n")
    repository.git("add", ".gitattributes")
    repository.git("commit", "-qm", "attributes")
    repository.git("commit", "-q", "--allow-empty", "-m", "again")


def _hidden(repository: Repository) -> None:
    """A rule that an archive leaves out."""
    (repository.folder / ".git/info/attributes").write_text("as-defined.yaml export-ignore\n* export-subst\n")


def _archivers(repository: Repository) -> None:
    """Programs that make archives."""
    repository.configure(tar__tar__command=TOUCH, tar__umask="user")
    repository.git("config", "tar.tar.remote", "true")


def _hooks(repository: Repository) -> None:
    """Hooks and monitors."""
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "fsmonitor", "pre-auto-gc"):
        repository.script(repository.folder / "evil" / hook)
    repository.configure(core__hooksPath=str(repository.folder / "evil"))
    repository.configure(core__fsmonitor=str(repository.folder / "evil" / "fsmonitor"))


def _programs(repository: Repository) -> None:
    """Whatever else a setting can name: a pager, an editor, an alias of git's own words, helpers."""
    repository.configure(core__pager=TOUCH, core__editor=TOUCH, core__sshCommand=TOUCH, core__askPass=TOUCH)
    repository.configure(gpg__program=TOUCH, log__showSignature="true", credential__helper=f"!{TOUCH}")
    repository.configure(diff__external=TOUCH, core__alternateRefsCommand=TOUCH, uploadpack__packObjectsHook=TOUCH)
    for word in ("rev-parse", "archive", "ls-tree", "cat-file", "show"):
        repository.git("config", f"alias.{word}", f"!touch {repository.canary}")


def _promised(repository: Repository) -> None:
    """Objects that are not there, and a program that would fetch them."""
    blob = repository.git("rev-parse", f"HEAD:{repository.rule.relative_to(repository.folder)}")
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    repository.configure(core__repositoryFormatVersion="1", extensions__partialClone="origin", protocol__allow="always")
    repository.configure(remote__origin__url="ext::sh -c touch% {canary}", remote__origin__promisor="true")


def _replaced(repository: Repository) -> None:
    """The change's rule stands for the one before it, and a commit for another."""
    place = repository.rule.relative_to(repository.folder)
    repository.git(
        "replace", repository.git("rev-parse", f"HEAD:{place}"), repository.git("rev-parse", f"HEAD~1:{place}")
    )


def _grafted(repository: Repository) -> None:
    """A commit that stands for its parent."""
    repository.git("replace", repository.git("rev-parse", "HEAD"), repository.git("rev-parse", "HEAD~1"))


def _strange(repository: Repository) -> None:
    """Links, modules, large and odd files among the rules."""
    rules = repository.rule.parent
    (rules / "link.yaml").symlink_to("/etc/passwd")
    (rules / "loop.yaml").symlink_to("loop.yaml")
    (rules / "large.yaml").write_text("# " + "x" * (8 << 20))
    (rules / "no utf-8.yaml").write_bytes(b"rule: \xff\xfe\n")
    for number, name in enumerate(
        name for name in NASTY if 0 < len(name) < 40 and "/" not in name and "\0" not in name
    ):
        if name not in (".", "..") and name.isprintable():
            (rules / f"{name}{number}.yaml").write_text(f"rule: r{number}\n")
    repository.commit("strange")
    repository.git("commit", "-q", "--allow-empty", "-m", "again")


def _ambiguous(repository: Repository) -> None:
    """Branches and tags that are called as revisions are, or as options."""
    for name in ("HEAD", "refs/heads/HEAD~1", "ovirtmgmt"):
        subprocess.run([*GIT, "tag", name, "HEAD"], cwd=repository.folder, capture_output=True, check=False)
    repository.git("update-ref", "refs/heads/--output=evil", "HEAD")


HARM: dict[str, Callable[[Repository], None]] = {
    "nothing": _plain,
    "attributes": _attributes,
    "committed attributes": _committed_attributes,
    "hidden": _hidden,
    "archivers": _archivers,
    "hooks": _hooks,
    "programs": _programs,
    "promised": _promised,
    "replaced": _replaced,
    "grafted": _grafted,
    "strange": _strange,
    "ambiguous": _ambiguous,
}
# After these HEAD and the one before it have the same rules, or cannot be read.
ALIKE = ("committed attributes", "strange")
REVISIONS = (
    "HEAD~1",
    "--output=evil",
    "-h",
    "HEAD^{tree}",
    "HEAD:../..",
    "main..HEAD",
    ":/as",
    "@{0}",
    "HEAD\x1b[31m",
    "",
)


def prepare(chance: Random, number: int, folder: Path) -> None:
    """What harm, in which folder of rules, and whether the revision is odd, too."""
    harm = list(HARM)[number % len(HARM)]
    shelf = FOLDERS[0] if number < len(HARM) else chance.choice(FOLDERS)
    before = REVISIONS[0] if number < 4 * len(HARM) else chance.choice(REVISIONS)
    case = {"harm": harm, "shelf": shelf, "before": before, "output": chance.choice(("text", "json", "html"))}
    (folder / "case.json").write_text(json.dumps(case))


def run(folder: Path) -> None:
    """Make the repository, compare its last two revisions; the canary has to be unharmed."""
    case = json.loads((folder / "case.json").read_text())
    shutil.rmtree(folder / "repository", ignore_errors=True)
    repository = Repository(folder / "repository", case["shelf"])
    repository.change()
    HARM[case["harm"]](repository)
    repository.canary.unlink(missing_ok=True)  # what git ran meanwhile is its user's doing
    os.chdir(repository.folder)
    inside = f":{case['shelf']}" if case["shelf"] else ""
    before, after = case["before"] + inside, f"HEAD{inside}"
    hosts = ["--hosts", str(golden(HOST))]
    ended = spoken("rules", "diff", before, after, *hosts, "-o", case["output"], environ=NOT_OF_THE_USER)
    if repository.canary.exists():
        told = f"a program of a repository's was run: {case['harm']}"
        raise FellError(told)
    if (repository.folder / "evil").is_file():
        told = f"a revision is taken for an option: {before}"
        raise FellError(told)
    if ended.status == 0 and case["before"] == REVISIONS[0] and case["harm"] not in ALIKE:
        told = f"rules that differ are said to be alike: {case['harm']}"
        raise FellError(told)
    if ended.status != CHANGED and case["harm"] == "nothing" and case["before"] == REVISIONS[0]:
        told = f"a difference of an ordinary repository is not found\n{ended}"
        raise FellError(told)


# Git is run some twenty times to make a repository, which takes the clock, not the processor.
FAMILY = Family(
    "hostile repositories",
    "attributes, filters, hooks, programs, missing or replaced objects, strange names; `rules diff`, and a canary",
    240,
    prepare,
    run,
    processor=20,
    patience=90,
)
