"""Opens what a setting asks for: the exported files on a target, or the framework's own network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import backends
from engine.base import Engine
from zoo import frameworks
from zoo.errors import ZooError
from zoo.manifest import manifest_path, read_manifest, require_of
from zoo.model import Model, Part
from zoo_core.machine import compute_units, cores

from .network import Runner, network_of
from .reference import build, reference_runner
from .setting import Setting
from .vouching import opened_vouched

if TYPE_CHECKING:
    from zoo.weights import Weights

# Calls at once on a CPU: independent batches share cores better than the threads of one, but each needs its memory.
_MAX_STREAMS = 4
_log = logging.getLogger(__name__)


def open_runner(setting: Setting, batches: int = 1) -> Runner:
    """The network of `setting` on its target.

    Args:
        batches: how many there are to run; on a CPU, several of them may run at once.

    Raises:
        ZooError: a file is missing, or the target is another framework's.
        EngineError: the target cannot open it.
    """
    if setting.target in frameworks.TARGETS.values():
        if setting.devices or setting.replicas:
            raise ZooError(
                f"target '{setting.target}' is the framework's own network; leave --devices and --replicas out"
            )
        return framework_runner(setting, setting.target)
    if setting.streams is None:
        shared = setting.devices or setting.replicas
        setting = setting.but(streams=1 if shared else min(cores(), batches, _MAX_STREAMS))
    opened: dict[str, Engine] = {}
    try:
        for part in setting.model.parts:
            opened[part.name] = open_part(setting, part)
    except BaseException:
        for engine in opened.values():
            engine.release()
        raise
    return network_of(setting.task(), opened)


def open_part(setting: Setting, part: Part) -> Engine:
    """One graph of the network on the target, from a file that is what its manifest says."""
    ckpt = setting.file(part)
    manifest = None if setting.ckpt else manifest_path(setting.home, setting.model.variant)
    backend = backends.known(setting.target)
    meanwhile = backend is not None and backend.reads_only
    if backend is not None and meanwhile:
        backend.prepare()  # an import and a thread give Python to each other at every file that is looked for
    engine = opened_vouched(ckpt, manifest, partial(_opened, setting, part, ckpt), meanwhile)
    _say_what_the_file_decides(setting, ckpt, engine)
    return engine


def _opened(setting: Setting, part: Part, ckpt: Path) -> Engine:
    """The file of a part on the target. A card splits a batch over its compute units, so that each is opened with its
    share.

    Sizes of padded inputs stay dynamic where the target can do that: fixed, every batch would be filled up to them. So
    do the sizes of parts behind the first, which depend on what the ones before them give.
    """
    share = -(-setting.batch_size // (len(setting.devices or ()) or setting.replicas or 1))
    unit_batch = max(share // compute_units(), 1)
    entry = part is setting.model.entry
    one_shape = backends.find(setting.target).one_shape
    if one_shape and not part.static:
        raise ZooError(
            f"target '{setting.target}' compiles graphs of one shape, and an input of {ckpt.name} grows from call to "
            "call; use another target, such as onnx"
        )
    own_sizes = setting.model.task.padding is not None or setting.model.task.one_by_one
    fixed = one_shape or (entry and not own_sizes)
    return Engine(
        ckpt=ckpt,
        input_name=setting.input_name if entry else None,
        target=setting.target,
        batch_size=setting.batch_size,
        input_size=part.shapes(unit_batch, setting.sizes() if entry else None) if fixed else None,
        batch_first=part.batch_first,
        dtype=setting.dtype,
        pass_path=setting.pass_path,
        streams=setting.streams or 1,
        devices=setting.devices,
        replicas=setting.replicas,
        options=_options(setting),
    )


def _options(setting: Setting) -> dict[str, Any]:
    """The runtime's own options that a setting asks for. Raises ZooError where the target has no such levels."""
    levels = backends.find(setting.target).graph_levels
    if setting.graph and setting.graph not in levels:
        raise ZooError(f"target '{setting.target}' has no levels of graph optimisation; leave --graph out")
    asked = {"threads": setting.threads, "graph_optimization": setting.graph}
    return {name: value for name, value in asked.items() if value}


def is_quantised(path: Path) -> bool:
    """Whether anything in an ONNX file is rounded to int8."""
    return b"QuantizeLinear" in path.read_bytes()


def _say_what_the_file_decides(setting: Setting, ckpt: Path, engine: Engine) -> None:
    """A warning where --dtype changes nothing."""
    if setting.dtype == "int8" and ckpt.suffix == ".onnx" and not is_quantised(ckpt):
        _log.warning("%s is not quantised: the file decides, and --dtype int8 changes nothing", ckpt)
    floats = [spec.dtype for spec in engine.inputs if spec.dtype.startswith("float")]
    if setting.dtype == "float16" and setting.target == "onnx" and floats[:1] == ["float32"]:
        _log.warning(
            "%s computes in float32: on target onnx the file decides, and --dtype float16 changes nothing", ckpt
        )


def framework_runner(setting: Setting, target: str | None = None) -> Runner:
    """The framework's own network with the weights that the files were exported with, as their manifest says."""
    model = setting.model
    own = frameworks.target(model)
    if target not in (None, own):
        raise ZooError(f"{model.id} comes from {model.origin}, so that its reference target is '{own}', not '{target}'")
    manifest = manifest_of(setting)
    return reference_runner(
        model, build(model, exported_weights(model, manifest), manifest["input_size"], setting.timeout)
    )


def manifest_of(setting: Setting) -> dict[str, Any]:
    """The manifest of what `setting` runs, verified. Raises ZooError where there is none, or for another variant."""
    manifest = read_manifest(setting.ckpt or manifest_path(setting.home, setting.model.variant))
    require_of(setting.model, manifest, setting.home)
    return manifest


def exported_weights(model: Model, manifest: Mapping[str, Any]) -> Weights:
    """The weights that a manifest names. Raises ZooError where they have changed since."""
    from zoo.weights import find_again  # with all that fetches; a run of exported files needs no weights

    said = manifest["weights"]
    weights = find_again(model, said)
    if weights.sha256 != said.get("sha256", ""):
        which = weights.path or f"of {' or '.join(weights.members)}"
        raise ZooError(f"the weights {which} have changed since {model.variant} was exported; export again")
    return weights
