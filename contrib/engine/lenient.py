"""The engine as existing scripts call it: lenient where they are loose. Our own code uses the strict `Engine`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .base import Engine
from .options import NAMES

_log = logging.getLogger(__name__)

# Keywords of existing scripts that change nothing here, and are not worth a word
_OF_SCRIPTS = ("task", "model", "model_name", "backend", "devide", "card_bs1")
_OF_CALLS = ("conf_thres", "iou_thres", "max_det", "batch_padding")


class LenientEngine(Engine):
    """`Engine` with the keywords of existing scripts. Dimension 0 of what goes in is the batch, as it is for them.

    Unknown keywords are a warning, as are inputs that the network does not take (they are dropped) and an `input_name`
    that is not in the graph; with several inputs, names that are there say in which order the inputs come. On target
    onnx, `input_size` does not bind an input whose size is open. `ckpt`, `model_name`, `batch_size`, `input_names`,
    `session` and `module` can be read.
    """

    # what an engine has that was made around a network in memory
    ckpt: str = ""
    model_name: str = ""
    batch_size: int | None = None
    _order: Sequence[int] | None = None
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
        bound = None if isinstance(target, str) and target.partition(":")[0] == "onnx" else input_size
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
        self._order = self._named_order(input_name)

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
        unknown = sorted(set(others) - set(_OF_CALLS))
        if unknown:
            self._warn_once(f"a call of the engine knows no {', '.join(unknown)}; it changes nothing")
        return super().__call__(self._wanted(inputs))

    def submit(self, inputs: Any) -> Any:
        """As `Engine` does it."""
        return super().submit(self._wanted(inputs))

    def _wanted(self, inputs: Any) -> Any:
        """Without what the network does not take, in the graph's order."""
        names = self.input_names
        if isinstance(inputs, Mapping):
            extra = [str(name) for name in inputs if name not in names]
            inputs = {name: array for name, array in inputs.items() if name in names}
        elif isinstance(inputs, (list, tuple)):
            extra = [f"number {number}" for number in range(len(names) + 1, len(inputs) + 1)]
            inputs = list(inputs[: len(names)])
            if self._order is not None and len(inputs) == len(names):
                inputs = [inputs[place] for place in self._order]
        else:
            return inputs
        if extra:
            self._warn_once(f"the network takes {len(names)} inputs ({', '.join(names)}); dropped: {', '.join(extra)}")
        return inputs

    def _named_order(self, input_name: Any) -> list[int] | None:
        """The place in a script's list of each of the graph's inputs; None where its names do not say."""
        asked = [input_name] if isinstance(input_name, str) else list(input_name or ())
        have = self.input_names
        if sorted(map(str, asked)) == sorted(have):
            return [asked.index(name) for name in have]
        strange = [str(name) for name in asked if name not in have and name]
        if strange:
            _log.warning(
                "input_name is %s, and the graph's inputs are %s; they are taken in the graph's order",
                ", ".join(strange),
                ", ".join(have),
            )
        return None

    def _warn_once(self, text: str) -> None:
        if text not in self._said:
            self._said = self._said | {text}
            _log.warning("%s", text)
