"""What an image file holds beside its pixels: which way is up, and how to read the pixels where the rest is damaged."""

from __future__ import annotations

import struct

from PIL import Image

from utils.notices import notice

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_ORIENTATION = 0x112
# EXIF's orientation to what turns the picture upright
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # those that make rows of columns


def orientation(image: Image.Image, name: str) -> int:
    """The orientation that EXIF notes, 1 to 8: 1 where the picture is upright, nothing is noted, or EXIF is damaged.

    Pillow turns a TIFF while it decodes it, so that there nothing is left to turn.

    Args:
        image: as Pillow opened and decoded it.
        name: what a notice calls it.
    """
    if "icc_profile" in image.info and image.info["icc_profile"] is None:
        notice("damaged metadata", name, "its colour profile is damaged; the pixels are whole, and are read.")
    exif = image.info.get("exif")
    if image.format == "TIFF" or not isinstance(exif, bytes) or not exif:
        return 1
    try:
        return _noted(exif.removeprefix(b"Exif\0\0"))
    except struct.error:
        notice("damaged metadata", name, "its EXIF entry is damaged; the picture is taken as it is stored.")
        return 1


def _noted(exif: bytes) -> int:
    """The orientation in the first directory of EXIF, which is a TIFF; struct.error where it is damaged."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        raise struct.error("not in the form of a TIFF")
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    (entries,) = struct.unpack_from(f"{order}H", exif, start)
    for place in range(entries):
        # of any type: OpenCV reads the same two bytes, whatever the entry says of them
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * place)
        if tag == _ORIENTATION:
            return value if value in TURNS else 1
    return 1


def without_metadata(content: bytes) -> bytes | None:
    """The same picture without EXIF, colour profile, comments and the like: PNG, JPEG and WebP.

    Returns:
        The content of the new file; None for other formats, and where there is nothing to leave out.
    """
    try:
        if content.startswith(_PNG):
            rest = _bare_png(content)
        elif content.startswith(_JPEG):
            rest = _bare_jpeg(content)
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            rest = _bare_webp(content)
        else:
            return None
    except (struct.error, IndexError):  # the file ends within a chunk
        return None
    return rest if len(rest) < len(content) else None


def _bare_png(content: bytes) -> bytes:
    """Critical chunks and the transparency. After a chunk of wrong length the walk goes on at the pixels."""
    kept, at = [_PNG], len(_PNG)
    while at + 12 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + size
        if kind[:1].isupper() or kind == b"tRNS":
            kept.append(content[at:end])
        elif not (end == len(content) or content[end + 4 : end + 8].isalpha()):
            found = content.find(b"IDAT", at + 8)
            end = found - 4 if found > 0 else len(content)
        at = end
    return b"".join(kept)


def _bare_jpeg(content: bytes) -> bytes:
    """Without APP1 to APP13, APP15 and comments. JFIF and Adobe's segment stay: they tell how colours are coded."""
    kept, at = [_JPEG], len(_JPEG)
    while content[at] == 0xFF and content[at + 1] != 0xDA:
        marker = content[at + 1]
        (size,) = struct.unpack_from(">H", content, at + 2)
        if not (0xE1 <= marker <= 0xED or marker in (0xEF, 0xFE)):
            kept.append(content[at : at + 2 + size])
        at += 2 + size
        if at + 4 > len(content):
            break
    kept.append(content[at:])
    return b"".join(kept)


def _bare_webp(content: bytes) -> bytes:
    """The chunks that hold pixels; the flags for the others are cleared."""
    kept, at = [], 12
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<4sI", content, at)
        end = at + 8 + size + size % 2
        chunk = content[at:end]
        if kind == b"VP8X" and len(chunk) > 8:  # bits 5, 3, 2: colour profile, EXIF, XMP
            chunk = chunk[:8] + bytes([chunk[8] & ~0b101100]) + chunk[9:]
        if kind in (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"):
            kept.append(chunk)
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
