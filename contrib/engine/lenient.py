"""The engine as existing scripts call it: lenient where they are loose. Our own code uses the strict `Engine`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .backends.compiling.onnx_file import input_names_of
from .base import PASS_PATH, Engine
from .options import NAMES
from .spec import TensorSpec

_log = logging.getLogger(__name__)

# Keywords of existing scripts that change nothing here, and are not worth a word
_OF_SCRIPTS = ("task", "model", "model_name", "backend", "devide", "card_bs1")
_OWN_PASSES = ("default_pass.py", "resnet/resnet_pass.py", "resnet/resnet_pass_5d.py", "yolov5m/yolov5_pass.py")
_OF_CALLS = ("conf_thres", "iou_thres", "max_det", "batch_padding")


class LenientEngine(Engine):
    """`Engine` with the keywords of existing scripts. Dimension 0 of what goes in is the batch, as it is for them.

    Unknown keywords are a warning, as are inputs that the network does not take (they are dropped) and an `input_name`
    that is not in the graph. Where the names of a script hold all of the graph's, they say which input, and which shape
    of `input_size`, is which; else both come in the graph's order. Arrays of another dtype than the graph's are
    converted where their values stay the same, and floats are rounded, with a warning. On target onnx, `input_size`
    does not bind an input whose size is open; on target cpu, no pass file is applied. `ckpt`, `model_name`,
    `batch_size`, `input_names`, `session` and `module` can be read.
    """

    # what an engine has that was made around a network in memory
    ckpt: str = ""
    model_name: str = ""
    batch_size: int | None = None
    _asked: Sequence[str] = ()
    _said: frozenset[str] = frozenset()

    def __init__(
        self,
        ckpt: str | Path,
        input_name: str | Sequence[str] | None = None,
        target: str = "onnx",
        batch_size: int | None = None,
        input_size: Sequence[Sequence[int]] | None = None,
        dtype: str | None = None,
        pass_path: str | Path | None = None,
        **others: Any,
    ):
        unknown = sorted(set(others) - set(NAMES) - set(_OF_SCRIPTS))
        if unknown:
            _log.warning("the engine knows no %s; it changes nothing", ", ".join(unknown))
        known = {name: value for name, value in others.items() if name in NAMES}
        if batch_size is not None or input_size is not None:
            known.setdefault("batch_first", True)
        if isinstance(known.get("rank"), int):
            known["rank"] = max(known["rank"], 0)  # scripts write -1 where there is one process
        free = isinstance(target, str) and target.partition(":")[0] == "onnx"
        if pass_path and isinstance(target, str) and target.partition(":")[0] == "cpu":
            _tell_of_passes(pass_path)
            pass_path = None
        bound = None if free else _of_the_graph(ckpt, _names(input_name), input_size)
        super().__init__(
            ckpt,
            target=target,
            batch_size=batch_size,
            input_size=bound,
            dtype=dtype,
            pass_path=pass_path,
            **known,
        )
        self.ckpt = str(ckpt)
        self.model_name = str(others.get("model_name") or Path(ckpt).stem)
        self.batch_size = batch_size
        self._asked = _names(input_name)
        self._tell_of_names()

    @property
    def input_names(self) -> list[str]:
        """Of the graph, in its order."""
        return [spec.name for spec in self.inputs]

    @property
    def session(self) -> Any:
        """The runtime's own object, such as onnxruntime.InferenceSession; None where it has none."""
        return self._session.native

    @property
    def module(self) -> Any:
        """The same, under the name that scripts for compiled networks use."""
        return self._session.native

    def __call__(self, inputs: Any, **others: Any) -> Any:
        """As `Engine` does it. Keywords, which belong to postprocessing, change nothing."""
        unknown = sorted(set(others) - set(_OF_CALLS)) if others else ()
        if unknown:
            self._warn_once(f"a call of the engine knows no {', '.join(unknown)}; it changes nothing")
        return super().__call__(self._wanted(inputs))

    def submit(self, inputs: Any) -> Any:
        """As `Engine` does it."""
        return super().submit(self._wanted(inputs))

    def _wanted(self, inputs: Any) -> Any:
        """Without what the network does not take, in the graph's order and its dtypes."""
        if type(inputs) is np.ndarray:
            return self._fitted(inputs, self.inputs[0])
        names = self.input_names
        if isinstance(inputs, Mapping):
            extra = [str(name) for name in inputs if name not in names]
            inputs = {name: array for name, array in inputs.items() if name in names}
        elif isinstance(inputs, (list, tuple)):
            inputs, extra = _chosen(inputs, names, self._asked)
        else:
            return inputs
        if extra:
            self._warn_once(f"the network takes {len(names)} inputs ({', '.join(names)}); dropped: {', '.join(extra)}")
        if isinstance(inputs, dict):
            return {spec.name: self._fitted(inputs[spec.name], spec) for spec in self.inputs if spec.name in inputs}
        return [self._fitted(*pair) for pair in zip(inputs, self.inputs, strict=False)]

    def _fitted(self, array: Any, spec: TensorSpec) -> Any:
        """An array in the graph's dtype where it has the same values there, as numpy's int64 in a graph's int32; floats
        are rounded, which is said. What cannot be meant stays, for the check of all inputs."""
        if type(array) is not np.ndarray or array.dtype == spec.dtype or array.dtype.kind not in "fiub":
            return array
        with np.errstate(all="ignore"):
            found = array.astype(spec.dtype)
            same = bool((found.astype(array.dtype) == array).all())
        if array.dtype.kind == found.dtype.kind == "f" and bool((np.isfinite(found) == np.isfinite(array)).all()):
            if not same:
                self._warn_once(f"the input '{spec.name}' is {array.dtype}; it is rounded to the graph's {spec.dtype}")
            return found
        return found if same else array

    def _tell_of_names(self) -> None:
        """Say which names of the script the graph does not have, and what is made of its inputs."""
        have = self.input_names
        strange = [name for name in self._asked if name not in have and name]
        if strange:
            _log.warning(
                "input_name is %s, and the graph's inputs are %s; %s",
                ", ".join(strange),
                ", ".join(have),
                "they are not passed on" if set(have) <= set(self._asked) else "they are taken in the graph's order",
            )

    def _warn_once(self, text: str) -> None:
        if text not in self._said:
            self._said = self._said | {text}
            _log.warning("%s", text)


def _names(input_name: Any) -> list[str]:
    """Of a list, or of one text with commas between, as flags have it."""
    if isinstance(input_name, str):
        return [name.strip() for name in input_name.split(",")]
    return list(map(str, input_name or ()))


def _chosen(given: Sequence[Any], names: Sequence[str], asked: Sequence[str]) -> tuple[list[Any], list[str]]:
    """What a script gives, one for each of the graph's inputs `names`, and words for what is left over.

    asked: the script's own names; where they hold all of the graph's, they say which is which.
    """
    said = len(set(asked)) == len(asked) <= len(given) and set(names) <= set(asked)
    known = list(asked) if said else list(names)
    numbered = [f"number {number}" for number in range(len(known) + 1, len(given) + 1)]
    named = dict(zip(known, given, strict=False))
    chosen = [named[name] for name in names if name in named]
    return chosen, [name for name in known if name not in names] + numbered


def _tell_of_passes(pass_path: str | Path) -> None:
    """Say that a pass file is not applied, unless it is one of the engine's own, which leave the graph as it is."""
    if Path(pass_path).resolve() not in [PASS_PATH / name for name in _OWN_PASSES]:
        _log.warning(
            "%s: pass files of scripts are written for the card's compiler, and not applied on target cpu; the graph "
            "is compiled as it is",
            pass_path,
        )


def _of_the_graph(ckpt: Any, asked: Sequence[str], input_size: Any) -> Any:
    """A script's shapes as the graph has its inputs. What is no list of shapes stays, for the check of all options."""
    shapes = isinstance(input_size, (list, tuple)) and all(isinstance(one, (list, tuple)) for one in input_size)
    names = input_names_of(Path(ckpt)) if shapes and isinstance(ckpt, (str, Path)) and Path(ckpt).is_file() else []
    if not names:
        return input_size
    chosen, extra = _chosen(input_size, names, asked)
    if extra:
        _log.warning(
            "the network takes %d inputs (%s); of input_size, the shapes of others are dropped: %s",
            len(names),
            ", ".join(names),
            ", ".join(extra),
        )
    return chosen
