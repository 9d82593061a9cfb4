"""zoo new from an id of a hub: a server on this machine answers as the hub does."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .conftest import ROOT
from .test_new_folders import text_classifier

pytest.importorskip("huggingface_hub")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ID = "someone/three-words"


class Hub(BaseHTTPRequestHandler):
    """One repository, at one commit. folder: of its files."""

    def __init__(self, folder: Path, *args: object) -> None:
        self.folder = folder
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        file = self.folder / path.rpartition("/")[2]
        if path.startswith(f"/api/models/{ID}/revision/"):
            names = sorted(one.name for one in self.folder.iterdir())
            said = {"id": ID, "sha": COMMIT, "siblings": [{"rfilename": name} for name in names]}
            self._send(200, json.dumps(said).encode(), body)
        elif path.startswith(f"/api/models/{ID}/tree/"):
            files = [(one.name, one.stat().st_size) for one in sorted(self.folder.iterdir())]
            tree = [{"type": "file", "path": name, "size": size, "oid": "0" * 40} for name, size in files]
            self._send(200, json.dumps(tree).encode(), body)
        elif path.startswith(f"/{ID}/resolve/") and file.is_file():
            self._send(200, file.read_bytes(), body)
        else:
            self._send(404, b"{}", body)

    def _send(self, code: int, content: bytes, body: bool) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        if code == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """The address of a hub with one small text classifier, beside which lies what must not be fetched."""
    folder = tmp_path / "served"
    folder.mkdir()
    text_classifier(folder)
    (folder / "modeling.py").write_text("raise SystemExit('run')")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, folder))  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def new(root: Path, hub: str, source: str) -> subprocess.CompletedProcess[str]:
    """`zoo new` in a process whose hub is `hub`."""
    words = ["new", "nlp/words", "--from", source, "--task", "text_classification", "--root", str(root)]
    environ = os.environ | {
        "PYTHONPATH": str(ROOT / "contrib"),
        "HF_ENDPOINT": hub,
        "HF_HOME": str(root.parent / "hub"),
        "HF_HUB_OFFLINE": "0",
    }
    command = [sys.executable, "-m", "zoo", *words]
    return subprocess.run(command, cwd=root.parent, env=environ, capture_output=True, text=True, check=False)


def test_the_weights_are_named_by_address_and_digest(root: Path, made, hub: str, tmp_path: Path) -> None:
    done = new(root, hub, f"hub:{ID}")
    assert done.returncode == 0, done.stderr
    source = made.model("nlp/words").pretrained
    weights = tmp_path / "served/model.safetensors"
    assert source.url == f"https://huggingface.co/{ID}/resolve/{COMMIT}/model.safetensors"
    assert source.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert not list(made.folder("nlp/words").glob("*.safetensors")), "whose licence nobody has said"
    fetched = {one.name for one in (tmp_path / "hub").rglob("*") if one.is_file() or one.is_symlink()}
    assert not fetched & {"modeling.py", "pytorch_model.bin"}
    assert "model.safetensors" in fetched
    made.assert_in_style("nlp/words")


@pytest.mark.parametrize(
    ("source", "words"), [("hub:nobody/nothing", "cannot be fetched"), ("hub:three words", "ORGANISATION/NAME")]
)
def test_an_id_that_is_not_there_is_a_sentence(root: Path, hub: str, source: str, words: str) -> None:
    done = new(root, hub, source)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (root / "contrib/example").exists()
