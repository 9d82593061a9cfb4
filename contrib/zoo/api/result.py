"""What a network says of one sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.datasets.sample import Sample
from zoo.commands.notice import captioned
from zoo.inputs.given import Samples, Unread
from zoo.running.given import prediction_json
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.files import atomic_write


@dataclass(frozen=True)
class Told:
    """What a result is told with: the task, what its files live in, the sample, how many classes."""

    task: Task
    files: Samples
    sample: Sample | Unread
    topk: int


@dataclass(frozen=True)
class Result:
    """What a network says of one sample.

    Attributes:
        id: what the sample is called: its path, its address, or a number.
        prediction: of the task's own type, such as `Detections`; None where the sample could not be read.
        error: why it could not; None where it could.
        notice: what must be known of the weights ("random weights: …"); "" where there is nothing to say.
    """

    id: str
    prediction: Any
    error: DataError | None
    notice: str
    _told: Told = field(repr=False)

    @property
    def text(self) -> str:
        """The prediction in one line."""
        if self.error is not None:
            return f"not read: {self.error}"
        return self._told.task.describe(self.prediction, self._told.topk)

    def __str__(self) -> str:
        said = f"{self.id}: {self.text}"
        return f"{said} ({self.notice})" if self.notice and self.error is None else said

    def to_json(self) -> dict[str, Any]:
        """The prediction as plain data, as the scripts write it with --json."""
        if self.error is not None:
            return {"id": self.id, "error": str(self.error)}
        return prediction_json(self._told.task, self.id, self.prediction, self._told.topk, self.notice)

    def picture(self) -> Any:
        """The sample with the prediction drawn: a PIL picture, or for sound and episodes what has `save(path)`.

        Raises:
            DataError: the sample could not be read.
        """
        if isinstance(self._told.sample, Unread) or self.error is not None:
            raise self.error or DataError(f"{self.id} could not be read")
        return captioned(self._told.task.draw(self._told.sample.data, self.prediction), self.notice)

    def save(self, path: str | Path) -> Path:
        """Write the picture.

        Args:
            path: of the new file; its suffix is added where it has none.

        Raises:
            DataError: it cannot be written, or the suffix is of no kind that is.
        """
        path = Path(path)
        path = path if path.suffix else path.with_suffix(self._told.task.picture_suffix)
        form = _FORMATS.get(path.suffix.lower(), path.suffix[1:].upper())
        picture = self.picture()
        with atomic_write(path) as temporary:
            try:
                picture.save(temporary, format=form)
            except (KeyError, ValueError) as error:
                usual = self._told.task.picture_suffix
                raise DataError(f"{path}: this cannot be written as {form}; {usual} can.") from error
        return path

    def show(self) -> None:
        """Open the picture in the viewer of the desktop. What is no picture (sound, an episode) is for `save`."""
        self.picture().show()


_FORMATS = {".jpg": "JPEG", ".tif": "TIFF"}
