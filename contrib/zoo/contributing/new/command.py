"""`zoo new DOMAIN/MODEL --from SOURCE`: the folder, and its case in model.yaml."""

from __future__ import annotations

import argparse
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.postprocess.labels import names_in
from zoo import catalogue
from zoo.commands import console
from zoo.commands.flags import positive
from zoo.commands.own import numbers
from zoo.contributing import yaml_file
from zoo.contributing.check import schema
from zoo.contributing.check.changes import CONFIG
from zoo.contributing.check.workspace import own_files
from zoo.contributing.new import demos, sources, templates
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.description import Description
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.tasks import (
    audio,
    classification,
    control,
    detection,
    embedding,
    generation,
    image_to_image,
    keypoints,
    segmentation,
    tabular,
    text_classification,
)
from zoo.contributing.repository import repository
from zoo.contributing.sync import plan as sync
from zoo.contributing.sync import requirements
from zoo.errors import ZooError
from zoo_core.files import atomic_write

TECOEXEC_CONFIG = "tecoexec/testcase_configs/tecoexec_config.yaml"
TASKS: dict[str, Callable[[Source, Asked], Description]] = {
    "classification": classification.described,
    "segmentation": segmentation.described,
    "text_classification": text_classification.described,
    "embedding": embedding.described,
    "detection": detection.described,
    "image_to_image": image_to_image.described,
    "keypoints": keypoints.described,
    "audio": audio.described,
    "tabular": tabular.described,
    "generation": generation.described,
    "control": control.described,
}
# What the zoo has models of that are too different from each other to be written from a source
_COPY = "copy {} and change model.py"
_EXAMPLES = {
    "translation": f"--task generation takes a FOLDER of transformers; else {_COPY.format('nlp/transformer')}",
    "recognition": _COPY.format("ocr/crnn"),
    "graph": _COPY.format("gnn/gcn"),
    "token_classification": _COPY.format("nlp/token_classification"),
    "question_answering": _COPY.format("nlp/question_answering"),
    "speech_recognition": _COPY.format("speech/wav2vec2"),
    "depth": _COPY.format("depth/depth_anything"),
    "face_recognition": _COPY.format("face/recognition"),
    "face_attributes": _COPY.format("face/face_attribute"),
    "face_points": _COPY.format("face/face_landmarks"),
}
_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
_TITLE = re.compile(r"\w[\w .,()+-]{0,60}")


def main(argv: list[str] | None = None) -> int:
    """`zoo new`."""
    parser = argparse.ArgumentParser(
        prog="zoo new", description="Write the folder of a model that comes from a known source."
    )
    parser.add_argument("model", metavar="DOMAIN/MODEL", help="such as classification/mobilenet_v3_small")
    parser.add_argument("--from", dest="source", required=True, metavar="SOURCE", help=sources.FORMS)
    parser.add_argument("--task", default="classification", help=f"what the network is for: {', '.join(TASKS)}")
    parser.add_argument("--title", help="the name for people (default: the network's)")
    parser.add_argument("--about", default="", help="what the network is, in a few sentences of the README")
    parser.add_argument("--licence", default="", help="of source and weights, where SOURCE does not say it")
    parser.add_argument("--root", type=Path, default=repository(), help="the repository (default: this one)")
    known = parser.add_argument_group("what SOURCE does not say; what it says is not overwritten")
    known.add_argument("--labels", type=Path, metavar="FILE", help="the names of the classes, one a line")
    known.add_argument(
        "--size", type=_sides, metavar="N|HxW", help="side of the input in pixels, or height x width: 320x640 (224)"
    )
    known.add_argument("--channels", type=int, choices=(1, 3), help="of the input (3)")
    known.add_argument("--mean", type=numbers, metavar="R,G,B", help="of pixels from 0 to 1 (ImageNet's)")
    known.add_argument("--std", type=numbers, metavar="R,G,B", help="of pixels from 0 to 1 (ImageNet's)")
    known.add_argument("--noise", type=float, help="deviation, of 255, that an image_to_image network takes off (25)")
    known.add_argument("--pooling", choices=("mean", "cls"), help="how tokens become an embedding")
    known.add_argument(
        "--environment", metavar="ID", help="of Gymnasium, that a control network plays: LunarLander-v3, MODULE:Maze-v0"
    )
    return console.run(_new, parser.parse_args(argv))


def _asked(args: argparse.Namespace) -> Asked:
    labels = names_in(args.labels) if args.labels else None
    if args.task not in TASKS:
        raise ZooError(f"--task is {', '.join(TASKS)}; got '{args.task}': {_EXAMPLES.get(args.task, BY_HAND)}")
    height, width = args.size or (None, None)
    pictures = (height, width, args.channels, args.mean, args.std)
    return Asked(args.task, labels, *pictures, args.pooling, args.noise, args.environment)


def _sides(text: str) -> tuple[int, int | None]:
    """(side, None), or (height, width), of "224" or "320x640"."""
    height, times, width = text.lower().partition("x")
    return positive(height), positive(width) if times else None


def _new(args: argparse.Namespace) -> int:
    root = args.root.resolve()
    folder = _place(args.model, root)
    asked = _asked(args)
    source = sources.find(args.source, asked)
    known = TASKS[args.task](source, asked)
    page = _page(args, known)
    with _sibling(folder) as temporary:
        left = _write(temporary, root, page, known)
        config = _config_with(root, templates.case(page))
    written = [f"{path.relative_to(root)}" for path in own_files(folder)]
    _append(root / CONFIG, config)
    written.append(CONFIG)
    if (root / TECOEXEC_CONFIG).is_file() and all(one.dtype == "float32" for one in known.inputs):
        _append(root / TECOEXEC_CONFIG, _text(root / TECOEXEC_CONFIG) + templates.tecoexec_case(page, known))
        written.append(TECOEXEC_CONFIG)
    print("\n".join(f"wrote {name}" for name in written))
    print(f"the network, as it was tried: {templates.network(known)}")
    print("\n".join(f"left to do: {fault}" for fault in left), end="\n" if left else "")
    print(f"Next: zoo sync, zoo check --model {args.model}; then read model.py and README.md, and mend what is wrong.")
    return console.OK


@contextmanager
def _sibling(folder: Path) -> Iterator[Path]:
    """A temporary folder as deep as `folder`, which it becomes: what is written there leads elsewhere by its depth."""
    temporary = folder.with_name(f".tmp-{secrets.token_hex(6)}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(folder)
    except OSError as error:
        raise ZooError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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


def _page(args: argparse.Namespace, known: Description) -> templates.Page:
    """How the files name the model. Raises ZooError for a title that does not fit into all of them."""
    source = known.source
    title = args.title or source.variant
    if not _TITLE.fullmatch(title):
        raise ZooError(f"--title has letters, digits, spaces and .,()+- only, got {title!r}")
    licence = args.licence or source.licence or f"not stated by {source.origin}"
    if source.licence and args.licence:
        licence = f"{source.licence}; {args.licence}"
    domain, name = args.model.split("/")
    return templates.Page(domain, name, title, " ".join(args.about.split()), " ".join(licence.split()))


def _write(folder: Path, root: Path, page: templates.Page, known: Description) -> list[str]:
    """Write everything into the folder; what is left for people to mend is returned."""
    for file, content in {**known.source.files, **known.files}.items():
        (folder / file).write_bytes(content)
    (folder / "model.py").write_text(templates.model(page, known), encoding="utf-8")
    (folder / "README.md").write_text(templates.readme(page, known), encoding="utf-8")
    demos.write(folder)
    family = catalogue.load_file(folder / "model.py")
    own = requirements.model_file(family, root, known.source.packages)
    (folder / "requirements.txt").write_text(own, encoding="utf-8")
    made = sync.Plan()
    sync.sync_folder(family, root, made)
    sync.write(made)
    unstated = page.licence.startswith("not stated")
    licence = [f"{known.source.origin} does not say its licence: write it in model.py (licence=)"] if unstated else []
    return [*made.faults, *known.source.left, *known.left, *licence]


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
