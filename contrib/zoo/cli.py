"""The flags that all scripts share, and what they mean for a model."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import backends
from engine.base import PASS_PATH, Engine
from zoo_core.machine import compute_units, cores, environment_int

from . import frameworks
from .errors import ZooError
from .export import build, sizes
from .manifest import read_manifest
from .model import Model, file_name
from .task import Task
from .weights import resolve

_log = logging.getLogger(__name__)

AUTO = "auto"
DTYPES = ("float32", "float16", "bfloat16", "int8")
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


def add_shared_flags(
    parser: argparse.ArgumentParser, batch_size: int, dtype: str = "what the network computes in (default float32)"
) -> None:
    """The flags that every script of a model takes, as existing callers write them. dtype: what --dtype means."""
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
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help=dtype)
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
    parser.add_argument("--threads", type=positive, help="threads of each on a CPU (default: their share of the cores)")
    parser.add_argument(
        "--decoder",
        choices=("reference", "fast"),
        default="reference",
        help="fast: quicker decoding and scaling, which is not equal to the source's to the bit",
    )
    parser.add_argument(
        "--verbose", type=boolean, nargs="?", const=True, default=False, metavar="True|False", help="say more"
    )


def device_list(text: str) -> list[str]:
    """Devices with commas between."""
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"devices with commas between, such as 0,1; got {text!r}")
    return names


def add_device_flags(parser: argparse.ArgumentParser) -> None:
    """--devices and --replicas, for what opens a target."""
    parser.add_argument(
        "--devices", type=device_list, metavar="0,1", help="share each batch among these devices of the target"
    )
    parser.add_argument(
        "--replicas", type=positive, help="share each batch among so many copies, where a target has no devices"
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
    """--ckpt, or where export_onnx.py puts the file for this variant, dtype and target."""
    return args.ckpt or exported_file(model, model.folder, model.variant(args.variant), args.dtype, args.target)


def exported_file(model: Model, folder: Path, variant: str, dtype: str, target: str) -> Path:
    """The file that an export of `variant` to `folder` has for `target` and `dtype`.

    Raises ZooError where it has to be asked for, and was not.
    """
    path = folder / file_name(variant, dtype, suffix=suffix(target))
    if path.is_file() or (path.suffix == ".onnx" and dtype != "int8"):
        return path
    if path.suffix[1:] not in frameworks.formats(model):
        raise ZooError(f"target '{target}' opens {path.suffix} files, and {model.id} comes from {model.framework}")
    if path.suffix != ".onnx" and dtype != "float32":
        raise ZooError(f"{path.suffix} files are exported in float32, so that target '{target}' has no {dtype}")
    flag = "--dtype int8" if dtype == "int8" else f"--format {path.suffix[1:]}"
    raise ZooError(f"no model file {path}; export it first (python export_onnx.py {flag}), or give another --ckpt")


def exported_dtypes(folder: Path, variant: str, target: str) -> list[str]:
    """What `target` computes in and the export of `variant` in `folder` has a file for. Raises ZooError."""
    if target in frameworks.TARGETS.values():
        return ["float32"]
    names = {entry["name"] for entry in read_manifest(folder / file_name(variant))["files"].values()}
    return [
        dtype for dtype in backends.find(target).dtypes if file_name(variant, dtype, suffix=suffix(target)) in names
    ]


def suffix(target: str) -> str:
    """That of the files which `target` opens."""
    backend = backends.targets().get(target.partition(":")[0])
    return backend.suffix if backend else ".onnx"


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
        streams=args.streams or (1 if args.devices or args.replicas else min(cores(), batches, _MAX_STREAMS)),
        devices=args.devices,
        replicas=args.replicas,
        threads=args.threads,
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
    devices: Sequence[str] | None = None,
    replicas: int | None = None,
    threads: int | None = None,
) -> Engine:
    """`ckpt` on `target`. A card splits a batch over its compute units, so that each is opened with its share.

    Sizes of padded inputs stay dynamic where the target can do that: fixed, every batch would be filled up to them.
    The framework's own target rebuilds the network that `ckpt` was exported from. threads: for each of the streams; an
    OptionError where the target takes none.
    """
    if target in frameworks.TARGETS.values():
        if devices or replicas:
            raise ZooError(f"target '{target}' is the framework's own network; leave --devices and --replicas out")
        return framework_engine(model, ckpt, target)
    share = -(-batch_size // (len(devices or ()) or replicas or 1))
    unit_batch = max(share // compute_units(), 1)
    fixed = model.task.padding is None or backends.find(target).one_shape
    engine = Engine(
        ckpt=ckpt,
        input_name=input_name,
        target=target,
        batch_size=batch_size,
        batch_first=True,
        input_size=model.shapes(unit_batch, sizes(model, input_size)) if fixed else None,
        dtype=dtype,
        pass_path=pass_path,
        streams=streams,
        devices=devices,
        replicas=replicas,
        options={"threads": threads} if threads else None,
    )
    if dtype == "int8" and ckpt.suffix == ".onnx" and b"QuantizeLinear" not in ckpt.read_bytes():
        _log.warning("%s is not quantised: the file decides, and --dtype int8 changes nothing", ckpt)
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


def max_steps() -> int:
    """Batches after which validation stops, TECO_INFER_PIPELINES_MAX_STEPS; -1 is all."""
    return environment_int("TECO_INFER_PIPELINES_MAX_STEPS", -1, -1)


def warm_up_steps() -> int:
    """Calls before timing begins, TECO_INFER_PIPELINES_WARMUP_STEPS."""
    return environment_int("TECO_INFER_PIPELINES_WARMUP_STEPS", 1, 0)
