"""One batch size in a fresh process: nothing of an earlier one is warm, and the peak memory is its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine, EngineError, TensorSpec
from zoo_core.machine import compute_units

from .host import Load, peak_memory_mib, versions
from .inputs import WrongUseError, random_inputs, shapes_for
from .measure import Plan, measure
from .result import figures, reasons
from .writing import Writing, prompt

# What has a runtime compile for the one shape that is measured, as its own benchmark does; --option can say otherwise.
_ONE_SHAPE: dict[str, dict[str, Any]] = {"openvino": {"static": True}}


@dataclass(frozen=True)
class Setting:
    """What is run: everything but the batch size and how long."""

    ckpt: str
    target: str = "onnx"
    dtype: str = "float32"
    input_shapes: list[list[int]] | None = None
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    pass_path: str | None = None
    streams: int | None = None
    run_sync: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    batch_index: list[int] | None = None
    pieces: bool = False
    generate: int = 0  # tokens that a language model writes; 0 for calls with inputs of given shapes
    prompt: int = 32  # tokens that it reads before


class OutOfMemoryError(Exception):
    """The batch does not fit."""


def open_engine(setting: Setting, batch: int) -> tuple[Engine, list[np.ndarray]]:
    """The engine for `batch` rows, and inputs for it."""
    first = setting.batch_index is None or 0 in setting.batch_index
    shapes = _with_rows(setting, batch)
    if setting.target != "onnx" and Path(setting.ckpt).suffix == ".onnx":
        with Engine(setting.ckpt) as plain:
            shapes = _shapes(setting, plain.inputs, batch, shapes)
    engine = Engine(
        setting.ckpt,
        target=setting.target,
        dtype=setting.dtype,
        batch_size=batch,
        batch_first=first,
        input_size=_of_a_unit(shapes, batch) if shapes and first else shapes,
        pass_path=setting.pass_path,
        streams=setting.streams or 1,
        options=(_ONE_SHAPE.get(setting.target.partition(":")[0], {}) if shapes else {}) | setting.options,
    )
    if Path(setting.ckpt).suffix != ".onnx":
        engine.init_module(0)
    arrays = random_inputs(engine.inputs, _shapes(setting, engine.inputs, batch, shapes), setting.ranges)
    return engine, arrays


def _with_rows(setting: Setting, batch: int) -> list[list[int]] | None:
    """The shapes of the setting, at `batch` rows where the batch is not the first dimension."""
    if setting.input_shapes is None or setting.batch_index is None:
        return setting.input_shapes
    places = setting.batch_index * (len(setting.input_shapes) if len(setting.batch_index) == 1 else 1)
    return [
        [batch if axis == place > 0 else size for axis, size in enumerate(shape)]
        for place, shape in zip(places, setting.input_shapes, strict=False)
    ]


def _shapes(
    setting: Setting, specs: Sequence[TensorSpec], batch: int, given: list[list[int]] | None
) -> list[list[int]]:
    return shapes_for(specs, batch, given, setting.batch_index, setting.pieces)


def _of_a_unit(shapes: list[list[int]], batch: int) -> list[list[int]]:
    """The shapes of one compute unit: its share of the rows, where an input has them."""
    share = max(batch // compute_units(), 1)
    return [[share if shape[:1] == [batch] else size for size in shape[:1]] + shape[1:] for shape in shapes]


def in_flight(setting: Setting, engine: Engine) -> int:
    """Calls under way at once: one when --runSync, else --streams, else what the target takes."""
    return 1 if setting.run_sync else setting.streams or engine.parallel


def open_writing(setting: Setting, batch: int) -> tuple[Writing, list[np.ndarray]]:
    """A language model that writes, and `batch` prompts. Raises WrongUseError for another network."""
    engine = Engine(setting.ckpt, target=setting.target, dtype=setting.dtype, options=setting.options)
    return Writing(engine, setting.generate), prompt(engine, batch, setting.prompt, setting.ranges)


def run_here(setting: Setting, batch: int, plan: dict[str, Any]) -> dict[str, Any]:
    """Measure in this process."""
    writing: Writing | None = None
    if setting.generate:
        writing, arrays = open_writing(setting, batch)
        engine = writing.engine
    else:
        engine, arrays = open_engine(setting, batch)
    with engine:
        with Load() as load:
            at_once = 1 if writing else in_flight(setting, engine)
            found = measure(writing or engine, arrays, Plan(**plan, in_flight=at_once))
        said = load.to_json()
        known = figures(found, batch)
        if writing:
            known |= writing.figures(known["throughput"] / batch, batch, known["calls"])
        return {
            "batch": batch,
            "inputs": [f"{spec.name}: {a.dtype}{list(a.shape)}" for spec, a in zip(engine.inputs, arrays, strict=True)],
            "figures": known,
            "reasons": reasons(found, said),
            "host": said,
            "peak_memory_mib": peak_memory_mib(),
            "versions": versions(setting.target),
        }


def run_fresh(setting: Setting, batch: int, plan: dict[str, Any]) -> dict[str, Any]:
    """Measure in a process of its own. Raises WrongUseError with its words, or OutOfMemoryError."""
    with tempfile.TemporaryDirectory(prefix="tecoexec-") as folder:
        answer = Path(folder) / "answer.json"
        request = json.dumps({"setting": asdict(setting), "batch": batch, "plan": plan, "answer": str(answer)})
        root = Path(__file__).resolve().parents[1]
        paths = [str(root), str(root / "contrib"), os.environ.get("PYTHONPATH", "")]
        done = subprocess.run(
            [sys.executable, "-m", "tecoexec.single"],
            input=request,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            check=False,
        )
        if answer.is_file():
            said = json.loads(answer.read_text(encoding="utf-8"))
            if "wrong" in said:
                raise WrongUseError(said["wrong"])
            if "memory" in said:
                raise OutOfMemoryError(said["memory"])
            return said
    if done.returncode == -signal.SIGKILL:
        raise OutOfMemoryError("the process was killed, as a system does when memory runs out")
    last = done.stderr.strip().splitlines()
    raise WrongUseError(f"measuring ended with code {done.returncode}: {last[-1] if last else 'without a word'}")


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return run_here(Setting(**request["setting"]), request["batch"], request["plan"])
    except (EngineError, WrongUseError) as error:
        about_memory = any(word in str(error).lower() for word in ("out of memory", "bad_alloc", "failed to allocate"))
        return {"memory" if about_memory else "wrong": str(error)}
    except MemoryError as error:
        return {"memory": str(error) or "not enough memory"}


def main(argv: Sequence[str] = ()) -> int:
    """The fresh process: a request on stdin, the answer in the file that it names."""
    request = json.load(sys.stdin)
    try:
        answer = _answer(request)
    except KeyboardInterrupt:
        return 130
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
