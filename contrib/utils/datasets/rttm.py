"""Recordings with what is spoken when: `NAME.wav` (or .flac), and beside it `NAME.rttm`.

RTTM (NIST, Rich Transcription) has a line a turn: SPEAKER, the recording, the channel, where it begins and how long it
is in seconds, two fields that are not used, and who speaks; further fields may follow. Who speaks is not read here. A
file without lines says that nobody speaks.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from utils.datasets.folder import by_name, say_alone, walk
from utils.datasets.sample import Listed, Sample
from utils.preprocess.audio import AUDIO_SUFFIXES
from utils.text_file import read_lines
from zoo_core.errors import DataError

TURNS = ".rttm"

_KIND, _BEGIN, _LENGTH, _LEAST = "SPEAKER", 3, 4, 5


class SpeechRecordings(Listed):
    """A sample's id is its path relative to `root`, its data the recording's path, its truth the turns as (begin, end)
    in seconds, in order.

    Raises:
        DataError: no such folder, no recordings, one without its .rttm, or a line that is no turn; names the line.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        self._samples = [
            Sample(path.relative_to(root).as_posix(), path, read_turns(path.with_suffix(TURNS)))
            for path in by_name(root, AUDIO_SUFFIXES).values()
        ]
        heard = {one.data.with_suffix(TURNS) for one in self._samples}
        say_alone(set(walk(root, (TURNS,))) - heard, "a file of turns without a recording")


def read_turns(path: Path) -> tuple[tuple[float, float], ...]:
    """The turns of one RTTM file, (begin, end) in seconds, sorted. Raises DataError."""
    turns = []
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";;"):
            continue
        turns.append(_turn(f"{path}, line {number}", fields))
    return tuple(sorted(turns))


def _turn(place: str, fields: list[str]) -> tuple[float, float]:
    if fields[0] != _KIND or len(fields) < _LEAST:
        raise DataError(
            f"{place}: a turn is {_KIND}, recording, channel, begin and length in seconds, got "
            f"{' '.join(fields)!r:.80}."
        )
    try:
        begin, length = float(fields[_BEGIN]), float(fields[_LENGTH])
    except ValueError:
        begin = length = -1.0
    if not (isfinite(begin + length) and begin >= 0 and length > 0):
        raise DataError(
            f"{place}: begin and length are seconds, 0 or more and above 0, got {fields[_BEGIN]!r:.20} and "
            f"{fields[_LENGTH]!r:.20}."
        )
    return begin, begin + length


def rttm_line(recording: str, begin: float, end: float) -> str:
    """A turn as a line of RTTM."""
    return f"{_KIND} {recording} 1 {begin:.3f} {end - begin:.3f} <NA> <NA> speech <NA> <NA>\n"
