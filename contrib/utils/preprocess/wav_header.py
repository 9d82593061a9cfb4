"""What the header of a WAV file says where it is not to be believed: lengths that were not filled in, contradictions.

libsndfile believes the length in the header. A recorder that is stopped by force leaves 0 there, or less than there is.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import NamedTuple

from utils.notices import notice
from zoo_core.errors import UnreadableError

_PCM, _FLOAT = 1, 3


class _Sound(NamedTuple):
    """Where the sound begins in the file, how many bytes the header says it has, and how many there are."""

    start: int
    said: int
    there: int


def sound_source(path: Path) -> str | io.BytesIO:
    """What libsndfile is to open: the file itself, or a copy in memory whose header has the length that was left out.

    Raises:
        UnreadableError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
            size = file.seek(0, io.SEEK_END)
            if not head:
                raise UnreadableError(f"{path}: this file is empty.")
            sound = _sound(head, size) if head[:4] == b"RIFF" and head[8:12] == b"WAVE" else None
            if sound is None:
                return str(path)
            _say_contradiction(path, head)
            rest = sound.there - sound.said
            file.seek(sound.start + sound.said + sound.said % 2)
            if rest <= 1 or _are_chunks(file.read(8), rest):
                return str(path)
            if sound.said:
                notice(
                    "a length too small",
                    str(path),
                    f"{rest} bytes follow the {sound.said} bytes of sound that the header tells of, and are not read.",
                )
                return str(path)
            notice(
                "a length of 0",
                str(path),
                f"its header says that there are 0 bytes of sound, and {rest} follow: these are read.",
            )
            file.seek(0)
            content = bytearray(file.read())
    except UnreadableError:  # an OSError itself, which says what it is already
        raise
    except IsADirectoryError as error:
        raise UnreadableError(f"{path}: this is a folder, a recording is expected.") from error
    except FileNotFoundError as error:
        raise UnreadableError(f"{path}: there is no such file.") from error
    except PermissionError as error:
        raise UnreadableError(f"{path}: no permission to read this file.") from error
    except (OSError, ValueError) as error:  # a name with a NUL in it
        raise UnreadableError(f"{path}: this file cannot be read ({error}).") from error
    struct.pack_into("<I", content, sound.start - 4, min(len(content) - sound.start, 0xFFFFFFFF))
    struct.pack_into("<I", content, 4, min(len(content) - 8, 0xFFFFFFFF))
    return io.BytesIO(bytes(content))


def _sound(head: bytes, size: int) -> _Sound | None:
    """The chunk of the sound; None where it does not begin within `head`, or there is none."""
    at = 12
    while at + 8 <= len(head):
        kind, length = struct.unpack_from("<4sI", head, at)
        if kind == b"data":
            return _Sound(at + 8, length, size - at - 8)
        at += 8 + length + length % 2
    return None


def _are_chunks(begin: bytes, size: int) -> bool:
    """Whether what follows the sound is a further chunk: a name of four letters, and a length that fits."""
    if len(begin) < 8:
        return not begin.strip(b"\0")
    kind, length = struct.unpack("<4sI", begin)
    return all(32 <= letter < 127 for letter in kind) and length <= size


def _say_contradiction(path: Path, head: bytes) -> None:
    """The header has the bytes of a second and of a frame twice: as numbers, and as products of others."""
    at = head.find(b"fmt ", 12)
    if at < 0 or at + 24 > len(head):
        return
    kind, channels, rate, second, frame, bits = struct.unpack_from("<HHIIHH", head, at + 8)
    if kind in (_PCM, _FLOAT) and (frame != channels * ((bits + 7) // 8) or second != rate * frame):
        notice(
            "a contradictory header",
            str(path),
            f"its header contradicts itself: {channels} channels of {bits} bits at {rate} Hz are not {second} bytes a "
            f"second and {frame} a frame. If it sounds wrong or is cut short, write it anew.",
        )
