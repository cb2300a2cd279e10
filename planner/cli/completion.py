"""``mgmtnet completion``: the commands and options of the parser, as bash, zsh and fish want to be told of them."""

import argparse
from collections.abc import Iterator, Sequence
from shlex import quote
from typing import NamedTuple

from planner.cli.options import parser
from planner.cli.output import say

# Words for what is typed that name files; of others a shell knows nothing.
FILES = ("FILE", "DIR", "CAPTURE", "DEFINITION", "PATH", "TABLE", "PLAN", "INVENTORY", "CSV", "OLD", "NEW", "RULES")


class Option(NamedTuple):
    """An option, or a place without ``names``: how its value is called ("": it takes none), and which there may be."""

    names: tuple[str, ...]
    metavar: str
    choices: tuple[str, ...]
    told: str

    @property
    def files(self) -> bool:
        """Whether a file can be meant."""
        return any(word in self.metavar for word in FILES)


class Command(NamedTuple):
    """A command by its words (``rules check``), with what follows on it; the top one has no name."""

    name: str
    summary: str
    options: tuple[Option, ...]
    places: tuple[Option, ...]
    commands: tuple["Command", ...]

    def leaves(self) -> Iterator["Command"]:
        """The commands that do something."""
        if not self.commands:
            yield self
        for command in self.commands:
            yield from command.leaves()

    def every(self) -> Iterator["Command"]:
        """The command and all under it."""
        yield self
        for command in self.commands:
            yield from command.every()

    def listed(self) -> Iterator[tuple[tuple[str, ...], str, str]]:
        """Its options with how their values are called, and what they are for."""
        for option in self.options:
            yield option.names, "|".join(option.choices) or option.metavar, option.told

    @property
    def word(self) -> str:
        """Its last word."""
        return self.name.rpartition(" ")[2]


def tree() -> Command:
    """Every command, as the parser has it."""
    top = parser()
    return _command("", top.description or "", top)


def _command(name: str, summary: str, made: argparse.ArgumentParser) -> Command:
    options, places, commands = [], [], []
    for action in made._actions:  # noqa: SLF001  argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            summaries = {one.dest: one.help or "" for one in action._choices_actions}  # noqa: SLF001
            for word, one in action.choices.items():
                commands.append(_command(f"{name} {word}".strip(), summaries.get(word, ""), one))
        elif action.option_strings:
            options.append(_option(action))
        else:
            places.append(_option(action))
    return Command(name, summary, tuple(options), tuple(places), tuple(commands))


def _option(action: argparse.Action) -> Option:
    takes = action.nargs != 0
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    told = (action.help or "").replace("%%", "%")
    return Option(tuple(action.option_strings), metavar if takes else "", tuple(map(str, action.choices or ())), told)


def run_completion(options: argparse.Namespace) -> int:
    """Print it for a shell; the exit status."""
    say("\n".join({"bash": bash, "zsh": zsh, "fish": fish}[options.shell](tree())))
    return 0


def bash(top: Command) -> Iterator[str]:
    """For bash: what may follow on the commands that were typed, and on the option before the cursor."""
    yield "# mgmtnet's completion for bash: source <(mgmtnet completion bash)"
    yield "_mgmtnet_words() {"
    yield '  case "$1" in'
    for command in top.every():
        words = " ".join(
            [one.word for one in command.commands] + [n for option in command.options for n in option.names]
        )
        places = " ".join(choice for place in command.places for choice in place.choices)
        yield f"    {quote(command.name)}) echo {quote(f'{words} {places}'.strip())} ;;"
    yield from ("  esac", "}", "_mgmtnet_values() {", '  case "$1" in')
    for command in top.every():
        for option in command.options:
            pattern = "|".join(quote(f"{command.name} {name}".strip()) for name in option.names)
            if option.choices:
                yield f"    {pattern}) echo {quote(' '.join(option.choices))} ;;"
            elif option.metavar:
                yield f"    {pattern}) echo {'@files' if option.files else '@any'} ;;"
    yield from ("  esac", "}")
    yield """_mgmtnet() {
  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="" word values
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    case " $(_mgmtnet_words "$command") " in *" $word "*) command="${command:+$command }$word" ;; esac
  done
  values="$(_mgmtnet_values "${command:+$command }$before")"
  case "$values" in
    @files) COMPREPLY=($(compgen -f -- "$current")); return ;;
    @any) COMPREPLY=(); return ;;
    ?*) COMPREPLY=($(compgen -W "$values" -- "$current")); return ;;
  esac
  COMPREPLY=($(compgen -W "$(_mgmtnet_words "$command")" -- "$current"))
  [ -n "${COMPREPLY[*]}" ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _mgmtnet mgmtnet"""


def zsh(top: Command) -> Iterator[str]:
    """For zsh: a function for each command."""
    yield "#compdef mgmtnet"
    yield "# mgmtnet's completion for zsh: put it into a folder of $fpath as _mgmtnet"
    for command in top.every():
        yield f"{_function(command)}() {{"
        specs = [spec for option in command.options for spec in _specs(option)]
        if command.commands:
            yield "  local context state line"
            yield "  local -a commands"
            yield "  commands=("
            yield from (f"    {quote(one.word + ':' + one.summary.replace(':', ' -'))}" for one in command.commands)
            yield "  )"
            specs += ["'1: :->command'", "'*:: :->rest'"]
        specs += [f"'*:{_plain(place.metavar)}:{_action(place)}'" for place in command.places[-1:]]
        yield f"  _arguments {'-C ' if command.commands else ''}{' '.join(specs)}"
        if command.commands:
            yield "  case $state in"
            yield "    command) _describe command commands ;;"
            yield "    rest) case $words[1] in"
            yield from (f"      {one.word}) {_function(one)} ;;" for one in command.commands)
            yield from ("    esac ;;", "  esac")
        yield "}"
    yield """if [ "$funcstack[1]" = "_mgmtnet" ]; then _mgmtnet "$@"; else compdef _mgmtnet mgmtnet; fi"""


def _function(command: Command) -> str:
    return "_mgmtnet" + "".join(f"_{word}" for word in command.name.replace("-", "_").split())


def _specs(option: Option) -> Iterator[str]:
    value = f":{_plain(option.metavar)}:{_action(option)}" if option.metavar else ""
    for name in option.names:
        yield quote(f"{name}[{_plain(option.told)}]{value}")


def _action(option: Option) -> str:
    if option.choices:
        return f"({' '.join(option.choices)})"
    return "_files" if option.files else " "


def _plain(text: str) -> str:
    """``text`` without what means something to `_arguments`."""
    return text.translate(str.maketrans(":[]\\", "-()/", "'"))


def fish(top: Command) -> Iterator[str]:
    """For fish: a line for each word that may follow."""
    yield "# mgmtnet's completion for fish: put it into ~/.config/fish/completions/mgmtnet.fish"
    yield "complete -c mgmtnet -f"
    for command in top.every():
        here = _seen(command)
        for one in command.commands:
            yield f"complete -c mgmtnet -n {quote(here)} -a {one.word} -d {quote(one.summary)}"
        for place in command.places:
            if place.choices:
                yield f"complete -c mgmtnet -n {quote(here)} -a {quote(' '.join(place.choices))}"
            elif place.files:
                yield f"complete -c mgmtnet -n {quote(here)} -F"
        for option in command.options:
            yield f"complete -c mgmtnet -n {quote(here)} {_flags(option)}"


def _seen(command: Command) -> str:
    """The condition that ``command`` was typed, and none of those under it."""
    words = [f"__fish_seen_subcommand_from {word}" for word in command.name.split()]
    under = " ".join(one.word for one in command.commands)
    return "; and ".join([*words, *([f"not __fish_seen_subcommand_from {under}"] if under else [])]) or "true"


def _flags(option: Option) -> str:
    names: Sequence[str] = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    value = f" -x -a {quote(' '.join(option.choices))}" if option.choices else " -r -F" if option.files else " -x"
    return f"{' '.join(names)}{value if option.metavar else ''} -d {quote(option.told)}"
