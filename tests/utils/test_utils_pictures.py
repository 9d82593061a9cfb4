"""Pictures that hold more, or less, than 8-bit RGB: read as the source's library reads them, and never in silence."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from utils.notices import NAMED
from utils.preprocess.image import load_rgb, load_size, upright
from utils.preprocess.image_metadata import without_metadata
from utils.preprocess.pytorch.detection import Letterbox
from utils.preprocess.pytorch.face import FaceTransform
from utils.preprocess.pytorch.text_detection import SceneTransform
from zoo_core.errors import DataError, UnreadableError


@pytest.fixture
def photo(photos) -> Image.Image:
    return photos["china"].resize((96, 64))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_chunk(png: bytes, kind: bytes, body: bytes, damage: str = "") -> bytes:
    """A PNG with one more chunk before its pixels, of wrong checksum or length where `damage` says so."""
    length = struct.pack(">I", len(body) if damage != "length" else 70_000)
    checksum = struct.pack(">I", zlib.crc32(kind + body) ^ (damage == "checksum"))
    at = png.index(b"IDAT") - 4
    return png[:at] + length + kind + body + checksum + png[at:]


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment behind its start."""
    return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def with_riff(webp: bytes, photo: Image.Image, kind: bytes, body: bytes) -> bytes:
    """A WebP that has a chunk of metadata behind its pixels."""
    flag = {b"EXIF": 8, b"XMP ": 4, b"ICCP": 32}[kind]
    size = b"".join((side - 1).to_bytes(3, "little") for side in photo.size)
    head = b"VP8X" + struct.pack("<I", 10) + bytes([flag, 0, 0, 0]) + size
    more = kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    inside = b"WEBP" + head + webp[12:] + more
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


NO_TIFF = b"\x00\x08\x00\x02\x01\x12\x00\x03" + bytes(20)
ENDS_EARLY = b"II*\x00\x08\x00\x00\x00\xff\x00\x12\x01"


def damaged(photo: Image.Image) -> dict[str, tuple[bytes, bytes]]:
    """Files whose metadata are damaged, each with the whole one."""
    png, jpeg, webp = encoded(photo, "PNG"), encoded(photo, "JPEG"), encoded(photo, "WEBP", lossless=True)
    return {
        "png, EXIF": (with_chunk(png, b"eXIf", NO_TIFF), png),
        "png, EXIF that ends": (with_chunk(png, b"eXIf", ENDS_EARLY), png),
        "png, checksum of EXIF": (with_chunk(png, b"eXIf", NO_TIFF, "checksum"), png),
        "png, length of a text": (with_chunk(png, b"tEXt", b"Comment\0hello", "length"), png),
        "png, profile": (with_chunk(png, b"iCCP", b"profile\0\0not zlib"), png),
        "png, profile without a name": (with_chunk(png, b"iCCP", b""), png),
        "png, kind of compression": (with_chunk(png, b"iCCP", b"profile\0\x07abc"), png),
        "png, text that unpacks to too much": (
            with_chunk(png, b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000))),
            png,
        ),
        "png, size in metres": (with_chunk(png, b"pHYs", b"\x01"), png),
        "png, animation": (with_chunk(png, b"acTL", b"\x01"), png),
        "jpeg, EXIF": (with_segment(jpeg, 0xE1, b"Exif\0\0" + NO_TIFF), jpeg),
        "jpeg, EXIF that ends": (with_segment(jpeg, 0xE1, b"Exif\0\0" + ENDS_EARLY), jpeg),
        "jpeg, profile": (with_segment(jpeg, 0xE2, b"ICC_PROFILE\0"), jpeg),
        "jpeg, several pictures": (with_segment(jpeg, 0xE2, b"MPF\0II*\0\x08\0\0\0\x09"), jpeg),
        "jpeg, Photoshop": (with_segment(jpeg, 0xED, b"Photoshop 3.0\0" + b"8BIM\x04"), jpeg),
        "webp, EXIF": (with_riff(webp, photo, b"EXIF", NO_TIFF), webp),
        "webp, XMP": (with_riff(webp, photo, b"XMP ", b"<x:xmpmeta"), webp),
    }


@pytest.mark.parametrize("reader", [load_rgb, upright])
def test_whole_pixels_beside_damaged_metadata_are_read(photo, reader):
    for name, (content, whole) in damaged(photo).items():
        expected = np.asarray(Image.open(io.BytesIO(whole)).convert("RGB"))
        assert np.array_equal(np.asarray(reader(content)), expected), name
        assert load_size(content) == photo.size, name


@pytest.mark.parametrize("kind", ["png, EXIF", "jpeg, EXIF that ends", "webp, EXIF", "png, profile", "png, animation"])
def test_damaged_metadata_are_said_with_the_file(photo, tmp_path, caplog, kind):
    path = tmp_path / "a.img"
    path.write_bytes(damaged(photo)[kind][0])
    upright(path)
    load_rgb(path)
    (said,) = caplog.messages
    assert f"{path}: its" in said
    assert "damaged" in said


def test_a_picture_whose_pixels_are_damaged_too_is_called_damaged(photo):
    content = with_chunk(encoded(photo, "PNG"), b"iCCP", b"")
    with pytest.raises(UnreadableError, match="damaged or incomplete"):
        load_rgb(content[:-600])


def test_only_what_has_metadata_is_read_twice(photo):
    for kind in ("PNG", "GIF", "BMP", "TIFF", "PPM"):
        assert without_metadata(encoded(photo, kind)) is None
    assert without_metadata(b"") is None
    assert without_metadata(b"\xff\xd8\xff") is None


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bits_are_read_as_opencv_reads_them_where_the_source_uses_it(photo, tmp_path, caplog, kind):
    wide = np.asarray(photo.convert("L")).astype(np.uint16) * 256 + 99
    path = tmp_path / f"wide.{kind.lower()}"
    Image.fromarray(wide).save(path, kind)
    assert np.array_equal(np.asarray(upright(path))[:, :, ::-1], cv2.imread(str(path)))
    assert "wide" in caplog.text
    assert "16 bits a pixel" in caplog.text
    narrow = tmp_path / "narrow.png"
    Image.fromarray((wide >> 8).astype(np.uint8)).save(narrow)
    for transform in (Letterbox(64), FaceTransform(64, 64), SceneTransform(64, 64)):
        got, expected = (np.asarray(transform(one)[0]).ravel() for one in (path, narrow))
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("scale", [1 / 255, 1.0, 300.0])
def test_floating_point_is_clipped_as_pillow_does_and_said_or_refused_as_opencv_does(photo, tmp_path, caplog, scale):
    path = tmp_path / "float.tif"
    Image.fromarray(np.asarray(photo.convert("L")).astype(np.float32) * scale).save(path)
    assert np.array_equal(np.asarray(load_rgb(path)), np.asarray(Image.open(path).convert("RGB")))
    assert "floating-point" in caplog.text
    with pytest.raises(UnreadableError, match=r"float\.tif: .* floating-point values .* save it with 8 bits"):
        upright(path)


def test_values_that_are_no_number_are_refused(tmp_path):
    path = tmp_path / "nan.tif"
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(path)
    for reader in (load_rgb, upright):
        with pytest.raises(UnreadableError, match=r"nan\.tif: .* NaN"):
            reader(path)


def test_16_bits_are_clipped_as_pillow_does_and_said(photo, caplog):
    wide = Image.fromarray(np.asarray(photo.convert("L")).astype(np.uint16) * 257)
    assert np.array_equal(np.asarray(load_rgb(wide)), np.asarray(wide.convert("RGB")))
    assert "16 bits a pixel, from" in caplog.text
    assert "clipped" in caplog.text


def test_12_bits_of_a_tiff_are_scaled_by_their_own_depth():
    values = np.arange(0, 4096, 16, np.uint16).reshape(16, 16)
    image = Image.fromarray(values)
    image.tag_v2 = {258: (12,)}
    assert np.array_equal(np.asarray(upright(image))[:, :, 0], values >> 4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_a_picture_that_lies_in_the_transparency_is_said(photo, caplog, mode):
    shape = photo.convert("L").point(lambda value: 255 if value > 90 else 0)
    options = {}
    if mode in ("RGBA", "LA"):
        image = Image.new(mode, photo.size)
        image.putalpha(shape)
    else:
        image = photo.convert(mode)
        options = {"transparency": image.getpixel((0, 0))}
    content = encoded(image, "PNG", **options)
    assert np.array_equal(np.asarray(load_rgb(content)), np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
    assert "transparent" in caplog.text


def test_opaque_transparency_is_no_matter(photo, caplog):
    photo.putalpha(255)
    load_rgb(encoded(photo, "PNG"))
    assert not caplog.messages


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_taken_and_said(photo, caplog, kind):
    other = Image.new("RGB", photo.size, "red")
    several = encoded(photo, kind, save_all=True, append_images=[other])
    assert np.array_equal(np.asarray(load_rgb(several)), np.asarray(Image.open(io.BytesIO(several)).convert("RGB")))
    assert "several frames" in caplog.text


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "CMYK"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_rotation_in_exif_is_applied_as_opencv_does_or_said(photo, tmp_path, caplog, mode, turn):
    kind = "png" if mode == "P" else "jpg"
    path = tmp_path / f"turned.{kind}"
    exif = Image.Exif()
    exif[0x0112] = turn
    photo.convert(mode).save(path, exif=exif)
    difference = np.abs(np.asarray(upright(path)).astype(int)[:, :, ::-1] - cv2.imread(str(path)))
    assert difference.max() <= (3 if mode == "CMYK" else 0)
    assert not caplog.messages
    assert load_rgb(path).size == photo.size
    assert [f"{path}: EXIF says" in said for said in caplog.messages] == [True] * (turn != 1)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [1, 3, 4])
def test_a_rotation_of_another_type_is_read_as_opencv_does(photo, tmp_path, order, kind):
    """Some programs write it as a byte or as 32 bits."""
    value = struct.pack(f"{order}HH", 6, 0) if kind == 3 else struct.pack(f"{order}I", 6)
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, 1)
    exif = b"Exif\0\0" + head + struct.pack(f"{order}HHI", 0x0112, kind, 1) + value + bytes(4)
    path = tmp_path / "turned.jpg"
    photo.save(path, exif=exif)
    assert np.array_equal(np.asarray(upright(path))[:, :, ::-1], cv2.imread(str(path)))


def test_a_notice_is_one_line_whatever_the_file_is_called(photo, tmp_path, caplog):
    several = tmp_path / "a\nerror: \x1b[31mb.png"
    photo.save(several, format="PNG", save_all=True, append_images=[photo.rotate(180)])
    load_rgb(several)
    assert [said.count("\n") for said in caplog.messages] == [0]
    assert "a\\nerror: \\x1b[31mb.png: there are several frames" in caplog.text


def test_an_unknown_rotation_is_none(photo):
    exif = Image.Exif()
    exif[0x0112] = 77
    assert upright(encoded(photo, "JPEG", exif=exif)).size == photo.size


def test_of_many_files_of_one_kind_the_first_are_named(photo, tmp_path, caplog):
    photo.putalpha(0)
    for number in range(20):
        photo.save(tmp_path / f"{number}.png")
        load_rgb(tmp_path / f"{number}.png")
    assert len(caplog.messages) == NAMED + 1
    assert "further files with transparent pixels" in caplog.messages[-1]


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "PNG"},
        {"kind": "JPEG"},
        {"kind": "JPEG", "progressive": True},
        {"kind": "GIF"},
        {"kind": "BMP"},
        {"kind": "TIFF"},
        {"kind": "TIFF", "compression": "tiff_lzw"},
        {"kind": "WEBP"},
        {"kind": "WEBP", "lossless": True},
        {"kind": "PPM"},
    ],
    ids=lambda options: " ".join(map(str, options.values())),
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_picture_is_refused_whatever_its_format(photos, options, share):
    content = encoded(photos["flower"].resize((320, 200)), **options)
    with pytest.raises(DataError):
        load_rgb(content[: int(len(content) * share)])


def test_what_cannot_be_read_is_an_os_error_too(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    for path in (tmp_path / "a.png", tmp_path / "missing.png", tmp_path):
        with pytest.raises(OSError, match=str(path)) as caught:
            load_rgb(path)
        assert isinstance(caught.value, DataError)
