"""One line in a person's own program: whatever is given, what comes back, and what is refused."""

from __future__ import annotations

import http.server
import io
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo import catalogue
from zoo.api import Net, Result, load
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import Exported
from zoo_core.errors import DataError
from zoo_core.hashing import sha256

DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"


@pytest.fixture(scope="module")
def net(lenet_export: Exported) -> Iterator[Net]:
    with load("lenet", folder=lenet_export.dynamic.parent) as opened:
        yield opened


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server on this machine, and the folder that it has."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", tmp_path
        server.shutdown()


@pytest.fixture
def address(served: tuple[str, Path]) -> str:
    """Of a server on this machine that has one picture."""
    (served[1] / "three.png").write_bytes((DEMOS / "digit_3.png").read_bytes())
    return served[0]


def label(result: Any) -> str:
    assert isinstance(result, Result)
    return str(result.to_json()["classes"][0]["label"])


def test_whatever_holds_a_picture(net: Net, address: str) -> None:
    path = DEMOS / "digit_3.png"
    picture = Image.open(path)
    given = [
        path,
        str(path),
        path.read_bytes(),
        bytearray(path.read_bytes()),
        picture,
        np.asarray(picture.convert("L")),
    ]
    given += [np.asarray(picture.convert("RGB")), np.asarray(picture.convert("RGBA")), f"{address}/three.png"]
    assert [label(net(one)) for one in given] == ["3"] * len(given)
    assert [label(one) for one in net(given)] == ["3"] * len(given)


def test_an_open_file_is_its_content(net: Net) -> None:
    """Python gives its lines to whoever goes through it, which would be as many broken pictures."""
    path = DEMOS / "digit_3.png"
    with path.open("rb") as file, path.open("rb", buffering=0) as raw, tempfile.NamedTemporaryFile() as temporary:
        temporary.write(path.read_bytes())
        temporary.seek(0)
        given = [file, raw, temporary, io.BytesIO(path.read_bytes())]
        assert [label(net(one)) for one in given] == ["3"] * len(given)
    with pytest.raises(ZooError, match=r"digit_3\.png is closed; open it with 'rb', or give its path"):
        net(file)


class Camera:
    def read(self) -> tuple[bool, None]:
        return True, None


def test_what_only_reads_is_no_file(net: Net) -> None:
    with pytest.raises(ZooError, match="Camera"):
        net(Camera())


def test_several_keep_their_order(net: Net) -> None:
    folder = net(str(DEMOS))
    assert [label(one) for one in folder] == list("0123456789")
    assert [one.id for one in folder] == [f"digit_{number}.png" for number in range(10)]
    assert [label(one) for one in net(f"{DEMOS}/digit_[789].png")] == list("789")
    assert [label(one) for one in net(f"{DEMOS}/digit_[7].png")] == ["7"]
    assert [label(one) for one in net(iter(sorted(DEMOS.glob("*.png"), reverse=True)))] == list("9876543210")
    assert net([]) == []


def test_a_result_is_told_drawn_and_kept(net: Net, tmp_path: Path) -> None:
    result = net((DEMOS / "digit_3.png").read_bytes())
    assert isinstance(result, Result)
    assert "trained on" in result.notice
    assert str(result).endswith(f"({result.notice})")
    assert json.loads(json.dumps(result.to_json()))["said"] == result.text
    for name, written in (("seen", "seen.png"), ("seen.jpg", "seen.jpg"), ("other.webp", "other.webp")):
        assert result.save(tmp_path / name) == tmp_path / written
        assert Image.open(tmp_path / written).size == result.picture().size
    with pytest.raises(DataError):
        result.save(tmp_path / "seen.png" / "below")
    with pytest.raises(DataError, match=r"seen_v1\.5: this cannot be written as 5; \.png can"):
        result.save(tmp_path / "seen_v1.5")
    assert not (tmp_path / "seen_v1.5").exists()


def test_what_cannot_be_read_ends_no_list(net: Net, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    good, bad, also = net([DEMOS / "digit_1.png", broken, DEMOS / "digit_2.png"])
    assert (label(good), label(also)) == ("1", "2")
    assert bad.prediction is None
    assert "broken.png" in str(bad.error)
    assert bad.to_json() == {"id": str(broken), "error": str(bad.error)}
    with pytest.raises(DataError, match=r"broken\.png"):
        bad.picture()
    with pytest.raises(DataError, match=r"broken\.png"):
        net(broken)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing.png", "there is no file nothing.png; give a path, an address, a pattern or a folder"),
        ("nothing*.png", "there is no file nothing"),
        (3, "a path, an address, bytes or a list; got int"),
        (None, "got NoneType"),
        (np.zeros((4, 4), np.float32), r"uint8 \[H, W\], .*; got float32 \[4, 4\]"),
        (np.zeros((3, 4, 2), np.uint8), r"got uint8 \[3, 4, 2\]"),
        ("http://192.0.2.1/a.png", "is no address with https"),
        ("x" * 300, "there is no file xxx"),
        ("", "there is no file ;"),
        ("a\0b", "there is no file a"),
        (np.zeros((0, 5, 3), np.uint8), r"got uint8 \[0, 5, 3\]"),
    ],
)
def test_what_is_no_picture(net: Net, given: Any, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        net(given)


def test_an_address_that_has_nothing(net: Net, address: str) -> None:
    with pytest.raises(ZooError, match=f"{address}/other.png cannot be fetched: "):
        net(f"{address}/other.png")


def test_several_threads(net: Net) -> None:
    files = sorted(DEMOS.glob("*.png")) * 4
    with ThreadPoolExecutor(4) as pool:
        assert [label(one) for one in pool.map(net, files)] == list("0123456789") * 4


def test_it_validates_and_tunes(net: Net) -> None:
    assert net.valid()["top1"] > 0.9
    assert net.tune(seconds=0.05).best


def test_an_export_is_made_once_and_again_for_other_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for weights, made in ((None, True), (None, False), ("sample", False), ("random", True), ("sample", True)):
        load("classification/lenet", folder=tmp_path / "files", weights=weights).close()
        assert ("exporting classification/lenet" in capsys.readouterr().err) == made
    with load("lenet", folder=tmp_path / "files", dtype="float16") as net:
        assert label(net(DEMOS / "digit_5.png")) == "5"
    assert capsys.readouterr().err == ""


def test_what_load_does_not_know(lenet_export: Exported, tmp_path: Path) -> None:
    folder = lenet_export.dynamic.parent
    with pytest.raises(ZooError, match="nothing"):
        load("nothing/here")
    with pytest.raises(ZooError, match="no variant 'other'"):
        load("lenet", variant="other", folder=folder)
    with pytest.raises(ZooError, match="unexpected keyword argument 'colour'"):
        load("lenet", folder=folder, colour="red")
    with pytest.raises(ZooError, match="decoder is reference or fast, got 'quick'"):
        load("lenet", folder=folder, decoder="quick")
    with pytest.raises(ZooError, match=r"dtype is one of float32, .*, got 'fp16'"):
        load("lenet", folder=tmp_path / "never", dtype="fp16")
    assert not (tmp_path / "never").exists()
    wrong: dict[str, Any] = {"batch_size": "4", "topk": 0, "workers": 2.0, "input_size": True}
    for name, value in wrong.items():
        with pytest.raises(ZooError, match=f"{name} is a whole number of at least 1, got {value!r}"):
            load("lenet", folder=folder, **{name: value})
    with pytest.raises(ZooError, match="writes no text, so that max_new_tokens would change nothing"):
        load("lenet", folder=folder, writing={"max_new_tokens": 5})
    with pytest.raises(ZooError, match="do not differ in length; leave token_budget out"):
        load("lenet", folder=folder, token_budget=64)


@pytest.mark.parametrize(
    ("writing", "said"),
    [
        (5, "writing is a dict such as"),
        ({"max_new_tokens": 0}, "max_new_tokens is a whole number of at least 1, got 0"),
        ({"beams": "two"}, "beams is a whole number of at least 1, got 'two'"),
        ({"length": 5}, "has no such way of writing: .*length"),
    ],
)
def test_a_way_of_writing_that_is_none(tmp_path: Path, writing: Any, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        load("nlp/causal_lm", folder=tmp_path / "never", writing=writing)
    assert not (tmp_path / "never").exists()


def test_a_named_file_is_taken_as_it_is(lenet_export: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    with load("lenet", ckpt=str(lenet_export.dynamic)) as net:
        assert label(net(DEMOS / "digit_5.png")) == "5"
    assert capsys.readouterr().err == ""
    with pytest.raises(ZooError, match="ckpt and weights both say which network it is"):
        load("lenet", ckpt=lenet_export.dynamic, weights="random")


def test_an_exported_file_is_fetched_by_its_digest(
    lenet_export: Exported, served: tuple[str, Path], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address, folder = served
    for one in lenet_export.files():
        shutil.copy(one, folder)
    for path in (lenet_export.dynamic, lenet_export.manifest):
        wanted = f"{address}/{path.name}#sha256={sha256(path).upper()}"
        for again in (False, True):
            with load("lenet", ckpt=wanted) as net:
                assert label(net(DEMOS / "digit_5.png")) == "5"
            said = "fetching classification/lenet (lenet) from http://"
            assert (said in capsys.readouterr().err) != again


def test_an_exported_file_that_is_another_one(lenet_export: Exported, served: tuple[str, Path], home: Path) -> None:
    address, folder = served
    for one in lenet_export.files():
        shutil.copy(one, folder)
    name = lenet_export.manifest.name
    right = f"{address}/{name}#sha256={sha256(folder / name)}"
    for behind in ("", "#sha256=", "#md5=" + 64 * "0", "#" + 64 * "0"):
        with pytest.raises(ZooError, match="the SHA-256 of the file has to stand behind its address"):
            load("lenet", ckpt=f"{address}/{name}{behind}")
    with pytest.raises(ZooError, match=r"arrived damaged: its sha256 is .*, expected 0000"):
        load("lenet", ckpt=f"{address}/{name}#sha256={64 * '0'}")
    with pytest.raises(ZooError, match="is of classification/lenet lenet, not of classification/lenet lenet_mnist"):
        load("lenet", variant="lenet_mnist", ckpt=right)
    (folder / lenet_export.dynamic.name).write_bytes(b"another one")
    with pytest.raises(ZooError, match=r"cannot fetch .*_dyn\.onnx.*: it arrived damaged"):
        load("lenet", ckpt=right)
    (folder / name).write_text('{"model": "classification/lenet"}', encoding="utf-8")
    with pytest.raises(ZooError, match="is not a manifest of an export"):
        load("lenet", ckpt=f"{address}/{name}#sha256={sha256(folder / name)}")


def test_an_export_of_other_weights_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that a person made in runs/ is taken where it is right, and never written over by another network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    model = catalogue.load("classification/lenet").variant()
    own = tmp_path / "runs" / model.place
    export(model, own, ExportOptions(weights="random"))
    before = (own / "lenet_dyn.onnx").read_bytes()
    capsys.readouterr()
    with load("lenet") as net:
        assert "random" in str(net(str(DEMOS / "digit_3.png")))
    with load("lenet", weights="sample") as net:
        assert label(net(DEMOS / "digit_3.png")) == "3"
    assert str(tmp_path / "home" / "exports") in capsys.readouterr().err
    assert (own / "lenet_dyn.onnx").read_bytes() == before


def test_weights_are_known_by_what_their_file_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was trained again is another network, and a further dtype of an export is of its own weights."""
    from safetensors.numpy import load_file, save_file

    state = load_file(catalogue.EXAMPLES / "classification" / "lenet" / "sample.safetensors")
    mine, folder = tmp_path / "mine.safetensors", tmp_path / "files"
    save_file(state, mine)
    load("lenet", folder=folder, weights=str(mine)).close()
    last = {name: np.ascontiguousarray(array[::-1]) if "fc3" in name else array for name, array in state.items()}
    save_file(last, mine)
    with load("lenet", folder=folder, weights=str(mine)) as net:
        assert label(net(DEMOS / "digit_3.png")) == "6"
    with load("lenet", folder=folder, dtype="int8") as net:
        assert label(net(DEMOS / "digit_3.png")) == "6"
        assert "pipeline" not in str(net(str(DEMOS / "digit_3.png")))  # which is said of the sample's weights
    assert capsys.readouterr().err.count("exporting") == 3


def test_text_is_taken_where_the_network_takes_it(tmp_path: Path) -> None:
    model = catalogue.load("nlp/textcnn").variant("textcnn")
    export(model, tmp_path, ExportOptions(weights="sample"))
    with load("nlp/textcnn", folder=tmp_path) as net:
        one = net("a wonderful film")
        assert isinstance(one, Result)
        assert one.id == "a wonderful film"
        assert len(net(["a wonderful film", "a dreadful film"])) == 2
        long = net("a wonderful film, " * 60)  # longer than any name of a file
        assert isinstance(long, Result)
        assert long.prediction
        with pytest.raises(DataError, match="the text is empty"):
            net("")
        with pytest.raises(ZooError, match="an array was given"):
            net(np.zeros((4, 4), np.uint8))
