"""Reading images, and the steps that every image classifier's preprocessing shares. Pillow and numpy only."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import PIL
from PIL import Image, UnidentifiedImageError, features

from utils.notices import notice
from utils.preprocess.image_metadata import SIDEWAYS, TURNS, orientation, without_metadata
from utils.preprocess.image_values import Reader, as_rgb
from zoo_core.contents import instead
from zoo_core.errors import DataError, UnreadableError, first_line

T = TypeVar("T")
ImageSource = str | Path | bytes | Image.Image

# What Pillow's decoders raise on damaged files, beside OSError.
_DECODER_ERRORS = (
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    MemoryError,  # a length of 4 GB in a file of a few kB
    struct.error,
    zlib.error,
)


def load_rgb(source: ImageSource, reader: Reader = "pillow") -> Image.Image:
    """An image as 8-bit RGB, read as torchvision's default loader reads it: opened and converted to RGB.

    A rotation noted in EXIF is not applied, transparency is dropped, of several frames the first is taken, and values
    of 16 bits are clipped; a notice says so for each file that has such. Where only the metadata of a PNG, JPEG or WebP
    are damaged, the pixels are read, and a notice says so. An image that is RGB already is returned as it is, not
    copied: do not change it in place.

    Args:
        source: path of an image file, the file's content as bytes, or an image that Pillow has opened.
        reader: "pillow" clips values of 16 bits at 255; "opencv" takes their upper 8 bits.

    Raises:
        UnreadableError: missing, empty, truncated or damaged file, not an image, floating-point values, or more
            pixels than Pillow's limit.
    """
    return _load(source, reader=reader)[0]


def upright(source: ImageSource) -> Image.Image:
    """An image as 8-bit RGB, read as OpenCV's imread does: turned as its EXIF entry says, the upper 8 of 16 bits.

    Transparency is dropped.

    Raises:
        UnreadableError: as `load_rgb`.
    """
    return _load(source, reader="opencv", turn=True)[0]


def load_scaled(source: ImageSource, shorter: int) -> tuple[Image.Image, tuple[int, int]]:
    """As `load_rgb`, but a JPEG may come at 1/2, 1/4 or 1/8 of its size, with its shorter side at `shorter` or more.

    Decoding at such a scale is several times faster, and not equal to decoding and scaling.

    Returns:
        (the image, (width, height) of the original in pixels).

    Raises:
        UnreadableError: as `load_rgb`.
    """
    return _load(source, shorter)


def load_size(source: ImageSource, turn: bool = False) -> tuple[int, int]:
    """(width, height) of an image in pixels; of a file only the header is read.

    Args:
        source: as `load_rgb` has it.
        turn: that of the picture as `upright` gives it, which EXIF may turn.

    Raises:
        UnreadableError: as `load_rgb`, but for damage behind the header, which is not seen.
    """
    if isinstance(source, Image.Image):
        return source.size

    def size(image: Image.Image) -> tuple[int, int]:
        width, height = image.size
        return (height, width) if turn and orientation(image, _name(source)) in SIDEWAYS else (width, height)

    with explained(source):
        return _with_repair(source, size)


def codecs() -> str:
    """Pillow and its JPEG decoder with their versions, for the identity of a result."""
    jpeg = features.version("libjpeg_turbo")
    codec = f"libjpeg-turbo {jpeg}" if jpeg else f"libjpeg {features.version('jpg')}"
    return f"Pillow {PIL.__version__} ({codec})"


def _load(
    source: ImageSource, shorter: int | None = None, reader: Reader = "pillow", turn: bool = False
) -> tuple[Image.Image, tuple[int, int]]:
    """(RGB image, (width, height) in the file)."""
    name = _name(source)
    with explained(source):
        if isinstance(source, Image.Image):
            return _pixels(source, name, reader, turn), source.size

        def decode(image: Image.Image) -> tuple[Image.Image, tuple[int, int]]:
            size = image.size
            _prepare(image, shorter)
            return _pixels(image, name, reader, turn), size

        return _with_repair(source, decode)


def _with_repair(source: str | Path | bytes, decode: Callable[[Image.Image], T]) -> T:
    """What `decode` makes of an image whose header is read; where it fails, of the file without its metadata, which a
    notice tells.

    Pillow is given the file's name where it has one: by its suffix it finds the decoder without loading the others.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            return decode(image)
    except (UnreadableError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except (OSError, *_DECODER_ERRORS) as error:
        bare = without_metadata(source if isinstance(source, bytes) else Path(source).read_bytes())
        if bare is None:
            raise
        with Image.open(io.BytesIO(bare)) as image:
            found = decode(image)
        why = f"its metadata (EXIF, colour profile, …) are damaged ({first_line(error)}); the pixels are read."
    notice("damaged metadata", _name(source), why)
    return found


@contextmanager
def explained(source: ImageSource) -> Iterator[None]:
    """What opening and decoding an image raises becomes an UnreadableError that names the source."""
    try:
        yield
    except UnreadableError:
        raise
    except UnidentifiedImageError as error:
        what = instead(source) if isinstance(source, (str, Path)) else ""
        raise UnreadableError(
            f"{_name(source)}: this is not an image, or of a kind that Pillow cannot read.{what}"
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnreadableError(f"{_name(source)}: {_bomb_message(str(error))}") from error
    except FileNotFoundError as error:
        raise UnreadableError(f"{_name(source)}: there is no such file.") from error
    except IsADirectoryError as error:
        raise UnreadableError(f"{_name(source)}: this is a folder, an image file is expected.") from error
    except PermissionError as error:
        raise UnreadableError(f"{_name(source)}: no permission to read this file.") from error
    except (OSError, *_DECODER_ERRORS) as error:
        raise UnreadableError(f"{_name(source)}: this image is damaged or incomplete ({error}).") from error


def resize_shorter(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """Scale so that the shorter side is `size` pixels and the longer one is cut to whole pixels (both
    frameworks do).

    Raises:
        DataError: as `shorter_size`.
    """
    return image if min(image.size) == size else image.resize(shorter_size(*image.size, size), resample)


def shorter_size(width: int, height: int, size: int) -> tuple[int, int]:
    """(width, height) of a picture once its shorter side is `size` pixels.

    Raises:
        DataError: the result would exceed Pillow's limit of pixels, as happens with extremely narrow
            pictures.
    """
    short, long = sorted((width, height))
    scaled = int(size * long / short)
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and size * scaled > limit:
        raise DataError(
            f"an image of {width} x {height} pixels is too narrow: with its shorter side at {size} it would "
            f"have {size} x {scaled} pixels, above the limit of {limit}. Crop it first."
        )
    return (size, scaled) if width <= height else (scaled, size)


def resize_and_crop(
    image: Image.Image, resize: int, crop: int, resample: Image.Resampling, start: Callable[[int, int], int]
) -> Image.Image:
    """`resize_shorter` and `crop_center` in one step, which computes only the pixels that are kept.

    The crop's edges are rounded to float32, so that now and then a value differs by 1 from the two steps' result.
    """
    width, height = image.size
    short, long = sorted((width, height))
    sides = [resize if side == short else int(resize * long / short) for side in (width, height)]
    if min(sides) < crop or resize == short:
        return crop_center(resize_shorter(image, resize, resample), crop, start)
    left, top = (start(side, crop) for side in sides)
    x, y = width / sides[0], height / sides[1]
    box = (left * x, top * y, min((left + crop) * x, width), min((top + crop) * y, height))
    return image.resize((crop, crop), resample, box=box)


def resize_and_border(
    image: Image.Image, longer: int, size: int, resample: Image.Resampling, colour: tuple[int, ...]
) -> Image.Image:
    """Scale so that the longer side is `longer` pixels, and cut or fill up to size x size around the centre.

    Args:
        colour: of the border, one number from 0 to 255 a channel; the odd pixel of a border comes last.
    """
    ratio = max(image.width / longer, image.height / longer)
    image = image.resize((max(round(image.width / ratio), 1), max(round(image.height / ratio), 1)), resample)
    bordered = Image.new(image.mode, (max(image.width, size), max(image.height, size)), colour)
    bordered.paste(image, (max(size - image.width, 0) // 2, max(size - image.height, 0) // 2))
    left, top = (round((side - size) / 2) for side in bordered.size)
    return bordered.crop((left, top, left + size, top + size))


def crop_center(image: Image.Image, size: int, start: Callable[[int, int], int]) -> Image.Image:
    """Cut size x size pixels; what lies outside the image is black.

    Args:
        start: gives the first pixel of the crop from (length of a side, size); negative where black comes
            first.
    """
    left, top = start(image.width, size), start(image.height, size)
    return image.crop((left, top, left + size, top + size))


def to_planes(image: Image.Image, table: np.ndarray, out: np.ndarray) -> None:
    """Write an 8-bit image into `out`, [C, H, W], each value looked up in its row of `table`, [C, 256]."""
    pixels = np.asarray(image).reshape(image.height, image.width, -1)
    for channel, row in enumerate(table):
        # A uint8 is never out of range, and mode="clip" spares numpy a buffered copy of `out`.
        np.take(row, pixels[:, :, channel], out=out[channel], mode="clip")


def _prepare(image: Image.Image, shorter: int | None) -> None:
    """Before its pixels are decoded: refuse what is too large, and choose the scale of a JPEG."""
    width, height = image.size
    limit = Image.MAX_IMAGE_PIXELS
    # Pillow only warns up to twice the limit, and decodes; a warnings filter would act on all threads.
    if limit is not None and width * height > limit:
        raise Image.DecompressionBombError(f"{width} x {height} pixels, limit of {limit} pixels")
    if shorter is not None:
        image.draft(None, (shorter, shorter))


def _pixels(image: Image.Image, name: str, reader: Reader, turn: bool) -> Image.Image:
    """RGB, turned upright where `turn` says so; a notice where it would have to be turned and is not."""
    rgb = as_rgb(image, name, reader)
    turns = TURNS.get(orientation(image, name))
    if turns is None:
        return rgb
    if turn:
        return rgb.transpose(turns)
    notice(
        "a rotation in EXIF",
        name,
        "EXIF says that this picture is to be turned; it is taken as it is stored, as where this network is evaluated. "
        "If it looks lying or mirrored, turn it and save it.",
    )
    return rgb


def _bomb_message(size: str) -> str:
    return (
        f"too large to decode safely ({size}). Scale it down first or, if you trust it, "
        "raise PIL.Image.MAX_IMAGE_PIXELS."
    )


def _name(source: ImageSource) -> str:
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or "image"
    return "image in memory" if isinstance(source, bytes) else str(source)
