"""What a run on one picture imports: nothing that it does not use, since all of it is waited for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

_CHILD = """
import sys
sys.path[:0] = sys.argv[1:3]
import model
import zoo.commands.predict
from utils.preprocess.image import load_rgb
load_rgb(sys.argv[3])
print(*sorted(sys.modules))
"""
_ENDING = """
import atexit, gc, sys, weakref
sys.path[:0] = sys.argv[1:3]
import model
from zoo.commands import predict
atexit.register(lambda: print("kept from the search:", gc.get_freeze_count() > 0))
weakref.finalize(model, print, "finalised")
sys.exit(predict.single(model.MODEL, ["--data_path", "no such file"]))
"""
_UNUSED = {
    "email", "http", "ssl", "multiprocessing", "concurrent.futures.process", "statistics", "difflib",
    "torch", "torchvision", "onnx", "scipy", "sklearn", "PIL.GifImagePlugin", "PIL.PngImagePlugin",
    "zipfile", "lzma", "secrets", "csv", "fractions", "utils.preprocess.audio", "zoo.distributed", "zoo.fetching.cache",
    "zoo.accuracy.verify", "engine.backends.openvino", "engine.backends.tvm",
}  # fmt: skip


def test_a_run_on_one_picture_imports_what_it_uses(root: Path, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "one.jpg")
    words = [root / "contrib", root / "contrib/example/classification/resnet", tmp_path / "one.jpg"]
    command = [sys.executable, "-c", _CHILD, *map(str, words)]
    found = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert found & _UNUSED == set()
    assert {"numpy", "zoo", "PIL.JpegImagePlugin"} <= found


def test_the_end_of_a_run_on_one_picture_searches_nothing_and_leaves_nothing_undone(root: Path) -> None:
    """Python's search for cycles at its end takes as long as reading a picture, and frees what the system frees."""
    command = [
        sys.executable,
        "-c",
        _ENDING,
        str(root / "contrib"),
        str(root / "contrib/example/classification/resnet"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.split("\n") == ["finalised", "kept from the search: True", ""]
