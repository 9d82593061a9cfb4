"""The gate: how far the metric of the rounded files may be from that of the network they were made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from utils.datasets.sample import Sample
from zoo.accuracy.comparison import Comparison
from zoo.accuracy.verify import measure, opened, release
from zoo.layers.rounded import plain
from zoo.running.engines import framework_runner, open_runner
from zoo.running.network import Runner
from zoo.running.setting import Setting


@dataclass(frozen=True)
class Gate:
    """Compares on the same samples, by the rules of `zoo verify` for int8.

    Args:
        setting: of the export.
        samples: labelled ones of the model's task.
        most: by how much of itself the metric may change.
        random: the weights are, so that outputs decide too.
    """

    setting: Setting
    samples: Sequence[Sample]
    most: float
    random: bool

    def float32(self, rounded: Setting) -> Comparison:
        """Against the float32 files on ONNX Runtime."""
        return self._compare(lambda: open_runner(plain(self.setting).but(streams=1)), "onnxruntime", rounded)

    def framework(self, rounded: Setting) -> Comparison:
        """Against the framework's own network."""
        return self._compare(lambda: framework_runner(plain(self.setting)), "", rounded)

    def _compare(self, opening: Callable[[], Runner], name: str, rounded: Setting) -> Comparison:
        contenders = [opened(self.setting, name, "float32", opening)]
        try:
            one = rounded.but(streams=1)
            # whatever is rounded, weights alone too, its outputs are judged by what int8 may differ
            contenders.append(opened(one, "", "int8", lambda: open_runner(one)))
            staged = len(self.setting.model.parts) > 1
            done = Comparison(contenders[0], contenders[1], self.most, self.random, staged)
            spreads = measure(self.setting, self.samples, contenders, [done])
            for spread in spreads.values():
                spread.require_alive()
            return done
        finally:
            release(contenders)
