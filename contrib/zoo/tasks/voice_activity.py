"""Voice activity detection: a recording in, the probability of speech in each of its chunks and the spans out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.rttm import SpeechRecordings
from utils.datasets.sample import Sample
from utils.metrics.voice_activity import ChunkDetection
from utils.postprocess.speech_spans import Span, SpeechRules
from utils.preprocess.audio import AUDIO_SUFFIXES
from utils.preprocess.recordings import load_recording
from zoo.task import Run, Task, as_list


@dataclass(frozen=True)
class Speech:
    """What was heard in a recording.

    Attributes:
        probabilities: of speech, float32 [chunks].
        spans: (begin, end) in seconds.
        seconds: of the recording.
        hop: seconds of a chunk.
        whole: how many chunks lie wholly in the recording; the last one may be filled up.
    """

    probabilities: np.ndarray
    spans: list[Span]
    seconds: float
    hop: float
    whole: int


@dataclass(frozen=True)
class VoiceActivity(Task):
    """A network that is called chunk by chunk. It takes the last `context` samples of the chunk before and a chunk,
    [N, context + chunk], and its own state, [N, *state]; it gives the probability of speech, [N, 1], and the next
    state. A recording begins with a context and a state of zeros, and its last chunk is filled up with zeros.

    rules: how probabilities become spans; rate and chunk are theirs. All recordings of a batch step together.
    """

    context: int
    state: tuple[int, ...]
    rules: SpeechRules = field(default_factory=SpeechRules)

    suffixes = AUDIO_SUFFIXES
    data_name = "recording"
    padding = (0.0, 0.0, 0.0)
    beside = (TensorSpec("sound", "float32", ("batch", "samples")),)

    @property
    def source_identity(self) -> str:
        return f"soundfile, scipy resample_poly to {self.rules.rate} Hz, chunks of {self.rules.chunk} + {self.context}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], int]:
        """((the first chunk with its context, the first state, all samples behind the context); samples of its own)."""
        samples = load_recording(data, self.rules.rate)
        chunks = -(-len(samples) // self.rules.chunk)
        sound = np.zeros(self.context + chunks * self.rules.chunk, np.float32)
        sound[self.context : self.context + len(samples)] = samples
        return (sound[: self.context + self.rules.chunk], np.zeros(self.state, np.float32), sound), len(samples)

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The probabilities, [N, chunks], of the longest recording's chunks."""
        (step,) = parts.values()
        _, state, sound = arrays
        found = []
        for place in range(0, sound.shape[1] - self.context, self.rules.chunk):
            chunk = np.ascontiguousarray(sound[:, place : place + self.context + self.rules.chunk])
            probability, state = as_list(step([chunk, state]))
            found.append(probability)
        return [np.concatenate(found, axis=1)]

    def postprocess(self, outputs: list[np.ndarray], metas: list[int]) -> list[Speech]:
        return [self._speech(row, samples) for row, samples in zip(outputs[0], metas, strict=True)]

    def _speech(self, row: np.ndarray, samples: int) -> Speech:
        rate, chunk = self.rules.rate, self.rules.chunk
        own = row[: -(-samples // chunk)].astype(np.float32)
        return Speech(own, self.rules(own, samples), samples / rate, chunk / rate, samples // chunk)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return SpeechRecordings(root)

    def length(self, data: Any) -> int:
        return len(load_recording(data, self.rules.rate))

    def metric(self) -> ChunkDetection:
        return ChunkDetection()

    def agreement(self, one: Speech, other: Speech) -> bool:
        """As many spans, whose ends are at most two chunks apart."""
        if len(one.spans) != len(other.spans):
            return False
        return bool(np.allclose(one.spans, other.spans, rtol=0, atol=2.01 * one.hop))

    def describe(self, prediction: Speech, topk: int) -> str:
        spans = ", ".join(f"{begin:.2f}-{end:.2f}" for begin, end in prediction.spans)
        spoken = sum(end - begin for begin, end in prediction.spans)
        return f"{spoken:.2f} of {prediction.seconds:.2f} s are speech{f': {spans} s' if spans else ''}"

    def to_json(self, prediction: Speech) -> dict[str, Any]:
        spans = [{"begin": begin, "end": end} for begin, end in prediction.spans]
        return {"speech": spans, "seconds": prediction.seconds, "probabilities": prediction.probabilities.tolist()}

    def draw(self, data: Any, prediction: Speech) -> Any:
        from utils.draw.recording import draw_speech

        samples = load_recording(data, self.rules.rate)
        return draw_speech(samples, prediction.seconds, prediction.probabilities, prediction.spans)
