"""A network that is ready to be called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.datasets.sample import Sample
from utils.video import VIDEOS, frames, is_camera, video_facts
from zoo.commands.notice import weights_notice
from zoo.commands.predicting import Bad
from zoo.commands.video import AT_ONCE, framewise
from zoo.errors import ZooError
from zoo.inputs.files import is_video
from zoo.inputs.given import Samples, Unread
from zoo.model import Model
from zoo.running.engines import open_runner
from zoo.running.given import predict_given
from zoo.running.pipeline import Stages
from zoo.running.setting import Setting

from .result import Result, Told

if TYPE_CHECKING:
    from zoo.accuracy.tune import Tuned


class Net:
    """A network on a target. Called from several threads at once if wanted; `close` or a `with` block ends it.

    Args:
        setting: model, files, target and so on, as `load` makes it.
    """

    def __init__(self, setting: Setting):
        self.setting = setting
        self._task = setting.task()
        self._runner = open_runner(setting, batches=2)
        self._notice = weights_notice(setting)

    @property
    def model(self) -> Model:
        """What is known of the network: title, source, licence, published figure."""
        return self.setting.model

    def __call__(self, given: Any, windows: bool = False) -> Result | list[Result]:
        """What the network says.

        Args:
            given: a path, an address, a pattern, a folder, text, a column of a table ("reviews.csv:text"), a PDF,
                bytes, a PIL picture, an array (uint8 [H, W, 3], red, green, blue), or a list of these. Of a video,
                `frames` gives what the network says.
            windows: whether a recording that is longer than what the network hears becomes several samples.

        Returns:
            A `Result` for one sample; a list of them, in order, for a list, a folder, a pattern or a file of several.
            In a list, a sample that cannot be read has its `error`, and no prediction.

        Raises:
            DataError: the only sample cannot be read.
            ZooError: the network has no use for what is given.
        """
        samples = Samples(self._task, windows, self.setting.timeout)
        found = self._predicted(samples, samples.of(given))
        if samples.several or len(found) != 1:
            return found
        if found[0].error is not None:
            raise found[0].error
        return found[0]

    def _predicted(self, samples: Samples, given: Sequence[Sample | Unread]) -> list[Result]:
        """In batches; what cannot be read is a result too."""
        found = predict_given(self.setting, self._task, self._runner, given)
        told = partial(Told, self._task, samples)
        return [
            Result(one.id, prediction, error, self._notice, told(one, self.setting.topk))
            for one, (prediction, error) in zip(given, found, strict=True)
        ]

    def frames(self, video: str | Path) -> Iterator[Result]:
        """Yield what the network says of each frame of a video or a camera; a few frames are in memory at a time.

        Args:
            video: a file, which PyAV reads, or a camera such as /dev/video0; the network takes pictures.

        Yields:
            A `Result` a frame, "clip.mp4:0" and so on. A frame that cannot be read has its `error`; from one on which
            cannot be decoded, there are no more.

        Raises:
            DataError: PyAV is missing, or the file is no video.
            ZooError: the network takes no pictures.
        """
        path = Path(video)
        if not is_video(self._task, path):
            raise ZooError(f"{video}: this network takes no frames of such a file; videos end with {', '.join(VIDEOS)}")
        video_facts(path)
        samples, bad = Samples(self._task, timeout=self.setting.timeout), list[Bad]()
        at_once = 1 if is_camera(path) else AT_ONCE
        found = framewise(self.setting, self._task, self._runner, frames(path), Stages(), bad, at_once)
        told = partial(Told, self._task, samples)
        for frame, prediction in found:
            sample = Sample(f"{video}:{frame.number}", frame.picture)
            yield Result(sample.id, prediction, None, self._notice, told(sample, self.setting.topk))
        for one, error in bad:
            unread = Unread(f"{video}:{one.id}", error)
            yield Result(unread.id, None, error, self._notice, told(unread, self.setting.topk))

    def valid(self, data: str | Path = "sample") -> dict[str, float]:
        """The metrics over a labelled data set.

        Args:
            data: its folder, "sample" or "reference".
        """
        from zoo.accuracy.valid import validate
        from zoo.references import data_folder

        return validate(self.setting, data_folder(self.model, data)).figures

    def tune(self, seconds: float = 1.0) -> Tuned:
        """The best batch sizes, streams and threads on this target, among those that are accurate enough.

        Args:
            seconds: to measure each setting.
        """
        from zoo.accuracy.tune import BATCHES, tune

        return tune(self.setting, [self.setting.dtype], BATCHES, "sample", 256, seconds)

    def close(self) -> None:
        """Give back what the engines hold, after the calls that are in flight."""
        self._runner.release()

    def __enter__(self) -> Net:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
