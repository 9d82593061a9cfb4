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
print(*sorted(name for name in sys.modules if "." not in name or name.startswith(("PIL.", "concurrent."))))
"""
_UNUSED = {
    "email", "http", "ssl", "multiprocessing", "concurrent.futures.process", "statistics", "difflib",
    "torch", "torchvision", "onnx", "scipy", "sklearn", "PIL.GifImagePlugin", "PIL.PngImagePlugin",
}  # fmt: skip


def test_a_run_on_one_picture_imports_what_it_uses(root: Path, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "one.jpg")
    words = [root / "contrib", root / "contrib/example/classification/resnet", tmp_path / "one.jpg"]
    command = [sys.executable, "-c", _CHILD, *map(str, words)]
    found = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert found & _UNUSED == set()
    assert {"numpy", "zoo", "PIL.JpegImagePlugin"} <= found
