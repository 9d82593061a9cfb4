"""Where somebody speaks, from the probability of speech in each chunk of a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Span = tuple[float, float]


@dataclass(frozen=True)
class SpeechRules:
    """How probabilities become spans, with the numbers of Silero VAD's own program.

    Attributes:
        rate, chunk: samples a second, and of a chunk.
        begin, end: a span begins with a chunk of at least `begin`, and ends with the first of chunks below `end` that
            go on for `silence` seconds with none of at least `begin` among them.
        speech: seconds that a span has at least; shorter ones are dropped.
        margin: seconds that are put before and behind each span; two spans share a pause that is shorter than both.
    """

    rate: int = 16_000
    chunk: int = 512
    begin: float = 0.5
    end: float = 0.35
    silence: float = 0.1
    speech: float = 0.25
    margin: float = 0.03

    def __call__(self, probabilities: np.ndarray, samples: int) -> list[Span]:
        """The spans in seconds.

        Args:
            probabilities: float [chunks].
            samples: of the recording, which ends within the last chunk.
        """
        found = self._rough(probabilities, samples)
        margin = int(self.rate * self.margin)
        for number, span in enumerate(found):
            if number == 0:
                span[0] = max(0, span[0] - margin)
            if number == len(found) - 1:
                span[1] = min(samples, span[1] + margin)
                break
            following = found[number + 1]
            pause = following[0] - span[1]
            shared = pause // 2 if pause < 2 * margin else margin
            span[1], following[0] = span[1] + shared, following[0] - shared
        return [(begin / self.rate, end / self.rate) for begin, end in found]

    def _rough(self, probabilities: np.ndarray, samples: int) -> list[list[int]]:
        """The spans in samples, without margins."""
        found: list[list[int]] = []
        begin = quiet = -1  # where the span began, and where it may have ended; -1 for not yet
        for number, probability in enumerate(probabilities):
            place = number * self.chunk
            if probability >= self.begin:
                begin, quiet = (place if begin < 0 else begin), -1
            elif probability < self.end and begin >= 0:
                quiet = place if quiet < 0 else quiet
                if place - quiet >= self.rate * self.silence:
                    found.append([begin, quiet])
                    begin = quiet = -1
        if begin >= 0:
            found.append([begin, samples])
        return [span for span in found if span[1] - span[0] > self.rate * self.speech]
