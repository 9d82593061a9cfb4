"""`zoo completion bash|zsh`: a script that completes commands, models, variants and flags in that shell."""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field

from zoo.__main__ import jobs
from zoo.__main__ import main as zoo
from zoo.commands import console
from zoo.index import entries, ids

# Each asks `zoo completion words` with what stands in front of the cursor; where that has nothing to say, the shell
# completes names of files.
_SCRIPTS = {
    "bash": r"""_zoo() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(zoo completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o bashdefault -F _zoo zoo
""",
    "zsh": r"""#compdef zoo
_zoo() {
    local -a found
    found=("${(@f)$(zoo completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then
        compadd -- "${found[@]}"
    else
        _files
    fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _zoo zoo
""",
}
_FLAG = re.compile(r"^  (?:-\w(?: \S+)?, )?(--[\w-]+)(?: ([^ \n]+))?", re.MULTILINE)
_POSITIONAL = re.compile(r"^positional arguments:\n((?: .*\n?)*)", re.MULTILINE)
_MODEL = "MODEL"
_CHOICES = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True)
class Help:
    """What the help of a command says.

    Attributes:
        flags: what each takes: "" for nothing, "{a,b}" for one of these, else a word for what it is.
        positional: what may stand without a flag; "MODEL" for the name of a model.
    """

    flags: dict[str, str] = field(default_factory=dict)
    positional: Sequence[str] = ()


def main(argv: list[str] | None = None) -> int:
    """Print the script; `zoo completion words …` is what the script calls."""
    if argv and argv[0] == "words":
        return console.told(lambda: _print(argv[1:]))
    parser = argparse.ArgumentParser(
        prog="zoo completion",
        description="A script that completes commands, models and flags: "
        'eval "$(zoo completion bash)" in ~/.bashrc, or zsh in ~/.zshrc.',
    )
    parser.add_argument("shell", choices=tuple(_SCRIPTS))

    def job(args: argparse.Namespace) -> int:
        print(_SCRIPTS[args.shell], end="")
        return console.OK

    return console.run(job, parser.parse_args(argv))


def _print(line: Sequence[str]) -> int:
    for word in words(line):
        print(word)
    return console.OK


def words(line: Sequence[str]) -> list[str]:
    """What may stand in the place of the last word.

    Args:
        line: the words behind `zoo`, up to the cursor; the last one is being typed, and may be empty.
    """
    *before, typed = line or [""]
    if not before:
        return _beginning(typed, [*jobs(), "--help", "--version"])
    command = before[0]
    if command not in jobs():
        return []
    if jobs()[command] and len(before) == 1:
        return _models(typed)
    help_said = _help([command, before[1]] if jobs()[command] else [command])
    if len(before) > 1 and (takes := help_said.flags.get(before[-1])):
        return _beginning(typed, _values(before, takes))
    flags = [] if typed and not typed.startswith("-") else list(help_said.flags)
    choices = [one for one in help_said.positional if one != _MODEL]
    models = _models(typed) if _MODEL in help_said.positional and not typed.startswith("-") else []
    return models + _beginning(typed, [*choices, *flags])


def _beginning(typed: str, known: Sequence[str]) -> list[str]:
    return [one for one in known if one.startswith(typed)]


def _models(typed: str) -> list[str]:
    """Models and, behind the whole name of one, its variants; names without their domain where no domain begins so."""
    known = ids()
    if found := _beginning(typed, known):
        return found
    if variants := [f"{one.id}/{name}" for one in entries() for name in one.variants if typed.startswith(f"{one.id}/")]:
        return _beginning(typed, variants)
    return _beginning(typed, [one.partition("/")[2] for one in known])


def _values(before: Sequence[str], takes: str) -> list[str]:
    """What a flag takes, where that can be listed."""
    flag = before[-1]
    if choices := _CHOICES.fullmatch(takes):
        return choices[1].split(",")
    if flag == "--target":
        from engine import backends

        return [*backends.targets(), "auto"]
    if flag == "--variant":
        return [name for one in entries() if before[1] in (one.id, one.id.partition("/")[2]) for name in one.variants]
    return _booleans(takes)


def _booleans(takes: str) -> list[str]:
    return ["True", "False"] if "True|False" in takes else []


def _help(command: Sequence[str]) -> Help:
    """What `zoo COMMAND --help` says; nothing where there is no such model."""
    said = io.StringIO()
    # argparse ends its help with SystemExit
    with redirect_stdout(said), redirect_stderr(io.StringIO()), suppress(SystemExit):
        zoo([*command, "--help"])
    text = said.getvalue()
    found = _POSITIONAL.search(text)
    positional: list[str] = []
    for line in found[1].splitlines() if found else ():
        name = line.split()[0] if line.startswith("  ") and not line.startswith("   ") else ""
        positional += choices[1].split(",") if (choices := _CHOICES.match(name)) else [name] if name == _MODEL else []
    flags = {match[1]: match[2] or "" for match in _FLAG.finditer(text)}
    return Help(flags, positional)
