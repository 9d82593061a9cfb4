"""The `zoo` command: one sub-command a job. Thin, and quick to answer: jobs are imported when they are called."""

from __future__ import annotations

import importlib
import sys

# name: (module, function, takes a model, what it does)
_JOBS = {
    "list": ("commands.describe", "list_models", False, "every model, a line each"),
    "info": ("commands.describe", "info", True, "what a model is: variants, tensors, figures, commands"),
    "run": ("commands.run", "main", True, "export, verify, one sample and a folder, with one table at the end"),
    "export": ("commands.export", "main", True, "export to ONNX and prove that the outputs survive"),
    "verify": ("commands.verify", "main", True, "framework, ONNX Runtime and target on the same tensors: the standard"),
    "single": ("commands.predict", "single", True, "predict one file"),
    "multi": ("commands.predict", "multi", True, "predict every file of a folder"),
    "valid": ("commands.valid", "main", True, "the metric over a labelled data set"),
    "demo": ("commands.demo", "main", False, "published networks on a photograph, a scene, speech and sentences"),
    "gallery": ("commands.gallery", "main", False, "a page with a drawn result of every model"),
    "compare": ("commands.compare", "main", False, "two models, variants or targets side by side on your own files"),
    "reproduce": ("commands.reproduce", "main", False, "published figures beside our own, on public data"),
    "data": ("commands.data", "main", False, "public data that figures are measured on: list, fetch, where"),
    "fetch": ("commands.fetch", "main", False, "weights and data ahead of their use, into the cache or a mirror"),
    "cache": ("commands.cache", "main", False, "compiled engines, samples and fetched weights: list, clear"),
    "tune": ("commands.tune", "main", True, "the best batch size, streams and dtype within the acceptance standard"),
    "debug": ("commands.debug", "main", True, "every tensor of a target, dtype or file: the first layer that differs"),
    "compress": ("commands.compress", "main", True, "int8, or weights in 8 or 4 bits, where the accuracy holds"),
    "package": (
        "commands.package",
        "main",
        True,
        "a folder for Triton, OpenVINO's model server or a program of your own",
    ),
    "profile": ("commands.profile", "main", True, "what each layer and operator type of an exported network takes"),
    "serve": ("commands.serve", "main", True, "answer HTTP: files, texts and tensors, on Ray Serve"),
    "web": ("commands.web", "main", True, "a page onto which a file is dropped, to see what the network says"),
    "new": ("contributing.new.command", "main", False, "the folder of a new model: zoo new DOMAIN/MODEL --from SOURCE"),
    "check": ("contributing.check.command", "main", False, "what CI runs: structure and all four scripts"),
    "sync": ("contributing.sync.command", "main", False, "write what is equal everywhere, from the models; --check"),
    "readme": ("contributing.readme", "main", False, "run the commands of a model's README: zoo readme --test MODEL"),
    "report": ("contributing.report", "main", True, "the description of a pull request, from what has been measured"),
    "matrix": ("contributing.matrix.command", "main", False, "the pages of all models, from what has been measured"),
    "sweep": ("contributing.sweep.command", "main", True, "export and verify every network of a library, name by name"),
    "completion": ("commands.completion", "main", False, "complete commands, models and flags in bash or zsh"),
    "env": ("commands.env", "main", False, "this machine: packages, and which targets can be used"),
}


def jobs() -> dict[str, bool]:
    """Every command, and whether it takes a model."""
    return {name: takes_model for name, (_, _, takes_model, _) in _JOBS.items()}


def main(argv: list[str] | None = None) -> int:
    """Run one job; returns its exit code: 0 fine, 1 a check failed, 2 wrong use."""
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        return 0 if words else 2
    if words[0] == "--version":
        print(f"zoo {_version()}")
        return 0
    if words[0] not in _JOBS:
        print(f"error: zoo has no command '{words[0]}'; {_instead(words[0])}", file=sys.stderr)
        return 2
    module, function, takes_model, _ = _JOBS[words[0]]
    try:
        job = getattr(importlib.import_module(f"zoo.{module}"), function)
        return _with_model(words[0], job, words[1:]) if takes_model else job(words[1:])
    except KeyboardInterrupt:  # jobs say so themselves; this is while they are imported
        print("stopped: by the user", file=sys.stderr)
        return 130


def _with_model(command: str, job: object, words: list[str]) -> int:
    from zoo import catalogue
    from zoo.errors import ZooError

    if not words or words[0].startswith("-"):
        wanted = words[:1] in (["-h"], ["--help"])
        print(_usage(command), file=sys.stdout if wanted else sys.stderr)
        return 0 if wanted else 2
    try:
        family, variant = catalogue.find(words[0])
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    chosen = ["--variant", variant] if variant else []
    return job(family, [*chosen, *words[1:]])  # type: ignore[operator]


def _usage(command: str) -> str:
    """Of a command that takes a model, whose flags are told when the model is known."""
    return (
        f"usage: zoo {command} MODEL [options]\n\n{_JOBS[command][3]}\n\n"
        f"zoo {command} MODEL --help has the options (they are the model's); zoo list has the models"
    )


def _instead(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, _JOBS, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"it has: {', '.join(_JOBS)}"


def _version() -> str:
    """That of the clone, or of the installed package."""
    import importlib.metadata
    import re
    from pathlib import Path

    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if project.is_file() and (found := re.search(r'^version = "(.+)"$', project.read_text(encoding="utf-8"), re.M)):
        return found[1]
    return importlib.metadata.version("teco-modelzoo")


def _help() -> str:
    lines = [
        f"  {name:<10} {'MODEL' if takes_model else '':<6} {text}" for name, (_, _, takes_model, text) in _JOBS.items()
    ]
    return "\n".join(
        [
            "usage: zoo COMMAND [MODEL] [options]",
            "",
            "commands:",
            *lines,
            "",
            "zoo COMMAND MODEL --help says more; a model is domain/name, such as classification/lenet",
            "zoo --version says which zoo this is",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
