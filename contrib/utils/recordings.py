"""A long recording as windows of one length, each in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoo_core.errors import UnreadableError, first_line


def cut(path: Path, seconds: float, folder: Path) -> Iterator[tuple[float, float, Path]]:
    """Yield where each window begins and ends, in seconds, and its file; one is in memory at a time.

    The windows follow each other without overlap; the last one is as long as what is left. A recording that is no
    longer than one is its own window. The samples are the same to the bit.

    Args:
        path: a WAV or FLAC file.
        seconds: of a window.
        folder: where the files go.

    Raises:
        UnreadableError: it cannot be read.
    """
    from utils.preprocess.audio import Clip, read_piece, sound_source

    _, rate, whole = read_piece(Clip(path, 0.0), seconds)
    if whole <= seconds:
        yield 0.0, whole, path
        return
    import soundfile

    frames = max(round(seconds * rate), 1)
    try:
        with soundfile.SoundFile(sound_source(path)) as recording:
            for start in range(0, recording.frames, frames):
                piece = recording.read(frames, dtype="float32", always_2d=True)
                if len(piece) < min(frames, recording.frames - start):
                    raise UnreadableError(f"{path}: the file ends after {start + len(piece)} samples.")
                file = folder / f"{path.stem}_{start}.wav"
                soundfile.write(str(file), piece, rate, subtype="FLOAT")
                yield start / rate, (start + len(piece)) / rate, file
    except UnreadableError:
        raise
    except (soundfile.SoundFileError, RuntimeError, OSError) as error:
        raise UnreadableError(f"{path}: this recording cannot be read: {first_line(error)}.") from error
