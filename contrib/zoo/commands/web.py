"""`zoo web MODEL`: a page on this machine, onto which a file is dropped to see what the network says."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from utils.datasets.sample import Sample
from zoo.accuracy.choice import choose_target
from zoo.commands import console, flags
from zoo.commands.notice import captioned, weights_notice
from zoo.commands.predict import asked
from zoo.commands.serve import LOOPBACK, port
from zoo.errors import ZooError
from zoo.family import Family
from zoo.inputs.files import File
from zoo.inputs.given import Samples, Unread
from zoo.running.engines import open_runner
from zoo.running.given import predict_given, prediction_json
from zoo.running.network import Runner
from zoo.running.setting import Setting
from zoo.task import Task
from zoo_core.errors import ZooCoreError
from zoo_core.interrupts import terminable

# What is shown of one file: its picture (a path), a line of text, and all of it as JSON
Shown = tuple[str | None, str, str | None]
_PICTURES = (".png", ".gif")


def main(family: Family, argv: list[str] | None = None) -> int:
    """Show the page until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog=f"zoo web {family.id}", description="A page onto which a file is dropped, to see what the network says."
    )
    flags.add_shared_flags(parser, batch_size=1)
    flags.add_writing_flags(parser, family)
    if words_help := family.variant().task.words_help:
        parser.add_argument("--text", action="append", help=f"{words_help}; give it several times")
    parser.add_argument("--host", default=LOOPBACK, help=f"listen here (default {LOOPBACK}: this machine only)")
    parser.add_argument("--port", type=port, default=7860, help="port to listen at (default 7860)")
    return console.run(lambda args: _web(family, args), parser.parse_args(argv))


def _web(family: Family, args: argparse.Namespace) -> int:
    if "," in args.target:
        raise ZooError(f"zoo web opens one target, got '{args.target}'")
    setting = choose_target(asked(flags.setting_of(family, args), getattr(args, "text", None) or []))
    with tempfile.TemporaryDirectory(prefix="zoo-web-") as folder, open_runner(setting) as runner:
        page = made(setting, Eye(setting, runner, Path(folder)), folder)
        try:
            with terminable():
                page.launch(
                    server_name=args.host, server_port=args.port, share=False, quiet=True, prevent_thread_lock=True,
                    ssr_mode=False, enable_monitoring=False, footer_links=[],
                )  # fmt: skip
                print(f"{setting.model.id} ({setting.model.variant}) is shown at {page.local_url}", flush=True)
                threading.Event().wait()
        except OSError as error:
            raise ZooError(f"{args.host}:{args.port} cannot be served at: {error}; choose another --port") from error
        finally:
            page.close()
    return console.OK


class Eye:
    """Looks at one file or text, and writes the picture of what it saw.

    Args:
        setting: of the network.
        runner: opened for it.
        folder: gets the pictures.
    """

    def __init__(self, setting: Setting, runner: Runner, folder: Path):
        self._setting, self._runner, self._folder = setting, runner, folder
        self._task: Task = setting.task()
        self._notice = weights_notice(setting)

    def file(self, path: str | None) -> Shown:
        """What is shown of a file; of one that holds several samples, the first."""
        if path is None:
            return None, "", None
        file = Path(path)
        samples = Samples(self._task)
        read = samples.within(File(file, file.name, file.name))
        return self._shown(lambda: next(iter(read)), f"{file.parent}{os.sep}")

    def text(self, text: str) -> Shown:
        """What is shown of a text."""
        return self._shown(lambda: Sample("text", self._task.from_text(text)))

    def _shown(self, read: Callable[[], Sample | Unread], folder: str = "") -> Shown:
        try:
            sample = read()
            if isinstance(sample, Unread):
                raise sample.error
            ((prediction, error),) = predict_given(self._setting, self._task, self._runner, [sample])
            if error is not None:
                raise error
            picture = captioned(self._task.draw(sample.data, prediction), self._notice)
        except StopIteration:
            return None, "there is nothing in this file", None
        except ZooCoreError as error:
            return None, f"not read: {str(error).replace(folder, '')}", None
        place = Path(tempfile.mkdtemp(dir=self._folder)) / f"seen{self._task.picture_suffix}"
        picture.save(place, format=self._task.picture_suffix[1:].upper())
        said = prediction_json(self._task, sample.id, prediction, self._setting.topk, self._notice)
        return str(place), said["said"], json.dumps(said, ensure_ascii=False)


def made(setting: Setting, eye: Eye, folder: str) -> Any:
    """The page, of gradio: it fetches nothing from elsewhere, and tells nobody.

    Args:
        setting: of the network.
        eye: what looks at the files.
        folder: for what is uploaded.

    Raises:
        ZooError: gradio is missing.
    """
    os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": folder, "HF_HUB_DISABLE_TELEMETRY": "1"}
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"]))
    try:
        import gradio
    except ModuleNotFoundError as error:
        raise ZooError(f'zoo web needs gradio ({error.name} is missing): pip install "gradio>=6,<7"') from error
    model, task = setting.model, setting.task()
    with gradio.Blocks(title=model.title, analytics_enabled=False) as page:
        gradio.Markdown(
            f"# {model.title}\n\n{model.id} ({model.variant}) on {setting.target}. {weights_notice(setting)}"
        )
        dropped = gradio.File(label=f"drop a file ({task.data_name})", type="filepath", elem_id="given")
        typed = gradio.Textbox(label=task.text_help, elem_id="typed") if task.text_help else None
        said = gradio.Textbox(label="what the network says", elem_id="said")
        seen = (gradio.Image if task.picture_suffix in _PICTURES else gradio.File)(label="seen", elem_id="seen")
        told = gradio.JSON(label="as JSON", elem_id="told")
        shown = [seen, said, told]
        dropped.change(eye.file, dropped, shown, concurrency_limit=1, concurrency_id="network")
        if typed is not None:
            typed.submit(eye.text, typed, shown, concurrency_limit=1, concurrency_id="network")
    return page
