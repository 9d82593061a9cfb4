"""Videos and cameras, by PyAV where it is installed: frames one after another in little memory, and drawn videos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from zoo_core.errors import DataError, UnreadableError, first_line

if TYPE_CHECKING:
    from fractions import Fraction

VIDEOS = (".mp4", ".avi", ".mkv", ".webm", ".mov")
# Cameras, as Linux names them, and what reads them
CAMERAS = "/dev/video"
CAMERA_FORMAT = "v4l2"
# What encodes, the first that PyAV has: H.264 is what everything plays, MPEG-4 what FFmpeg always has
_ENCODERS = ("libx264", "libopenh264", "mpeg4")
_DEFAULT_RATE = 25  # of a video that does not say its own
_SHARPEST = 4_000_000  # bits a second


@dataclass(frozen=True)
class Frame:
    """One picture of a video.

    Attributes:
        number: from 0.
        seconds: when it is shown.
        picture: RGB, turned as the video says.
    """

    number: int
    seconds: float
    picture: Image.Image


@dataclass(frozen=True)
class VideoFacts:
    """What a video says of itself: frames a second, and how many frames there are about (0: it does not say)."""

    rate: Fraction
    frames: int


def is_camera(name: str | Path) -> bool:
    """Whether this is the name of a camera, which may not be there: /dev/video0 and so on."""
    text = str(name)
    return text.startswith(CAMERAS) and text.removeprefix(CAMERAS).isdecimal()


def cameras() -> list[str]:
    """The cameras of this machine."""
    found = Path(CAMERAS)
    return sorted(str(path) for path in found.parent.glob(f"{found.name}*") if is_camera(path))


def _av(path: Path) -> Any:
    try:
        import av
    except ImportError as error:
        raise DataError(
            f"{path}: a video needs PyAV (pip install av); or give a folder of its frames as pictures."
        ) from error
    return av


def _opened(av: Any, path: Path) -> Any:
    """PyAV's container of a video or a camera."""
    return av.open(str(path), format=CAMERA_FORMAT if is_camera(path) else None)


def video_facts(path: Path) -> VideoFacts:
    """Rate and length of a video; a camera has no length.

    Raises:
        DataError: PyAV is missing.
        UnreadableError: it is no video.
    """
    from fractions import Fraction

    av = _av(path)
    try:
        with _opened(av, path) as container:
            stream = container.streams.video[0]
            rate = Fraction(stream.average_rate or _DEFAULT_RATE)
            length = Fraction(container.duration or 0, av.time_base)
            return VideoFacts(rate, stream.frames or int(length * rate))
    except Exception as error:
        raise _unreadable(path, error) from error


def frames(path: Path) -> Iterator[Frame]:
    """Yield the frames of a video, or of a camera without end; no more than one is kept.

    Raises:
        DataError: PyAV is missing, or there is no frame.
        UnreadableError: it is no video, or damaged from some frame on, which is named; those before it were given.
    """
    av = _av(path)
    number = -1
    try:
        with _opened(av, path) as container:
            for place, frame in enumerate(container.decode(video=0)):
                picture = _upright(frame)
                number = place
                yield Frame(number, float(frame.time or 0.0), picture)
    except Exception as error:
        raise _unreadable(path, error, number) from error
    if number < 0:
        raise DataError(f"{path}: there is no frame in this video.")


def some_frames(path: Path, wanted: Any) -> list[Image.Image]:
    """Some frames of a video, which is read twice: once to be counted.

    Args:
        path: the video.
        wanted: called with the number of frames; says which ones.

    Raises:
        DataError, UnreadableError: as `frames`.
    """
    av = _av(path)
    try:
        with _opened(av, path) as container:
            count = sum(1 for _ in container.decode(video=0))
        places = wanted(count) if count else ()
        with _opened(av, path) as container:
            every = enumerate(container.decode(video=0))
            found = {number: _upright(frame) for number, frame in every if number in places}
    except Exception as error:
        raise _unreadable(path, error) from error
    if not count:
        raise DataError(f"{path}: there is no frame in this video.")
    return [found[place] for place in places]


def _upright(frame: Any) -> Image.Image:
    """A frame as people see it: telephones note how they were held."""
    picture: Image.Image = frame.to_image()
    turned = int(getattr(frame, "rotation", 0) or 0)
    return picture.rotate(turned, expand=True) if turned else picture


def _unreadable(path: Path, error: Exception, number: int = -1) -> UnreadableError:
    # FFmpeg's errors have a class each
    where = f" behind frame {number}" if number >= 0 else ""
    what = "camera" if is_camera(path) else "video"
    reason = "there is no picture in it" if isinstance(error, IndexError) else first_line(error)
    return UnreadableError(f"{path}: this {what} cannot be read{where}: {reason}.")


class VideoWriter:
    """Writes pictures to a new .mp4; the first one decides its size. Used as a context.

    Args:
        path: of the new file.
        rate: frames a second.
    """

    def __init__(self, path: Path, rate: Fraction):
        self._av = _av(path)
        self._rate = rate.limit_denominator(1001)
        self._path = path
        self._size = (0, 0)
        self._container: Any = None
        self._stream: Any = None

    def add(self, picture: Image.Image) -> None:
        """Write one picture, scaled where it has another size than the first.

        Raises:
            DataError: it cannot be encoded.
        """
        try:
            self._add(picture.convert("RGB"))
        except self._av.error.FFmpegError as error:
            raise DataError(f"{self._path}: the video cannot be written: {first_line(error)}.") from error

    def _add(self, picture: Image.Image) -> None:
        if self._container is None:
            self._open(picture)
        if picture.size != self._size:
            picture = picture.resize(self._size)
        self._container.mux(self._stream.encode(self._av.VideoFrame.from_image(picture)))

    def _open(self, picture: Image.Image) -> None:
        name = next(one for one in _ENCODERS if one in self._av.codecs_available)
        self._container = self._av.open(str(self._path), "w", format="mp4")
        self._stream = self._container.add_stream(name, rate=self._rate)
        width, height = picture.size
        self._size = (width + width % 2, height + height % 2)  # what encoders take
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.bit_rate = _SHARPEST

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._container is not None:
            self._container.mux(self._stream.encode())
            self._container.close()
