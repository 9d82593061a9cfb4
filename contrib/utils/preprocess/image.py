"""Reading images, and the steps that every image classifier's preprocessing shares. Pillow and numpy only."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import PIL
from PIL import Image, UnidentifiedImageError, features

from zoo_core.errors import DataError

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
    struct.error,
    zlib.error,
)


def load_rgb(source: ImageSource) -> Image.Image:
    """An image as 8-bit RGB, read as torchvision's default loader reads it: opened and converted to RGB.

    In particular a rotation noted in EXIF is NOT applied, transparency is dropped, and 16-bit values are
    clipped as Pillow does. An image that is RGB already is returned as it is, not copied: do not change it in
    place.

    Args:
        source: path of an image file, the file's content as bytes, or an image that Pillow has opened.

    Raises:
        DataError: missing, empty, truncated or damaged file, not an image, or more pixels than Pillow's
            limit.
    """
    return _load(source)[0]


def load_scaled(source: ImageSource, shorter: int) -> tuple[Image.Image, tuple[int, int]]:
    """As `load_rgb`, but a JPEG may come at 1/2, 1/4 or 1/8 of its size, with its shorter side at `shorter` or more.

    Decoding at such a scale is several times faster, and not equal to decoding and scaling.

    Returns:
        (the image, (width, height) of the original in pixels).
    """
    return _load(source, shorter)


def load_size(source: ImageSource) -> tuple[int, int]:
    """(width, height) of an image in pixels; of a file only the header is read.

    Raises:
        DataError: as `load_rgb`, but for damage behind the header, which is not seen.
    """
    with _explained(source):
        if isinstance(source, Image.Image):
            return source.size
        with _file(source) as file:
            return Image.open(file).size


def codecs() -> str:
    """Pillow and its JPEG decoder with their versions, for the identity of a result."""
    jpeg = features.version("libjpeg_turbo")
    codec = f"libjpeg-turbo {jpeg}" if jpeg else f"libjpeg {features.version('jpg')}"
    return f"Pillow {PIL.__version__} ({codec})"


def _load(source: ImageSource, shorter: int | None = None) -> tuple[Image.Image, tuple[int, int]]:
    with _explained(source):
        if isinstance(source, Image.Image):
            return _to_rgb(source), source.size
        with _file(source) as file:
            return _decode(file, shorter)


def _file(source: str | Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb")


@contextmanager
def _explained(source: ImageSource) -> Iterator[None]:
    """What opening and decoding raise becomes a DataError that names the source."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise DataError(f"{_name(source)}: this is not an image, or of a kind that Pillow cannot read.") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError(f"{_name(source)}: {_bomb_message(str(error))}") from error
    except FileNotFoundError as error:
        raise DataError(f"{_name(source)}: there is no such file.") from error
    except IsADirectoryError as error:
        raise DataError(f"{_name(source)}: this is a folder, an image file is expected.") from error
    except PermissionError as error:
        raise DataError(f"{_name(source)}: no permission to read this file.") from error
    except (OSError, *_DECODER_ERRORS) as error:
        raise DataError(f"{_name(source)}: this image is damaged or incomplete ({error}).") from error


def resize_shorter(image: Image.Image, size: int, resample: Image.Resampling) -> Image.Image:
    """Scale so that the shorter side is `size` pixels and the longer one is cut to whole pixels (both
    frameworks do).

    Raises:
        DataError: the result would exceed Pillow's limit of pixels, as happens with extremely narrow
            pictures.
    """
    width, height = image.size
    short, long = sorted((width, height))
    if short == size:
        return image
    scaled = int(size * long / short)
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and size * scaled > limit:
        raise DataError(
            f"an image of {width} x {height} pixels is too narrow: with its shorter side at {size} it would "
            f"have {size} x {scaled} pixels, above the limit of {limit}. Crop it first."
        )
    return image.resize((size, scaled) if width <= height else (scaled, size), resample)


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


def _decode(file: IO[bytes], shorter: int | None) -> tuple[Image.Image, tuple[int, int]]:
    with_header_only = Image.open(file)
    width, height = with_header_only.size
    limit = Image.MAX_IMAGE_PIXELS
    # Pillow only warns up to twice the limit, and decodes; a warnings filter would act on all threads.
    if limit is not None and width * height > limit:
        raise Image.DecompressionBombError(f"{width} x {height} pixels, limit of {limit} pixels")
    if shorter is not None:
        with_header_only.draft(None, (shorter, shorter))
    return _to_rgb(with_header_only), (width, height)


def _to_rgb(image: Image.Image) -> Image.Image:
    image.load()
    return image if image.mode == "RGB" else image.convert("RGB")


def _bomb_message(size: str) -> str:
    return (
        f"too large to decode safely ({size}). Scale it down first or, if you trust it, "
        "raise PIL.Image.MAX_IMAGE_PIXELS."
    )


def _name(source: ImageSource) -> str:
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "")) or "image"
    return "image in memory" if isinstance(source, bytes) else str(source)
