"""SpeechBrain's samples of voice activity: six pieces of two seconds, with the spans in which somebody speaks."""

from __future__ import annotations

import json
from pathlib import Path

from utils.datasets.rttm import rttm_line
from utils.text_file import read_text
from zoo_core.errors import DataError

_PARTS = {"VAD_train.json": "train.wav", "VAD_dev.json": "valid.wav"}


def arrange(files: Path, folder: Path) -> None:
    """Write the pieces as they are cut in the annotations, each with its RTTM.

    Args:
        files: holds the two annotations, which give for each piece its place in samples and its spans in seconds, and
            the two recordings.
        folder: the folder to fill.

    Raises:
        DataError: an annotation is not of this form.
    """
    import soundfile

    for name, wav in _PARTS.items():
        try:
            pieces = json.loads(read_text(files / name)).items()
            for piece, said in pieces:
                begin, end = int(said["wav"]["start"]), int(said["wav"]["stop"])
                times = [float(time) for time in said["speech"].split()]
                samples, rate = soundfile.read(files / wav, frames=end - begin, start=begin, dtype="int16")
                stem = f"{Path(wav).stem}_{piece}"
                soundfile.write(folder / f"{stem}.wav", samples, rate, subtype="PCM_16")
                turns = [rttm_line(stem, *span) for span in zip(times[::2], times[1::2], strict=True)]
                (folder / f"{stem}.rttm").write_text("".join(turns), encoding="utf-8")
        except (ValueError, KeyError, TypeError, AttributeError, soundfile.SoundFileError) as error:
            raise DataError(
                f"{files / name}: this is no annotation of SpeechBrain's VAD samples: {error!r}."
            ) from error
