"""Reading images: the same pixels as the source's loader, and a sentence for every unreadable file."""

import io
import struct
import warnings
import zlib
from functools import partial

import numpy as np
import pytest
from PIL import Image, ImageFile

from utils.preprocess.audio import load_audio
from utils.preprocess.image import load_rgb, upright
from utils.text_file import read_json
from zoo_core.errors import DataError


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def test_path_string_bytes_and_image_are_the_same(photos, tmp_path):
    content = jpeg(photos["china"])
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    expected = np.asarray(Image.open(path).convert("RGB"))
    for source in (path, str(path), content, Image.open(path)):
        image = load_rgb(source)
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), expected)


def test_an_rgb_image_is_not_copied(photos):
    assert load_rgb(photos["china"]) is photos["china"]


def test_the_file_is_closed(photos, tmp_path):
    photos["china"].save(tmp_path / "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        image = load_rgb(tmp_path / "a.png")
        (tmp_path / "a.png").unlink()
        assert image.resize((3, 3)).size == (3, 3)


@pytest.mark.parametrize("cut", [0.5, 0.9, 0.999])
def test_a_truncated_jpeg_is_named(photos, tmp_path, cut):
    content = jpeg(photos["flower"])
    path = tmp_path / "cut.jpg"
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(DataError, match=r"cut\.jpg: this image is damaged or incomplete"):
        load_rgb(path)


def test_an_image_that_was_opened_but_is_truncated(photos, tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(jpeg(photos["flower"])[:9000])
    with Image.open(path) as image, pytest.raises(DataError, match=r"cut\.jpg: this image is damaged"):
        load_rgb(image)


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xe0", b"<svg></svg>"])
def test_what_is_no_image(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.jpg: this is not an image"):
        load_rgb(path)
    with pytest.raises(DataError, match="image in memory: this is not an image"):
        load_rgb(content)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "this file is empty|It is empty: it has 0 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "It is a Git-LFS pointer, .*git lfs"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "It is an HTML page"),
        (b"\x1f\x8b\x08\x00", "It is packed with gzip"),
        (b"\x00\x01\x02", ""),
    ],
)
@pytest.mark.parametrize(
    ("read", "name"), [(load_rgb, "a.jpg"), (load_audio, "a.wav"), (partial(read_json, expected="{…}"), "a.json")]
)
def test_what_a_file_is_instead_is_said(tmp_path, read, name, content, what):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name}.*({what})") as caught:
        read(tmp_path / name)
    assert what or "It is" not in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(DataError, match=r"missing\.jpg: there is no such file"):
        load_rgb(tmp_path / "missing.jpg")
    with pytest.raises(DataError, match="this is a folder"):
        load_rgb(tmp_path)


@pytest.mark.parametrize("size", [(12000, 8000), (20000, 20000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_decompression_bomb_is_refused_with_its_size_and_a_way_on(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    with pytest.raises(DataError, match=r"bomb\.png: too large .*MAX_IMAGE_PIXELS") as caught:
        load_rgb(path)
    assert f"{size[0]} x {size[1]}" in str(caught.value) or str(size[0] * size[1]) in str(caught.value)


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_the_same_error_where_warnings_are_errors(tmp_path):
    with pytest.raises(DataError, match="too large"):
        load_rgb(png_header(12000, 8000))


def test_the_limit_is_pillows_own(photos, monkeypatch):
    content = jpeg(photos["china"])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 640 * 427)
    assert load_rgb(content).size == (640, 427)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert load_rgb(content).size == (640, 427)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 640 * 427 - 1)
    with warnings.catch_warnings(), pytest.raises(DataError, match="too large"):
        warnings.simplefilter("ignore")
        load_rgb(content)


def test_pillows_and_pythons_global_state_stays(photos):
    def state():
        return Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = state()
        for content in (jpeg(photos["china"]), jpeg(photos["china"])[:9000], png_header(12000, 8000), b""):
            try:
                load_rgb(content)
            except DataError:
                continue
        assert state() == before


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_damaged_bytes_give_an_image_or_a_data_error(photos, format_name):
    buffer = io.BytesIO()
    photos["china"].resize((40, 30)).save(buffer, format_name)
    random = np.random.default_rng(0)
    outcomes = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(200):
            content = bytearray(buffer.getvalue())
            for place in random.integers(0, min(len(content), 400), 4):
                content[place] = random.integers(256)
            try:
                outcomes.add(load_rgb(bytes(content)).mode)
            except DataError:
                outcomes.add("error")
    assert outcomes <= {"RGB", "error"}
    assert "error" in outcomes


def test_a_map_of_floats_is_no_picture_of_16_bits(caplog):
    """A .pfm, which Pillow reads with the formats of PPM; OpenCV's reading refuses floats, and does not cut them."""
    content = b"Pf\n4 4\n-1.0\n" + np.linspace(0, 1, 16, dtype="<f4").tobytes()
    with pytest.raises(DataError, match="holds floating-point values a pixel, and nothing says which value is white"):
        upright(content)
    assert load_rgb(content).size == (4, 4)
    assert "floating-point values a pixel, from 0 to 1" in caplog.text
