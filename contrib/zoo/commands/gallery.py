"""`zoo gallery`: one page with a drawn result of every model, or of those that are named."""

from __future__ import annotations

import argparse
import hashlib
import re
import time
from dataclasses import asdict, dataclass
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import Any

from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from zoo import catalogue
from zoo.commands import console, flags
from zoo.commands.notice import captioned, weights_notice
from zoo.commands.pages import figure, keep_small, page
from zoo.commands.sheet import write_sheet
from zoo.errors import CheckFailedError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import RUNS, manifest_path
from zoo.model import Model
from zoo.running.engines import open_runner
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting
from zoo.weights import find_weights
from zoo_core.files import read_json, write_json, write_text
from zoo_core.guarded import guarded
from zoo_core.hashing import facts_digest, sha256

_SECONDS = 900
_SHARED = Path(__file__).resolve().parents[2]  # the rooms


@dataclass(frozen=True)
class Entry:
    """What one model has to show.

    Attributes:
        model: its id.
        title: for people.
        variant: that was run.
        sample: which demo.
        said: in one line.
        notice: what must be known of the weights.
        picture: the file, below the page's folder; "" where its task draws none.
        picture_digest: of that file.
        digest: of what all this depends on.
    """

    model: str
    title: str
    variant: str
    sample: str
    said: str
    notice: str
    picture: str
    picture_digest: str
    digest: str


def main(argv: list[str] | None = None) -> int:
    """Export and run what has changed, and write the page; exit code 1 where a model could not be shown."""
    parser = argparse.ArgumentParser(
        prog="zoo gallery",
        description="A page with a drawn result of every model. What has not changed since the last time is kept.",
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help="which (default: all)")
    parser.add_argument("--output", type=Path, default=Path(RUNS) / "gallery", help=f"default: {RUNS}/gallery")
    parser.add_argument("--overview", type=Path, metavar="FILE.webp", help="all of them in one small picture too")
    parser.add_argument("--weights", help="as for zoo export, of every model (default: each model's own default)")
    parser.add_argument(
        "--limit-seconds", type=flags.positive, default=_SECONDS, help=f"for one model (default {_SECONDS})"
    )
    return console.run(_gallery, parser.parse_args(argv))


def _gallery(args: argparse.Namespace) -> int:
    start = time.perf_counter()
    asked = args.models or catalogue.ids()
    found: dict[str, Entry] = {}
    unfinished: dict[str, str] = {}
    job = partial(_made, output=args.output, weights=args.weights)
    for number, outcome in enumerate(guarded(job, asked, args.limit_seconds), start=1):
        said = outcome.fault
        if said:
            unfinished[outcome.item] = said
        else:
            kept = outcome.value.pop("kept")
            found[outcome.item] = Entry(**outcome.value)
            said = "unchanged" if kept else found[outcome.item].said
        print(f"[{number}/{len(asked)}] {outcome.item}: {said}", flush=True)
    write_text(args.output / "index.html", _page(found, unfinished))
    print(f"written: {args.output / 'index.html'} ({time.perf_counter() - start:.0f} s)")
    if args.overview:
        drawn = [(args.output / one.picture, one.model) for one in found.values() if one.picture]
        write_sheet(drawn, args.overview)
        print(f"written: {args.overview} ({len(drawn)} pictures)")
    if unfinished:
        raise CheckFailedError("; ".join(f"{name}: {reason}" for name, reason in unfinished.items()))
    return console.OK


def _made(name: str, output: Path, weights: str | None) -> dict[str, Any]:
    """The entry of one model, as plain data: the one that is kept where nothing has changed, else a new one."""
    family, variant = catalogue.find(name)
    model = family.variant(variant)
    first = files_in(model.demo_folder(), model.task.suffixes)[0]
    digest = _digest(model, first, weights)
    record = output / "entries" / f"{_file_name(model)}.json"
    kept = read_json(record)
    same = isinstance(kept, dict) and kept.get("digest") == digest
    if same and _whole(kept, output):
        return kept | {"kept": True}
    folder = output / "exports" / model.place
    if not same or not manifest_path(folder, model.variant).is_file():
        export(model, folder, ExportOptions(weights=weights))
    entry = asdict(_shown(model, first, output, digest))
    write_json(record, entry)
    return entry | {"kept": False}


def _digest(model: Model, demo: Path, weights: str | None) -> str:
    """Of everything that an entry is made of: the model's folders, the demo, the zoo's own code, the weights."""
    own = {
        path.relative_to(folder.parents[1]).as_posix(): sha256(path)
        for folder in model.folders
        for path in sorted(folder.glob("*"))
        if path.suffix in (".py", ".safetensors", ".graph") or path.name.endswith(".txt")
    }
    given = Path(weights) if weights else None
    content: Any = sha256(given) if given is not None and given.is_file() else weights
    if model.members:
        content = find_weights(model, weights).to_json()  # a file of one of them is named behind its name
    return facts_digest([model.id, model.variant, own, demo.name, sha256(demo), content, _shared()])


@cache
def _shared() -> str:
    """Of the zoo's own code."""
    digest = hashlib.sha256()
    for room in ("zoo", "engine", "utils", "zoo_core"):
        for path in sorted((_SHARED / room).rglob("*.py")):
            digest.update(f"\n{path.relative_to(_SHARED).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _whole(kept: dict[str, Any], output: Path) -> bool:
    """Whether the picture of an entry is there as it was written."""
    if set(kept) != set(Entry.__dataclass_fields__) or not all(isinstance(one, str) for one in kept.values()):
        return False
    picture = output / kept["picture"]
    return not kept["picture"] or (picture.is_file() and sha256(picture) == kept["picture_digest"])


def _shown(model: Model, first: Path, output: Path, digest: str) -> Entry:
    """Run an exported model on its first demo, and keep a small picture of the result."""
    setting = Setting(model, folder=output / "exports" / model.place, batch_size=1)
    task = setting.task()
    sample = task.samples_in(first)[0]
    with open_runner(setting, 1) as engine:
        ((_, (prediction,)),) = list(predictions(task, engine, [Sample(sample.id, sample.data)], 1, Stages()))
    notice = weights_notice(setting)
    name = keep_small(captioned(task.draw(sample.data, prediction), notice), output / "pictures", _file_name(model))
    picture = f"pictures/{name}" if name else ""
    said = task.describe(prediction, setting.topk)
    kept = sha256(output / picture) if picture else ""
    return Entry(model.id, model.title, model.variant, sample.id, said, notice, picture, kept, digest)


def _file_name(model: Model) -> str:
    return re.sub(r"[^\w.]", "_", f"{model.id}_{model.variant}")


def _page(found: dict[str, Entry], unfinished: dict[str, str]) -> str:
    sections: list[str] = []
    domain = ""
    for one in sorted(found.values(), key=lambda entry: entry.model):
        if one.model.partition("/")[0] != domain:
            domain = one.model.partition("/")[0]
            sections.append(f"<h2>{escape(domain)}</h2>")
        sections.append(figure(one.picture, f"{one.model}: {one.title} ({one.sample})", _line(one)))
    if unfinished:
        rows = "".join(f"<li>{escape(name)}: {escape(reason)}</li>" for name, reason in unfinished.items())
        sections.append(f"<h2>Not shown</h2><ul>{rows}</ul>")
    return page("What every model says", sections)


def _line(one: Entry) -> str:
    return f"{one.said} ({one.notice})" if one.notice else one.said
