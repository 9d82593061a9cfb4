"""`zoo readme --test MODEL`: what a model's README promises, done: every command in order, in a clean copy.

A fenced block in bash, sh or shell holds commands, one a line. One with the word `not-run` behind the language is for
reading only. A block with the word `checked` (```text checked) holds what the commands before it print; an ellipsis
(… or ...) in it stands for any text, and alone on a line for any lines.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo.commands import console
from zoo.commands.flags import positive
from zoo.contributing.check import carriers, process, workspace
from zoo.contributing.repository import here
from zoo.errors import CheckFailedError, ZooError
from zoo.provenance import provenance
from zoo_core.files import write_json

_SHELLS = ("bash", "sh", "shell", "console")
# They install, fetch, or need a device: nothing that a test of a README should do.
_LEFT_OUT = ("pip", "conda", "docker", "git", "make", "wget", "curl", "apt", "apt-get", "teco-smi", "mpirun")
_OPERATORS = set("|<>;&")


@dataclass(frozen=True)
class Block:
    """One fenced block. words: what stands behind the fence. line: where it begins."""

    words: tuple[str, ...]
    text: str
    line: int

    def is_commands(self) -> bool:
        return self.words[:1] != () and self.words[0] in _SHELLS

    def is_checked(self) -> bool:
        return "checked" in self.words[1:]


@dataclass(frozen=True)
class Result:
    """state: passed, failed or not run."""

    line: int
    what: str
    state: str
    reason: str = ""


@dataclass
class Place:
    """Where commands run, and what they have printed since the last commands block began."""

    root: Path
    folder: Path
    logs: Path
    timeout: float
    environ: dict[str, str]
    printed: list[str] = field(default_factory=list)
    count: int = 0


def blocks(markdown: str) -> Iterator[Block]:
    """The fenced blocks of a text, in order."""
    for match in re.finditer(r"^```([^\n`]*)\n(.*?)^```[ \t]*$", markdown, re.MULTILINE | re.DOTALL):
        yield Block(tuple(match[1].split()), match[2], markdown.count("\n", 0, match.start()) + 1)


def test(root: Path, run_dir: str, output: Path, timeout: float) -> list[Result]:
    """Run the README of the model in `run_dir`; logs and the clean copy go below `output`."""
    readme = root / run_dir / "README.md"
    folder = workspace.clean_copy(root, run_dir, output / "work")
    environ = dict(workspace.environment(output / "work", 1))
    del environ["OMP_NUM_THREADS"]
    place = Place(output / "work", folder, output, timeout, environ)
    results: list[Result] = []
    for block in blocks(readme.read_text(encoding="utf-8")):
        if block.is_commands():
            place.printed.clear()
            if "not-run" in block.words:
                results.append(Result(block.line, block.text.strip().splitlines()[0], "not run", "marked not-run"))
                continue
            results += [_command(line, number, place) for number, line in _lines(block)]
        elif block.is_checked():
            results.append(_compared(block, place))
    return results


def _lines(block: Block) -> Iterator[tuple[int, str]]:
    """The commands of a block with their lines; a backslash at the end joins lines, && separates commands."""
    joined = re.sub(r"\s*\\\n\s*", " ", block.text)
    for number, line in enumerate(joined.splitlines(), start=block.line + 1):
        for command in line.removeprefix("$ ").split(" && "):
            if command.strip() and not command.lstrip().startswith("#"):
                yield number, command.strip()


def _command(text: str, line: int, place: Place) -> Result:
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        return Result(line, text, "failed", f"not a command: {error}")
    if any(set(word) <= _OPERATORS for word in words):
        return Result(line, text, "failed", "no pipes and redirections: a README has one plain command a line")
    if words[0] == "cd":
        return _cd(text, line, words[1:], place)
    if words[0] == "export" and len(words) == 2 and "=" in words[1]:
        name, _, value = words[1].partition("=")
        place.environ[name] = value
        return Result(line, text, "passed")
    if words[0] in _LEFT_OUT:
        return Result(line, text, "not run", f"{words[0]} installs, fetches, or needs a device")
    return _run(text, line, _program(words), place)


def _cd(text: str, line: int, words: list[str], place: Place) -> Result:
    """Below the folder we are in, or below the repository, where a README's reader may have begun."""
    for base in (place.folder, place.root):
        target = (base / (words[0] if words else ".")).resolve()
        if target.is_dir() and target.is_relative_to(place.root.resolve()):
            place.folder = target
            return Result(line, text, "passed")
    return Result(line, text, "failed", "there is no such folder in the repository")


def _program(words: list[str]) -> list[str]:
    known = {"python": [sys.executable], "python3": [sys.executable], "zoo": [sys.executable, "-m", "zoo"]}
    return [*known.get(words[0], [words[0]]), *words[1:]]


def _run(text: str, line: int, words: list[str], place: Place) -> Result:
    place.count += 1
    log = place.logs / f"{place.count:02}.out.log"
    errors = place.logs / f"{place.count:02}.err.log"
    errors.unlink(missing_ok=True)
    try:
        done = process.run(
            words, place.folder, log, place.timeout, place.environ, carriers.new_token(), threading.Event(), errors
        )
    except OSError as error:
        return Result(line, text, "failed", f"cannot start {words[0]}: {error.strerror}")
    place.printed += log.read_text(encoding="utf-8", errors="replace").splitlines()
    if done.ended or done.code:
        last = errors.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
        return Result(line, text, "failed", ": ".join([done.ended or f"exit code {done.code}", *last]))
    return Result(line, text, "passed")


def _compared(block: Block, place: Place) -> Result:
    what = "the output that stands here"
    if _matches(block.text, place.printed):
        return Result(block.line, what, "passed")
    shown = "\n".join(place.printed[-12:]) or "(nothing)"
    return Result(block.line, what, "failed", f"the commands before it printed:\n{shown}")


def _matches(expected: str, printed: list[str]) -> bool:
    """Whether the printed lines are the expected ones, an ellipsis standing for any text or lines."""
    parts = []
    for line in expected.rstrip("\n").splitlines():
        if line.strip() in ("…", "..."):
            parts.append(r"(?:[^\n]*\n)*")
        else:
            pieces = re.split(r"…|\.\.\.", line.rstrip())
            parts.append(r"[^\n]*".join(re.escape(piece) for piece in pieces) + r"[ \t]*\n")
    text = "".join(f"{line.rstrip()}\n" for line in printed)
    return re.fullmatch("".join(parts), text) is not None


def main(argv: list[str] | None = None) -> int:
    """`zoo readme --test MODEL`."""
    parser = argparse.ArgumentParser(
        prog="zoo readme", description="Run what a model's README says, in a clean copy of its folder."
    )
    parser.add_argument("--test", required=True, metavar="MODEL", help="the model, as domain/name or name")
    parser.add_argument("--timeout", type=positive, default=600, help="seconds a command may take (default 600)")
    parser.add_argument("--root", type=Path, default=here(), help="the repository (default: the one we are in)")
    parser.add_argument("--output", type=Path, help="where copy and logs go (default: runs/readme/MODEL of --root)")
    return console.run(_test, parser.parse_args(argv))


def _model(root: Path, asked: str) -> str:
    """domain/name of the model that is meant. Raises ZooError where no folder, or more than one, is called so."""
    examples = root / "contrib/example"
    known = sorted(path.parent.relative_to(examples).as_posix() for path in examples.glob("*/*/README.md"))
    found = [one for one in known if asked in (one, one.partition("/")[2])]
    if len(found) == 1:
        return found[0]
    what = (
        f"several models are called '{asked}': {', '.join(found)}"
        if found
        else (f"there is no README.md of a model '{asked}' in {examples}; there are: {', '.join(known) or 'none'}")
    )
    raise ZooError(what)


def _test(args: argparse.Namespace) -> int:
    root = args.root.resolve()
    model = _model(root, args.test)
    output = (args.output or root / "runs/readme" / model).resolve()
    output.mkdir(parents=True, exist_ok=True)
    results = test(root, f"contrib/example/{model}", output, args.timeout)
    rows = [(str(one.line), one.what, one.state, one.reason) for one in results]
    console.table(f"README of {model}", (">line", "command", "result", "why"), rows)
    failed = [one for one in results if one.state == "failed"]
    ran = [one for one in results if one.state == "passed"]
    record: dict[str, Any] = {"model": model, "passed": not failed and bool(ran)}
    write_json(output / "result.json", record | provenance() | {"steps": [asdict(one) for one in results]})
    if failed:
        lines = ", ".join(str(one.line) for one in failed)
        raise CheckFailedError(f"README.md does not do what it says, in line {lines}; logs are in {output}")
    if not ran:
        raise CheckFailedError("README.md has no command that was run")
    return console.OK
