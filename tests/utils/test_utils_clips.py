"""Clips: frames from folders, animated pictures and videos, and torchvision's preprocessing of them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.clips import ClipFolder
from utils.datasets.samples.moving_shapes import DEMO_SEED, WAYS, draw_clip, save_gif, write_clips
from utils.postprocess.labels import kinetics400
from utils.preprocess.clip import read_clip, spread
from utils.preprocess.pytorch.video import ClipTransform
from zoo_core.errors import DataError

FRAMES = draw_clip(DEMO_SEED, "upwards")


@pytest.mark.parametrize(
    ("length", "wanted", "places"),
    [(8, 8, list(range(8))), (16, 4, [2, 6, 10, 14]), (3, 6, [0, 0, 1, 1, 2, 2]), (1, 4, [0, 0, 0, 0]), (5, 1, [2])],
)
def test_frames_are_spread_evenly(length: int, wanted: int, places: list[int]) -> None:
    assert spread(length, wanted) == places


def test_a_clip_is_the_same_from_everywhere(tmp_path: Path) -> None:
    for number, frame in enumerate(FRAMES):
        frame.save(tmp_path / f"{number:03}.png")
    save_gif(FRAMES, tmp_path / "clip.gif")
    for wanted in (4, 8, 11):
        given, folder, animated = (read_clip(one, wanted) for one in (FRAMES, tmp_path, tmp_path / "clip.gif"))
        places = spread(len(FRAMES), wanted)
        for place, frame, stored, shown in zip(places, given, folder, animated, strict=True):
            assert (np.asarray(frame) == np.asarray(FRAMES[place])).all()
            assert (np.asarray(stored) == np.asarray(frame)).all()
            assert np.abs(np.asarray(shown, np.float32) - np.asarray(frame)).mean() < 8  # 256 colours


def test_numbered_frames_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Tools that do not fill up with zeros name them so, and 10 is before 2 as text."""
    for number in (1, 2, 9, 10, 11, 100):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(tmp_path / f"frame-{number}.png")
    found = [int(np.asarray(frame)[0, 0, 0]) for frame in read_clip(tmp_path, 6)]
    assert found == [1, 2, 9, 10, 11, 100]


@pytest.mark.filterwarnings("ignore:Image size")
def test_an_animated_picture_that_is_too_large_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    save_gif(FRAMES, tmp_path / "clip.gif")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", FRAMES[0].width * FRAMES[0].height - 1)
    with pytest.raises(DataError, match="its frames have"):
        read_clip(tmp_path / "clip.gif", 4)


def test_of_a_long_video_only_what_is_looked_at_becomes_pictures(tmp_path: Path, monkeypatch: Any) -> None:
    made: list[int] = []

    class Frame:
        def __init__(self, number: int) -> None:
            self.number = number

        def to_image(self) -> Image.Image:
            made.append(self.number)
            return Image.new("RGB", (4, 4), (self.number, 0, 0))

    container = SimpleNamespace(decode=lambda video: map(Frame, range(100)))
    monkeypatch.setitem(sys.modules, "av", SimpleNamespace(open=lambda path, **_: nullcontext(container)))
    (tmp_path / "clip.mp4").write_bytes(b"")
    found = [int(np.asarray(frame)[0, 0, 0]) for frame in read_clip(tmp_path / "clip.mp4", 4)]
    assert found == made == spread(100, 4)
    container.decode = lambda video: iter(())
    with pytest.raises(DataError, match="no frame in this video"):
        read_clip(tmp_path / "clip.mp4", 4)


@pytest.mark.parametrize("size", [(64, 64), (341, 256), (90, 160), (20, 300)])
def test_pixels_are_those_of_torchvision(size: tuple[int, int]) -> None:
    import torch
    from torchvision.models.video import R3D_18_Weights

    frames = [frame.resize(size, Image.Resampling.BICUBIC) for frame in FRAMES]
    clip = torch.from_numpy(np.stack([np.asarray(frame) for frame in frames])).permute(0, 3, 1, 2)
    wanted = R3D_18_Weights.KINETICS400_V1.transforms()(clip).numpy()
    (array,), _ = ClipTransform(len(frames), 128, 171, 112)(frames)
    assert array.shape == wanted.shape
    apart = np.abs(array - wanted)
    # rounded to whole numbers, where sums of another order may fall on the other side of a half
    assert apart.max() < 1.1 / 255 / 0.2
    assert (apart > 1e-5).mean() < 1e-3


def test_what_is_no_clip_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "broken.gif").write_bytes(b"GIF89a nothing")
    (tmp_path / "one.txt").write_text("text")
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    (tmp_path / "empty").mkdir()
    cases = (
        ("none", "no such clip"),
        ("broken.gif", "broken.gif: this clip cannot be read"),
        ("one.txt", "expected a folder of frames"),
        ("empty", "no file below"),
    )
    for name, said in cases:
        with pytest.raises(DataError, match=said):
            read_clip(tmp_path / name, 4)
    with pytest.raises(DataError, match="without any frame"):
        read_clip([], 4)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DataError, match="pip install av"):
        read_clip(tmp_path / "clip.mp4", 4)


def test_a_video_is_decoded_by_pyav(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="PyAV is not installed")
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width, stream.height = FRAMES[0].size
        for frame in FRAMES:
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode())
    found = read_clip(tmp_path / "clip.mp4", len(FRAMES))
    assert np.abs(np.asarray(found[3], np.float32) - np.asarray(FRAMES[3])).mean() < 12


def test_classes_are_folders_of_clips(tmp_path: Path) -> None:
    write_clips(tmp_path / "data")
    samples = ClipFolder(tmp_path / "data", tuple(WAYS))
    assert len(samples) == 24
    assert samples[0].id == "downwards/00"
    assert [list(WAYS)[sample.truth] for sample in samples][::6] == [
        "downwards",
        "to the left",
        "to the right",
        "upwards",
    ]
    (tmp_path / "data" / "upwards" / "000.jpg").write_bytes(b"")
    with pytest.raises(DataError, match="put them into a folder of their own"):
        ClipFolder(tmp_path / "data", tuple(WAYS))
    (tmp_path / "data" / "upwards" / "000.jpg").unlink()
    (tmp_path / "data" / "lost.gif").write_bytes(b"")
    with pytest.raises(DataError, match="a clip belongs into a folder"):
        ClipFolder(tmp_path / "data", tuple(WAYS))
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="<class>/<clip>"):
        ClipFolder(tmp_path / "none", tuple(WAYS))
    (tmp_path / "none" / "upwards").mkdir()
    with pytest.raises(DataError, match="no clip in it"):
        ClipFolder(tmp_path / "none", tuple(WAYS))
    with pytest.raises(DataError, match="no such folder"):
        ClipFolder(tmp_path / "nowhere", tuple(WAYS))


def test_a_single_frame_does_not_tell_the_class() -> None:
    """The same scene is crossed in every direction, and its middle is the same."""
    middles = [np.asarray(draw_clip(DEMO_SEED, way)[4], np.float32) for way in WAYS]
    assert np.abs(middles[0] - middles[1]).mean() < 12
    starts = [np.asarray(draw_clip(DEMO_SEED, way)[0], np.float32) for way in WAYS]
    assert (starts[0] != starts[1]).any()


def test_labels_are_those_of_torchvision() -> None:
    from torchvision.models.video import R2Plus1D_18_Weights

    assert kinetics400() == tuple(R2Plus1D_18_Weights.KINETICS400_V1.meta["categories"])
