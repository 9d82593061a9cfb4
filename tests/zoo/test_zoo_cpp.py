"""examples/cpp is built with the wheel of OpenVINO, and says of a picture what `zoo single` says."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.manifest import Exported

ROOT = Path(__file__).resolve().parents[2]
DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"
CLASS = re.compile(r"(\S+) \((\d\.\d{3})\)")


@pytest.fixture(scope="module")
def classify(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program; skipped where it cannot be built."""
    if shutil.which("cmake") is None or shutil.which("c++") is None:
        pytest.skip("the C++ example is built with cmake and a C++ compiler, which are not here")
    found = importlib.util.find_spec("openvino")
    if found is None or found.origin is None:
        pytest.skip("the C++ example is built with the headers of OpenVINO's wheel, which is not installed")
    build = tmp_path_factory.mktemp("cpp")
    where = f"-DOpenVINO_DIR={Path(found.origin).parent / 'cmake'}"
    run("cmake", "-S", ROOT / "examples" / "cpp", "-B", build, where)
    run("cmake", "--build", build)
    return build / "classify"


def run(*words: object, code: int = 0) -> str:
    """What a program says: its output, or where it is to fail, what it says of that."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else done.stdout


def test_it_says_what_zoo_single_says(
    classify: Path, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = lenet_export.manifest.parent
    out = tmp_path / "out"
    words = ["--folder", folder, "--for", "onnxruntime", "--processing", "inside", "--out", out]
    assert zoo(["package", "lenet", *map(str, words)]) == 0
    for name in ("digit_3", "digit_8"):
        picture = tmp_path / f"{name}.ppm"
        Image.open(DEMOS / f"{name}.png").convert("RGB").resize((30, 40)).save(picture)
        capsys.readouterr()
        ours = ["--ckpt", lenet_export.dynamic, "--topk", 5, "--data_path", picture]
        assert zoo(["single", "lenet", *map(str, ours)]) == 0
        wanted, found = (
            CLASS.findall(text) for text in (capsys.readouterr().out, run(classify, out / "lenet", picture))
        )
        assert len(found) == 5
        assert [label for label, _ in found] == [label for label, _ in wanted]
        assert all(
            abs(float(one) - float(other)) <= 1 / 255 for (_, one), (_, other) in zip(found, wanted, strict=True)
        )


def test_what_it_cannot_read_is_a_sentence(classify: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("a\n")
    (tmp_path / "short.ppm").write_bytes(b"P6\n# a comment\n4 4 255\n123")
    (tmp_path / "grey.ppm").write_bytes(b"P5 1 1 255\n1")
    (tmp_path / "wide.ppm").write_bytes(b"P6 1 1 65535\n123456")
    (tmp_path / "odd.ppm").write_bytes(b"P6 one")
    for name, words in (
        ("none.ppm", "there is no such file"),
        ("short.ppm", "ends too early"),
        ("grey.ppm", "no binary PPM"),
        ("wide.ppm", "8 bits a colour"),
        ("odd.ppm", "header of this PPM is damaged"),
    ):
        assert words in run(classify, tmp_path, tmp_path / name, code=2)
    assert "usage" in run(classify, code=2)
