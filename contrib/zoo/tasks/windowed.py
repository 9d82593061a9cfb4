"""Tasks that hear a recording of any length in windows."""

from __future__ import annotations

from typing import Any

from engine.spec import TensorSpec
from utils.preprocess.audio import AUDIO_SUFFIXES
from utils.preprocess.recordings import load_recording
from zoo.task import Task


class WindowedTask(Task):
    """A recording, of which the network sees a window at a time: its inputs are one window, and beside it all samples.
    A subclass is a dataclass that has the field.

    Attributes:
        rate: samples a second.
    """

    rate: int

    suffixes = AUDIO_SUFFIXES
    data_name = "recording"
    padding = (0.0, 0.0)
    beside = (TensorSpec("sound", "float32", ("batch", "samples")),)

    def length(self, data: Any) -> int:
        return len(load_recording(data, self.rate))
