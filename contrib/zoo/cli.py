"""The flags that all scripts share, and what they mean for a model."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.backends.base import cores
from engine.base import PASS_PATH, Engine

from . import frameworks
from .errors import ZooError
from .export import build, read_manifest, sizes
from .model import Model, file_name
from .task import Task
from .weights import resolve

_log = logging.getLogger(__name__)

AUTO = "auto"
DTYPES = ("float32", "float16", "bfloat16")
# Calls at once on a CPU: independent batches share cores better than the threads of one, but each needs its memory.
_MAX_STREAMS = 4


def boolean(text: str) -> bool:
    """True or False, as existing scripts write them."""
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in known:
        raise argparse.ArgumentTypeError(f"write True or False, got {text!r}")
    return known[text.lower()]


def positive(text: str) -> int:
    """An int of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, got {text!r}")
    return int(text)


def add_shared_flags(parser: argparse.ArgumentParser, batch_size: int) -> None:
    """The flags that every script of a model takes, as existing callers write them."""
    parser.add_argument("--variant", help="which network of the family (default: the model's own default)")
    parser.add_argument("--ckpt", type=Path, help="the ONNX file (default: the exported one in the model's folder)")
    parser.add_argument(
        "--data_path",
        type=Path,
        help="a file, a folder, a data set, or 'sample' (default: what the model ships)",
    )
    parser.add_argument("--input_name", help="name of the graph's input, checked when given")
    parser.add_argument("--batch_size", type=positive, default=batch_size, help=f"rows a call (default {batch_size})")
    parser.add_argument("--input_size", type=positive, help="height and width, for networks that take several")
    parser.add_argument(
        "--target",
        default="onnx",
        help="what runs the network: see `zoo env` (default onnx; auto: the fastest that is accurate)",
    )
    parser.add_argument(
        "--dtype", choices=DTYPES, default="float32", help="what the network computes in (default float32)"
    )
    parser.add_argument(
        "--pass_path",
        type=Path,
        default=PASS_PATH / "default_pass.py",
        help="pass file, for targets that compile",
    )
    parser.add_argument("--topk", type=positive, default=1, help="how many classes to print (default 1)")
    parser.add_argument(
        "--skip_postprocess", type=boolean, default=False, metavar="True|False", help="run the network only"
    )
    parser.add_argument("--workers", type=positive, help="how many preprocess at once (default: as many as cores)")
    parser.add_argument(
        "--processes",
        type=boolean,
        metavar="True|False",
        help="preprocess in processes, not in threads (default: where the preprocessing is Python itself)",
    )
    parser.add_argument("--streams", type=positive, help="batches that run at once on a CPU (default: as fits)")
    parser.add_argument(
        "--decoder",
        choices=("reference", "fast"),
        default="reference",
        help="fast: quicker decoding and scaling, which is not equal to the source's to the bit",
    )
    parser.add_argument(
        "--verbose", type=boolean, nargs="?", const=True, default=False, metavar="True|False", help="say more"
    )


def add_token_budget(parser: argparse.ArgumentParser, model: Model) -> None:
    """--token_budget, for models whose inputs differ in length."""
    if model.task.padding is not None:
        help_text = "at most so many positions a batch: rows times the longest (default: --batch_size rows, any length)"
        parser.add_argument("--token_budget", type=positive, help=help_text)


def token_budget(args: argparse.Namespace) -> int | None:
    """--token_budget, where the script has it."""
    return getattr(args, "token_budget", None)


def task_of(model: Model, args: argparse.Namespace) -> Task:
    """The model's task at --input_size, with --decoder."""
    sizes(model, args.input_size)
    task = model.task.adapted(args.input_size, args.topk)
    if args.decoder == "reference":
        return task
    fast = task.fast()
    if fast is None:
        raise ZooError(f"{model.id} has no fast decoder; leave --decoder out")
    return fast


def ckpt_of(model: Model, args: argparse.Namespace) -> Path:
    """--ckpt, or where export_onnx.py puts the file for this variant and dtype."""
    return args.ckpt or model.folder / file_name(model.variant(args.variant), args.dtype)


def open_engine(model: Model, args: argparse.Namespace, batches: int = 1) -> Engine:
    """The engine that the flags ask for; on a CPU, several of `batches` may run at once."""
    ckpt = ckpt_of(model, args)
    target = args.target
    if target == AUTO:
        from . import targets  # which measures, and needs much that a single run does not

        sized = (args.dtype, args.batch_size, args.input_size)
        target = targets.resolve(target, model, ckpt.parent, model.variant(args.variant), *sized)
    return target_engine(
        model,
        ckpt,
        target,
        args.dtype,
        args.batch_size,
        args.input_size,
        args.input_name,
        args.pass_path,
        streams=args.streams or min(cores(), batches, _MAX_STREAMS),
    )


def target_engine(
    model: Model,
    ckpt: Path,
    target: str,
    dtype: str,
    batch_size: int,
    input_size: int | None,
    input_name: str | None = None,
    pass_path: Path = PASS_PATH / "default_pass.py",
    streams: int = 1,
) -> Engine:
    """`ckpt` on `target`. A card splits a batch over its compute units, so that each is opened with its share.

    The framework's own target rebuilds the network that `ckpt` was exported from.
    """
    if target in frameworks.TARGETS.values():
        return framework_engine(model, ckpt, target)
    unit_batch = max(batch_size // max_engine_nums(), 1)
    engine = Engine(
        ckpt=ckpt,
        input_name=input_name,
        target=target,
        batch_size=batch_size,
        input_size=model.shapes(unit_batch, sizes(model, input_size)),
        dtype=dtype,
        pass_path=pass_path,
        streams=streams,
    )
    if dtype == "float16" and target == "onnx" and engine.inputs[0].dtype == "float32":
        _log.warning(
            "%s computes in float32: on target onnx the file decides, and --dtype float16 changes nothing", ckpt
        )
    return engine


def framework_engine(model: Model, ckpt: Path, target: str | None = None) -> Engine:
    """The framework's own network with the weights that `ckpt` was exported with, as its manifest says."""
    own = frameworks.target(model)
    if target not in (None, own):
        raise ZooError(
            f"{model.id} comes from {model.framework}, so that its reference target is '{own}', not '{target}'"
        )
    manifest = read_manifest(ckpt)
    model = model.as_variant(manifest["variant"])
    network = build(model, manifest["variant"], _weights_of(model, manifest), manifest["input_size"])
    return frameworks.of(model).engine(model, network)


def _weights_of(model: Model, manifest: Mapping[str, Any]) -> Any:
    said = manifest["weights"]
    weights = resolve(model, manifest["variant"], said["path"] if said["kind"] == "file" else said["kind"])
    if weights.sha256 != said.get("sha256", ""):
        raise ZooError(
            f"the weights {weights.path} have changed since {manifest['variant']} was exported; export again"
        )
    return weights


def max_engine_nums() -> int:
    """Compute units of a card, MAX_ENGINE_NUMS, 4 by default."""
    return _environment_int("MAX_ENGINE_NUMS", 4, 1)


def max_steps() -> int:
    """Batches after which validation stops, TECO_INFER_PIPELINES_MAX_STEPS; -1 is all."""
    return _environment_int("TECO_INFER_PIPELINES_MAX_STEPS", -1, -1)


def warm_up_steps() -> int:
    """Calls before timing begins, TECO_INFER_PIPELINES_WARMUP_STEPS."""
    return _environment_int("TECO_INFER_PIPELINES_WARMUP_STEPS", 1, 0)


def _environment_int(name: str, default: int, low: int) -> int:
    text = os.environ.get(name, str(default))
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if value < low:
        raise ZooError(f"environment variable {name} is a whole number of at least {low}, got {text!r}")
    return value
