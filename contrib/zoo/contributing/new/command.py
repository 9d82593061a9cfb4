"""`zoo new DOMAIN/MODEL --from SOURCE`: the folder, and its case in model.yaml."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

from utils.datasets.folder import files_in
from zoo import catalogue
from zoo.commands import console
from zoo.commands.flags import positive
from zoo.contributing import yaml_file
from zoo.contributing.check import schema
from zoo.contributing.check.changes import CONFIG
from zoo.contributing.check.workspace import own_files
from zoo.contributing.new import sources, templates, trial
from zoo.contributing.new.source import Source
from zoo.contributing.repository import repository
from zoo.contributing.sync import plan as sync
from zoo.contributing.sync import requirements
from zoo.errors import ZooError
from zoo_core.files import atomic_folder, atomic_write

TECOEXEC_CONFIG = "tecoexec/testcase_configs/tecoexec_config.yaml"
_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
_TITLE = re.compile(r"\w[\w .,()+-]{0,60}")
_DEMOS = 3


def main(argv: list[str] | None = None) -> int:
    """`zoo new`."""
    parser = argparse.ArgumentParser(
        prog="zoo new", description="Write the folder of an image classifier that comes from a known source."
    )
    parser.add_argument("model", metavar="DOMAIN/MODEL", help="such as classification/mobilenet_v3_small")
    parser.add_argument("--from", dest="source", required=True, metavar="SOURCE", help=sources.FORMS)
    parser.add_argument("--title", help="the name for people (default: the network's)")
    parser.add_argument("--size", type=positive, help="side of the input in pixels where SOURCE does not say it (224)")
    parser.add_argument("--channels", type=int, choices=(1, 3), help="of the input where SOURCE does not say it (3)")
    parser.add_argument("--root", type=Path, default=repository(), help="the repository (default: this one)")
    return console.run(_new, parser.parse_args(argv))


def _new(args: argparse.Namespace) -> int:
    root = args.root.resolve()
    folder = _place(args.model, root)
    source = sources.find(args.source, args.size, args.channels)
    shape = trial.tried(source)
    domain, name = args.model.split("/")
    title = args.title or source.variant
    if not _TITLE.fullmatch(title):
        raise ZooError(f"--title has letters, digits, spaces and .,()+- only, got {title!r}")
    about = (domain, name, title, source, shape)
    with atomic_folder(folder) as temporary:
        left = _write(temporary, root, *about) + _weights_left(source, shape)
        config = _config_with(root, templates.case(*about))
    written = [f"{path.relative_to(root)}" for path in own_files(folder)]
    _append(root / CONFIG, config)
    written.append(CONFIG)
    if (root / TECOEXEC_CONFIG).is_file():
        _append(root / TECOEXEC_CONFIG, _text(root / TECOEXEC_CONFIG) + templates.tecoexec_case(*about))
        written.append(TECOEXEC_CONFIG)
    print("\n".join(f"wrote {name}" for name in written))
    print("\n".join(f"left to do: {fault}" for fault in left), end="\n" if left else "")
    print(f"Next: zoo sync, zoo check --model {args.model}; then read model.py and README.md, and mend what is wrong.")
    return console.OK


def _place(model: str, root: Path) -> Path:
    """The new folder. Raises ZooError for a name against the rules, and for one that is taken."""
    if not _NAME.fullmatch(model):
        raise ZooError(
            f"'{model}' is not DOMAIN/MODEL in lower-case letters, digits and underscores: classification/resnet"
        )
    folder = root / "contrib/example" / model
    if folder.exists():
        raise ZooError(f"{folder} exists already, and nothing is overwritten; choose another name")
    return folder


def _write(
    folder: Path, root: Path, domain: str, name: str, title: str, source: Source, shape: trial.Shape
) -> list[str]:
    """Write everything into the folder; what is left for people to mend is returned."""
    for file, content in source.files.items():
        (folder / file).write_bytes(content)
    (folder / "model.py").write_text(templates.model(domain, name, title, source, shape), encoding="utf-8")
    (folder / "README.md").write_text(templates.readme(domain, name, title, source, shape), encoding="utf-8")
    _demos(folder)
    family = catalogue.load_file(folder / "model.py")
    own = requirements.model_file(family, root, source.packages)
    (folder / "requirements.txt").write_text(own, encoding="utf-8")
    made = sync.Plan()
    sync.sync_folder(family, root, made)
    sync.write(made)
    return made.faults


def _weights_left(source: Source, shape: trial.Shape) -> list[str]:
    """What is to be said where a file's weights are too large to lie in the folder."""
    if source.framework != "onnx" or shape.built or "sample.safetensors" in source.files:
        return []
    return [
        f"the weights of {source.origin} are too large for the folder: give --weights FILE.onnx to zoo export, or say "
        "in model.py where they can be fetched (pretrained); zoo check runs with random ones until then"
    ]


def _demos(folder: Path) -> None:
    """A few small files of the model's own sample data, in demos/."""
    model = catalogue.load_file(folder / "model.py").variant()
    sample = model.sample.folder()
    files = files_in(sample, model.task.suffixes)
    small = sorted(files, key=lambda file: (file.stat().st_size, file.name))
    demos = folder / "demos"
    demos.mkdir()
    by_class = {file.parent.name: file for file in reversed(small)}
    for file in [*by_class.values(), *small][:_DEMOS]:
        shutil.copy2(file, demos / file.name)
    for notice in sample.glob("ATTRIBUTION.txt"):
        shutil.copy2(notice, demos / notice.name)


def _config_with(root: Path, case: str) -> str:
    """model.yaml with one case more, checked as a whole."""
    path = root / CONFIG
    text = _text(path).rstrip("\n") + "\n" + case
    schema.validate(yaml_file.parse(text.lstrip("\n"), path))
    return text.lstrip("\n")


def _append(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
