"""Note transcription: a recording of music in, the notes that sound in the course of time out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from utils.datasets.vocadito import notes
from utils.metrics.notes import FrameNotes
from utils.postprocess.notes import LOWEST, Note, named, notes_of
from utils.preprocess.constant_q import ConstantQ
from utils.preprocess.recordings import load_recording
from utils.preprocess.windows import Windows
from zoo.task import Run, as_list
from zoo.tasks.windowed import WindowedTask

_ROWS = 8  # windows of a call


@dataclass(frozen=True)
class Transcription:
    """What was heard in a recording.

    Attributes:
        times: seconds of the frames, [frames].
        active: which keys sound, bool [frames, 88], the lowest is A0.
        notes: begin, end and MIDI number of each.
    """

    times: np.ndarray
    active: np.ndarray
    notes: list[Note]


@dataclass(frozen=True)
class NoteTranscription(WindowedTask):
    """A network that takes the spectra of a window, [N, frames, bins], and gives how much each of 88 keys sounds in a
    frame, [N, frames, 88], and further outputs, which are compared and not used.

    windows: of the recording; neighbours overlap, and of each the first and the last `edge` frames are left out.
    spectrum: of a window. rate: samples a second. threshold: of a key that sounds.
    """

    windows: Windows
    spectrum: ConstantQ
    rate: int
    edge: int
    threshold: float = 0.3

    @property
    def source_identity(self) -> str:
        return (
            f"soundfile, scipy resample_poly to {self.rate} Hz, {self.spectrum}, windows of {self.windows.size} every "
            f"{self.windows.hop}"
        )

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], int]:
        """((the spectra of the first window, all samples with zeros around them), samples of its own)."""
        samples = load_recording(data, self.rate)
        sound = self.windows.padded(samples)
        return (self.spectrum(sound[: self.windows.size]), sound), len(samples)

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The outputs of every window, [N, windows, frames, …]."""
        (network,) = parts.values()

        def heard(rows: np.ndarray) -> list[np.ndarray]:
            return as_list(network([np.stack([self.spectrum(row) for row in rows])]))

        return self.windows.run(heard, arrays[1], _ROWS)

    def postprocess(self, outputs: list[np.ndarray], metas: list[int]) -> list[Transcription]:
        return [self._transcribed(row, samples) for row, samples in zip(outputs[0], metas, strict=True)]

    def _transcribed(self, row: np.ndarray, samples: int) -> Transcription:
        own = row[: self.windows.count(samples), self.edge : -self.edge]
        place = np.arange(self.edge, row.shape[1] - self.edge) * self.spectrum.hop - self.windows.before
        times = (np.arange(len(own))[:, None] * self.windows.hop + place).reshape(-1) / self.rate
        inside = times < samples / self.rate
        active = own.reshape(-1, own.shape[2])[inside] >= self.threshold
        return Transcription(times[inside], active, notes_of(active, times[inside]))

    def dataset(self, root: Path) -> Sequence[Sample]:
        return notes(root)

    def metric(self) -> FrameNotes:
        return FrameNotes()

    def agreement(self, one: Transcription, other: Transcription) -> bool:
        """At most one in a hundred of the keys that sound in a frame in either does not in the other."""
        return bool((one.active != other.active).sum() <= 0.01 * (one.active | other.active).sum())

    def describe(self, prediction: Transcription, topk: int) -> str:
        told = ", ".join(f"{named(note.key)} {note.begin:.2f}-{note.end:.2f}" for note in prediction.notes[:8])
        more = ", …" if len(prediction.notes) > 8 else ""
        return f"{len(prediction.notes)} notes{f': {told}{more}' if told else ''}"

    def to_json(self, prediction: Transcription) -> dict[str, Any]:
        return {"notes": [note._asdict() | {"name": named(note.key)} for note in prediction.notes]}

    def draw(self, data: Any, prediction: Transcription) -> Any:
        from utils.draw.recording import draw_notes

        samples = load_recording(data, self.rate)
        spans = [(note.begin, note.end, note.key) for note in prediction.notes]
        return draw_notes(samples, len(samples) / self.rate, spans, LOWEST)
