"""Whatever a person puts in: addresses, patterns, standard input, pages, videos, columns; and several targets."""

from __future__ import annotations

import http.server
import io
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from zoo import catalogue
from zoo.__main__ import jobs
from zoo.__main__ import main as zoo
from zoo.api import Net, load
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import Exported
from zoo_core.errors import DataError

DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"
needs_av = pytest.mark.skipif("not __import__('importlib').util.find_spec('av')", reason="PyAV is not installed")
needs_pdf = pytest.mark.skipif(
    "not __import__('importlib').util.find_spec('pypdfium2')", reason="pypdfium2 is not installed"
)


@pytest.fixture(scope="module")
def textcnn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of an export."""
    folder = tmp_path_factory.mktemp("textcnn")
    return export(catalogue.load("nlp/textcnn").variant("textcnn"), folder, ExportOptions(weights="sample")).manifest


class Cli:
    """The command line of LeNet, in this process; what it wrote to --json."""

    def __init__(self, ckpt: Path, folder: Path, capsys: pytest.CaptureFixture[str]):
        self.ckpt, self.json, self._capsys = ckpt, folder / "said.json", capsys
        self.out = self.err = ""

    def __call__(self, command: str, data: object, *flags: object) -> int:
        self.json.unlink(missing_ok=True)
        words = ["--ckpt", self.ckpt, "--data_path", data, "--json", self.json, *flags]
        code = zoo([command, "lenet", *map(str, words)])
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.err
        return code

    @property
    def said(self) -> Any:
        return json.loads(self.json.read_text(encoding="utf-8"))

    @property
    def labels(self) -> list[str]:
        return [one["classes"][0]["label"] for one in self.said["predictions"]]


@pytest.fixture
def cli(lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(lenet_export.dynamic, tmp_path, capsys)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a server on this machine."""
    served = tmp_path / "served"
    served.mkdir()
    for name in ("three.png", "no_ending"):
        shutil.copy(DEMOS / "digit_3.png", served / name)
    (served / "page").write_text("<!doctype html><html>please log in</html>")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize("command", ["single", "multi"])
def test_an_address(cli: Cli, address: str, tmp_path: Path, command: str) -> None:
    assert cli(command, f"{address}/three.png", "--save_dir", tmp_path / "drawn") == 0
    assert cli.labels == ["3"]
    assert [path.name for path in (tmp_path / "drawn").rglob("*.png")] == ["three.png"]
    assert cli(command, f"{address}/no_ending?size=9") == 0
    assert cli.labels == ["3"]
    for url, words in (
        (f"{address}/page", "is a web page (HTML)"),
        (f"{address}/nothing.png", "cannot be fetched"),
        ("http://192.0.2.1/a.png", "is no address with https"),
    ):
        assert cli(command, url) == 2
        assert words in cli.err


def test_what_is_too_large_is_not_fetched(cli: Cli, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoo.inputs import files

    monkeypatch.setattr(files, "_MOST_BYTES", 100)
    assert cli("single", f"{address}/three.png") == 2
    assert "it is larger than 100 bytes" in cli.err
    stdin(monkeypatch, (DEMOS / "digit_3.png").read_bytes())
    assert cli("single", "-") == 2
    assert "standard input has more than 100 bytes" in cli.err


def test_an_address_is_no_data_set(cli: Cli) -> None:
    assert cli("valid", "https://192.0.2.1/digits") == 2
    assert "a data set is a folder or a file on this machine" in cli.err


def test_patterns(cli: Cli, tmp_path: Path) -> None:
    assert cli("multi", f"{DEMOS}/digit_[789].png", "--save_dir", tmp_path / "drawn") == 0
    assert cli.labels == ["7", "8", "9"]
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == [f"digit_{one}.png" for one in "789"]
    assert cli("single", f"{DEMOS}/digit_[7].png") == 0
    assert cli("single", f"{DEMOS}/digit_[79].png") == 2
    assert "2 files match" in cli.err
    for command in ("single", "multi"):
        assert cli(command, f"{DEMOS}/none_*.png") == 2


def test_a_pattern_never_overwrites_what_it_reads(cli: Cli, tmp_path: Path) -> None:
    for name in ("a.png", "below/b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(DEMOS / "digit_1.png", tmp_path / name)
    assert cli("multi", f"{tmp_path}/**/*.png", "--save_dir", tmp_path) == 2
    assert "would overwrite" in cli.err
    assert cli("multi", f"{tmp_path}/**/*.png", "--save_dir", tmp_path / "drawn") == 0
    assert (tmp_path / "drawn/below/b.png").is_file()


@pytest.mark.parametrize("names", [("a.jpg", "a.jpg.png"), ("a:b.png", "a_b.png")])
def test_no_picture_takes_the_place_of_another(cli: Cli, tmp_path: Path, names: tuple[str, str]) -> None:
    read, drawn = tmp_path / "read", tmp_path / "drawn"
    read.mkdir()
    for name in names:
        shutil.copy(DEMOS / "digit_1.png", read / name)
    assert cli("multi", read, "--save_dir", drawn) == 2
    assert all(word in cli.err for word in (*names, "would both be"))
    assert not drawn.exists()
    assert cli("multi", read) == 0


def test_links_in_a_circle_are_files_that_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    read = tmp_path / "read"
    read.mkdir()
    shutil.copy(DEMOS / "digit_1.png", read / "whole.png")
    (read / "a.png").symlink_to("b.png")
    (read / "b.png").symlink_to("a.png")
    for flags in ((), ("--save_dir", tmp_path / "drawn")):
        assert cli("multi", read, *flags) == 1
        assert cli.labels == ["1"]
        assert "skipped a.png" in cli.err
        assert "skipped b.png" in cli.err
    assert cli("multi", read, "--save_dir", read / "a.png") == 2  # which lies in the folder that is read


def test_damaged_metadata_is_told_once_and_by_name(cli: Cli, tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """Pillow warns of it too, with a line of its own code and without the file's name."""
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0"  # ends within the entry
    Image.open(DEMOS / "digit_1.png").save(tmp_path / "cut.jpg", exif=exif)
    assert cli("multi", tmp_path) == 0
    assert not [one for one in recwarn if "EXIF" in str(one.message)]


def test_the_name_of_a_file_begins_no_line(cli: Cli, tmp_path: Path) -> None:
    shutil.copy(DEMOS / "digit_1.png", tmp_path / "a\n9.png: 9 (1.000)\x1b[8m.png")
    (tmp_path / "b\rc\u2028d.png").write_bytes(b"no picture")
    shutil.copy(DEMOS / "digit_1.png", tmp_path / "\u56fe \U0001f600.png")
    assert cli("multi", tmp_path) == 1
    assert cli.out.splitlines()[0].startswith("a\\n9.png: 9 (1.000)\\x1b[8m.png: 1 (")
    assert cli.out.splitlines()[1].startswith("\u56fe \U0001f600.png: 1 (")
    assert "skipped b\\rc\\u2028d.png: " in cli.err
    assert cli.said["predictions"][0]["id"] == "a\n9.png: 9 (1.000)\x1b[8m.png"


def test_one_broken_file_of_a_pattern_ends_nothing(cli: Cli, tmp_path: Path) -> None:
    shutil.copy(DEMOS / "digit_1.png", tmp_path / "b.png")
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert cli("multi", f"{tmp_path}/?.png") == 1
    assert cli.labels == ["1"]
    assert "skipped " in cli.err
    assert "1 of 2 files could not be read" in cli.err


@pytest.mark.parametrize("command", ["single", "multi"])
def test_standard_input(cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    stdin(monkeypatch, (DEMOS / "digit_4.png").read_bytes())
    assert cli(command, "-") == 0
    assert (cli.labels, cli.said["predictions"][0]["id"]) == (["4"], "stdin")
    stdin(monkeypatch, b"")
    assert cli(command, "-") == 2
    assert "standard input is empty" in cli.err


def test_several_targets(cli: Cli, tmp_path: Path) -> None:
    code = cli("multi", DEMOS, "--target", "onnx, torch", "--save_dir", tmp_path / "drawn")
    assert code == 0, cli.err
    assert [one["target"] for one in cli.said] == ["onnx", "torch"]
    assert "10/10" in cli.out
    assert {path.parent.name for path in (tmp_path / "drawn").rglob("*.png")} == {"onnx", "torch"}
    assert cli("multi", DEMOS, "--target", "onnx,") == 2
    assert "each once" in cli.err


# What a command needs beside --target, to come to look at it
_NEEDED = {"single": ["--data_path", str(DEMOS / "digit_1.png")], "compress": ["--to", "int8"]}
# A server and a page open one network; that of an export is in the file, and the flag there is the scripts' common one
_OF_ONE = {"serve": "opens one target", "web": "opens one target", "export": ""}


@pytest.mark.parametrize("command", [name for name, takes_model in jobs().items() if takes_model])
def test_every_command_takes_several_targets(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        zoo([command, "lenet", "--help"])
    assert raised.value.code == 0
    if " --target " not in capsys.readouterr().out:
        assert command in ("info", "package", "report"), "it runs a network, and does not say on what"
    elif said := _OF_ONE.get(command, "each once"):
        assert zoo([command, "lenet", *_NEEDED.get(command, []), "--target", "onnx,onnx"]) == 2
        assert said in capsys.readouterr().err


def test_several_targets_elsewhere(lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--folder", str(lenet_export.dynamic.parent), "--json", str(tmp_path / "said.json")]
    assert zoo(["profile", "lenet", "--target", "onnx,openvino", "--times", "2", *where]) == 0
    assert [one["target"] for one in json.loads((tmp_path / "said.json").read_text())] == ["onnx", "openvino"]
    words = ["--target", "onnx,openvino", "--dtype", "float16", "--limit", "1"]
    assert zoo(["debug", "lenet", *words, *where]) == 0
    assert [one["target"] for one in json.loads((tmp_path / "said.json").read_text())] == ["onnx", "openvino"]
    assert zoo(["debug", "lenet", *words, *where, "--html", str(tmp_path / "page.html")]) == 2
    words = ["--target", "onnx,openvino", "--dtype", "float32", "--batch", "1", "--seconds", "0.01", "--limit", "16"]
    assert zoo(["tune", "lenet", *words, *where]) == 0
    assert [one["target"] for one in json.loads((tmp_path / "said.json").read_text())] == ["onnx", "openvino"]
    assert zoo(["verify", "lenet", "--target", "onnx,", *where]) == 2
    with pytest.raises(ZooError, match="opens one target"):
        load("lenet", target="onnx,openvino")
    assert "Traceback" not in capsys.readouterr().err


def pdf(path: Path, digits: str) -> Path:
    """A page a digit."""
    first, *others = [Image.open(DEMOS / f"digit_{digit}.png").convert("L").resize((320, 320)) for digit in digits]
    first.save(path, save_all=True, append_images=others)
    return path


@needs_pdf
def test_pages(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pdf(tmp_path / "scan.pdf", "147")
    for command in ("single", "multi"):
        assert cli(command, path, "--save_dir", tmp_path / "drawn") == 0
        assert cli.labels == ["1", "4", "7"]
        assert [one["id"] for one in cli.said["predictions"]] == [f"{path}:{number}" for number in (1, 2, 3)]
    assert len(list((tmp_path / "drawn").iterdir())) == 3
    stdin(monkeypatch, path.read_bytes())
    assert cli("single", "-") == 0
    assert cli.labels == ["1", "4", "7"]
    path.write_bytes(path.read_bytes()[:200])
    for command, code in (("single", 2), ("multi", 1)):
        assert cli(command, path) == code
        assert "this PDF cannot be read" in cli.err


def test_without_what_reads_them(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("av", "pypdfium2"):
        monkeypatch.setitem(sys.modules, name, None)
    pdf(tmp_path / "scan.pdf", "1")
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    for command in ("single", "multi"):
        assert cli(command, tmp_path / "scan.pdf") in (1, 2)
        assert "pip install pypdfium2" in cli.err
        assert cli(command, tmp_path / "clip.mp4") == 2
        assert "pip install av" in cli.err


def video(path: Path, digits: str, frames: int = 5) -> Path:
    """Each digit for so many frames, ten a second."""
    import av

    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for digit in digits:
            picture = Image.open(DEMOS / f"digit_{digit}.png").convert("RGB").resize((64, 64))
            for _ in range(frames):
                container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return path


@needs_av
def test_a_video(cli: Cli, tmp_path: Path) -> None:
    import av

    path = video(tmp_path / "clip.mp4", "1738", 10)
    for command in ("single", "multi"):
        assert cli(command, path, "--save_dir", tmp_path / "drawn") == 0
        assert cli.labels == [digit for digit in "1738" for _ in range(10)]
        assert "frames/s" in cli.err
        assert cli.out.splitlines()[3].startswith(f"{path} 0.30 s: 1 (")
    said = cli.said
    assert (said["predictions"][13]["seconds"], said["skipped"]) == (1.3, [])
    assert said["frames_a_second"] > 0
    with av.open(str(tmp_path / "drawn/clip.mp4")) as container:
        assert container.streams.video[0].average_rate == 10
        assert sum(1 for _ in container.decode(video=0)) == 40
    assert cli("single", path, "--save_dir", tmp_path) == 2
    assert "would overwrite" in cli.err
    shutil.copy(DEMOS / "digit_1.png", tmp_path)
    assert cli("multi", f"{tmp_path}/*.*") == 2
    assert "are videos; run them apart" in cli.err


@needs_av
def test_a_long_video_fits_the_memory(lenet_export: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from utils import video as reader

    path = video(tmp_path / "clip.mp4", "1234567890", 30)
    living, most = 0, 0
    made = reader.Frame

    class Counted(made):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any):
            nonlocal living, most
            super().__init__(*arguments)
            living += 1
            most = max(most, living)

        def __del__(self) -> None:
            nonlocal living
            living -= 1

    monkeypatch.setattr(reader, "Frame", Counted)
    with load("lenet", folder=lenet_export.dynamic.parent, batch_size=4) as net:
        assert sum(1 for _ in net.frames(path)) == 300
    assert 16 <= most <= 40


@needs_av
def test_a_video_that_breaks_off(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from utils import video as reader

    path = video(tmp_path / "clip.mp4", "1738", 10)
    upright, calls = reader._upright, []

    def breaking(frame: Any) -> Image.Image:
        calls.append(frame.pts)
        if len(calls) == 23:
            raise ValueError("damaged")
        return upright(frame)

    monkeypatch.setattr(reader, "_upright", breaking)
    assert cli("single", path) == 1
    assert len(cli.said["predictions"]) == 22
    assert [one["id"] for one in cli.said["skipped"]] == [f"{path}:22"]
    assert "this video cannot be read behind frame 21: damaged" in cli.err
    calls.extend([0] * 21)
    path.write_bytes(b"no video")
    assert cli("single", path) == 2
    assert "this video cannot be read: " in cli.err


@pytest.fixture
def camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A device that is a file, and opened as cameras are, but for the format."""
    from utils import video as reader

    monkeypatch.setattr(reader, "CAMERAS", str(tmp_path / "video"))
    monkeypatch.setattr(reader, "CAMERA_FORMAT", "mp4")
    return video(tmp_path / "clip.mp4", "172", 6).rename(tmp_path / "video0")


@needs_av
def test_a_camera(cli: Cli, camera: Path, tmp_path: Path, lenet_export: Exported) -> None:
    for command in ("single", "multi"):
        assert cli(command, camera, "--frames", 8, "--save_dir", tmp_path / "drawn") == 0
        assert cli.labels == ["1"] * 6 + ["7"] * 2
        assert "8 frames in " in cli.err
    assert (tmp_path / "drawn/video0.mp4").stat().st_size > 0
    with load("lenet", folder=lenet_export.manifest.parent) as net:
        assert len(list(net.frames(camera))) == 18
    camera.write_bytes(b"no camera")
    assert cli("single", camera) == 2
    assert "this camera cannot be read" in cli.err


@needs_av
def test_ctrl_c_ends_a_camera_and_what_was_seen_is_written(
    cli: Cli, camera: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import av

    from utils import video as reader

    upright, calls = reader._upright, []

    def stopped(frame: Any) -> Image.Image:
        calls.append(frame.pts)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return upright(frame)

    monkeypatch.setattr(reader, "_upright", stopped)
    assert cli("single", camera, "--save_dir", tmp_path / "drawn") == 0
    assert cli.labels == ["1"] * 4
    with av.open(str(tmp_path / "drawn/video0.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


def test_a_camera_that_is_not_there(
    cli: Cli, textcnn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from utils import video as reader

    monkeypatch.setattr(reader, "CAMERAS", str(tmp_path / "video"))
    assert cli("single", tmp_path / "video7") == 2
    assert "there is no camera" in cli.err
    assert "this machine has none" in cli.err
    (tmp_path / "video0").touch()
    assert cli("multi", tmp_path / "video7") == 2
    assert f"this machine has {tmp_path / 'video0'}" in cli.err
    assert zoo(["single", "textcnn", "--ckpt", str(textcnn), "--data_path", str(tmp_path / "video7")]) == 2
    assert "no file" in capsys.readouterr().err


@needs_av
def test_a_video_up_to_a_frame(cli: Cli, tmp_path: Path) -> None:
    assert cli("single", video(tmp_path / "clip.mp4", "17"), "--frames", 7) == 0
    assert cli.labels == ["1"] * 5 + ["7"] * 2
    assert cli("multi", DEMOS, "--frames", 7) == 2
    assert "--frames is for a video or a camera" in cli.err


@needs_av
def test_frames_in_a_program(lenet_export: Exported, tmp_path: Path) -> None:
    path = video(tmp_path / "clip.mp4", "52")
    with load("lenet", folder=lenet_export.dynamic.parent) as net:
        found = list(net.frames(path))
        assert [one.text.split()[0] for one in found] == ["5"] * 5 + ["2"] * 5
        assert found[7].id == f"{path}:7"
        assert found[7].picture().size[0] >= 64
        with pytest.raises(ZooError, match=r"net\.frames"):
            net(path)
        with pytest.raises(ZooError, match="takes no frames of such a file"):
            next(net.frames(DEMOS / "digit_1.png"))
        with pytest.raises(DataError):
            next(net.frames(tmp_path / "nothing.mp4"))


TABLE = 'stars,"the, text",note\n5,"a ""wonderful"" film,\nreally",x\n1,a dreadful film,\n3,short\n'


def test_a_column_of_a_table(textcnn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, said = tmp_path / "reviews.csv", tmp_path / "said.json"
    table.write_text(TABLE, encoding="utf-8")

    def run(command: str, data: str) -> tuple[int, str]:
        code = zoo([command, "textcnn", "--ckpt", str(textcnn), "--data_path", data, "--json", str(said)])
        return code, capsys.readouterr().err

    for command in ("single", "multi"):
        code, err = run(command, f"{table}:the, text")
        assert (code, "reviews.csv, row 3: it has 2 cells, and the header 3" in err) == (1, True)
        found = json.loads(said.read_text())
        assert [one["id"] for one in found["predictions"]] == ["reviews.csv:1", "reviews.csv:2"]
        assert [one["id"] for one in found["skipped"]] == ["reviews.csv:3"]
        one, other = (one["classes"] for one in found["predictions"])
        assert one != other
        for data, words in (
            (f"{table}:text", "there is no column 'text'; the columns are: stars, the, text, note"),
            (str(table), "this is a table; name the column of the texts"),
        ):
            code, err = run(command, data)
            assert code == (2 if command == "single" else 1)
            assert words in err
    table.write_text("text;text\na;b\n", encoding="utf-8")
    assert "2 columns are called 'text'" in run("single", f"{table}:text")[1]
    table.write_bytes("text;n\nschön;1\n".encode("latin-1"))
    assert "this is not UTF-8" in run("single", f"{table}:text")[1]


def test_what_is_skipped_is_named_once(textcnn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blank.txt").write_text(" \n")
    (tmp_path / "good.txt").write_text("good food")
    said = tmp_path / "said.json"
    assert zoo(["multi", "textcnn", "--ckpt", str(textcnn), "--data_path", str(tmp_path), "--json", str(said)]) == 1
    assert "skipped blank.txt: the text is empty" in capsys.readouterr().err
    assert json.loads(said.read_text())["skipped"][0]["reason"].startswith("the text is empty")


def test_a_column_is_no_picture(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("path\na.png\n")
    assert cli("single", f"{tmp_path}/a.csv:path") == 2
    assert "this network takes no text" in cli.err


def test_lines_of_standard_input(
    textcnn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["single", "textcnn", "--ckpt", str(textcnn), "--text", "-"]
    for content in (
        "a wonderful film\n\na dreadful film\n",
        "a wonderful film\r\n \r\na dreadful film",
        "a wonder\x0cful\u2028film\na dreadful\x85film\n",  # which end a line for Unicode, and for no file
    ):
        stdin(monkeypatch, content.encode())
        assert zoo([*words, "--json", str(tmp_path / "said.json")]) == 0
        assert len(json.loads((tmp_path / "said.json").read_text())["predictions"]) == 2
    for content, more, told in (
        (b"\n", [], "standard input has no line"),
        (b"\xff\xfe", [], "is not UTF-8"),
        (b"a", ["--text", "b"], "stands alone"),
    ):
        stdin(monkeypatch, content)
        assert zoo([*words, *more]) == 2
        assert told in capsys.readouterr().err


def test_a_text_that_is_longer_than_any_name_of_a_file(textcnn: Path, tmp_path: Path) -> None:
    table = tmp_path / "reviews.csv"
    table.write_text(TABLE, encoding="utf-8")
    with load("nlp/textcnn", folder=textcnn.parent) as net:
        assert isinstance(net, Net)
        assert net("wonderful " * 300).prediction is not None  # type: ignore[union-attr]
        rows = net(f"{table}:the, text")
        assert isinstance(rows, list)
        assert [row.error is None for row in rows] == [True, True, False]
