"""Files from elsewhere: fetched once, verified always, nothing half kept. Served on loopback and from folders."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from zoo.fetching import transfer as network
from zoo.fetching.cache import cached, fetch
from zoo.fetching.mirror import VARIABLE, mirrored, place_of
from zoo.fetching.remote import Remote
from zoo.fetching.transfer import FetchError
from zoo_core.errors import DataError, SettingError, ZooCoreError

CONTENT = b"weights" * 1000
DIGESTS = {kind: hashlib.new(kind, CONTENT).hexdigest() for kind in ("sha256", "sha1", "md5")}
SHA256 = DIGESTS["sha256"]
PAGE = b"<!DOCTYPE html><html><body>please sign in</body></html>"


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


class Server(BaseHTTPRequestHandler):
    """What is asked for decides how it is answered."""

    asked: ClassVar[list[str]] = []
    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind, _, rest = self.path[1:].partition("/")
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", f"/{rest}")
            self.end_headers()
        elif kind == "away":
            self.send_response(302)
            self.send_header("Location", "http://example.invalid/net.pth")
            self.end_headers()
        elif kind == "garbled":
            self.wfile.write(b"nothing of HTTP\r\n\r\n")
        elif self.path not in self.files:
            self.send_error(404)
        else:
            self._send(kind, self.files[self.path])

    def _send(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        if kind != "chunks":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if kind == "cut":
            content = content[:100]
        if kind == "drip":
            for byte in content:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.05)
        else:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Server.asked.clear()
    Server.files.clear()
    for path in ("/net.pth", "/other/net.pth", "/cut/net.pth", "/drip/net.pth", "/chunks/net.pth"):
        Server.files[path] = CONTENT
    Server.files["/page/net.pth"] = PAGE
    monkeypatch.delenv(VARIABLE, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as served:
        served.daemon_threads = True
        served.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=served.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def kept(home: Path) -> list[str]:
    """Every file in the cache, also those that begin with a dot."""
    return sorted(path.name for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", DIGESTS)
@pytest.mark.parametrize("length", [8, None])
@pytest.mark.parametrize("upper", [False, True])
def test_fetched_once_by_whichever_digest(server: str, kind: str, length: int | None, upper: bool) -> None:
    digest = DIGESTS[kind][:length]
    remote = Remote(f"{server}/net.pth", **{kind: digest.upper() if upper else digest})
    assert cached(remote) is None
    for _ in range(2):
        path = fetch(remote)
        assert path.read_bytes() == CONTENT
        assert path.name == "net.pth"
    assert cached(remote) == path
    assert Server.asked == ["/net.pth"]


def test_files_of_one_name_do_not_meet(server: str) -> None:
    Server.files["/other/net.pth"] = b"another network"
    one = fetch(Remote(f"{server}/net.pth", sha256=SHA256))
    other = fetch(Remote(f"{server}/other/net.pth", sha256=hashlib.sha256(b"another network").hexdigest()))
    assert (one.read_bytes(), other.read_bytes()) == (CONTENT, b"another network")


def test_a_new_version_at_an_address_is_not_the_old_one(server: str) -> None:
    fetch(Remote(f"{server}/net.pth", sha256=SHA256))
    Server.files["/net.pth"] = b"newer"
    assert fetch(Remote(f"{server}/net.pth", sha256=hashlib.sha256(b"newer").hexdigest())).read_bytes() == b"newer"


def test_a_damaged_file_in_the_cache_is_fetched_again(server: str) -> None:
    remote = Remote(f"{server}/net.pth", sha256=SHA256)
    fetch(remote).write_bytes(b"damaged")
    assert cached(remote) is None
    assert fetch(remote).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "facts", "words"),
    [
        ("/net.pth", {"sha256": "0" * 8}, f"its sha256 is {SHA256[:8]}, expected 00000000"),
        ("/net.pth", {"md5": "0" * 32}, "its md5 is"),
        ("/net.pth", {"sha1": "0" * 40}, "its sha1 is"),
        ("/net.pth", {"sha256": SHA256, "md5": "0" * 32}, "its md5 is"),
        ("/net.pth", {"sha256": SHA256, "size": 6999}, "offers 7000 bytes"),
        ("/net.pth", {"sha256": SHA256, "size": 7001}, "offers 7000 bytes"),
        ("/chunks/net.pth", {"sha256": SHA256, "size": 6999}, "larger than 6999 bytes"),
        ("/chunks/net.pth", {"sha256": SHA256, "size": 7001}, "after 7000 of 7001 bytes"),
        ("/cut/net.pth", {"sha256": SHA256}, "after 100 of 7000 bytes"),
        ("/page/net.pth", {"sha256": SHA256}, "an HTML page"),
        ("/none.pth", {"sha256": SHA256}, "Not Found"),
        ("/garbled/net.pth", {"sha256": SHA256}, "cannot fetch"),
        ("/away/net.pth", {"sha256": SHA256}, "is no address with https"),
    ],
)
def test_what_did_not_come_as_it_should_is_not_kept(
    server: str, home: Path, path: str, facts: dict[str, Any], words: str
) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(Remote(server + path, **facts))
    assert words in str(caught.value)
    assert server + path in str(caught.value)
    assert kept(home) == []


def test_redirects_are_followed(server: str) -> None:
    assert fetch(Remote(f"{server}/moved/net.pth", sha256=SHA256)).read_bytes() == CONTENT


def test_a_server_that_drips_meets_the_limit_of_time(server: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECO_ZOO_FETCH_SECONDS", "1")
    with pytest.raises(FetchError, match="longer than 1 s"):
        fetch(Remote(f"{server}/drip/net.pth", sha256=SHA256))
    assert kept(home) == []


def test_a_limit_that_makes_no_sense_is_named(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECO_ZOO_FETCH_SECONDS", "soon")
    with pytest.raises(SettingError, match="TECO_ZOO_FETCH_SECONDS"):
        fetch(Remote(f"{server}/net.pth", sha256=SHA256))


@pytest.mark.parametrize("url", ["http://example.invalid/a.pth", "ftp://127.0.0.1/a", "file:///etc/hostname", "a.pth"])
def test_only_https_unless_asked(url: str, home: Path) -> None:
    with pytest.raises(FetchError, match="no address with https"):
        fetch(Remote(url, sha256=SHA256))
    assert kept(home) == []


def test_no_network_is_said_with_address_and_size() -> None:
    with pytest.raises(FetchError) as caught:
        fetch(Remote("http://127.0.0.1:9/net.pth", megabytes=7.2, sha256=SHA256))
    assert "http://127.0.0.1:9/net.pth (7 MB): " in str(caught.value)


def test_a_file_without_a_digest_needs_trust_once(server: str, home: Path) -> None:
    remote = Remote(f"{server}/net.pth")
    with pytest.raises(FetchError, match=r"no digest of .*--trust"):
        fetch(remote)
    assert kept(home) == []
    path = fetch(remote, trust=True)
    assert fetch(remote) == path
    assert Server.asked == ["/net.pth"]
    path.write_bytes(b"changed since")
    assert cached(remote) is None


def test_a_full_disk_keeps_nothing(server: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home.parent)
    monkeypatch.setattr(network.shutil, "disk_usage", lambda _: usage._replace(free=100))
    with pytest.raises(FetchError, match=r"0 MB are free in .*TECO_ZOO_HOME"):
        fetch(Remote(f"{server}/net.pth", sha256=SHA256))
    assert kept(home) == []


def test_a_disk_that_fills_up_meanwhile_keeps_nothing(server: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("zoo.fetching.cache.transfer", full)
    with pytest.raises(DataError, match="No space left on device"):
        fetch(Remote(f"{server}/net.pth", sha256=SHA256))
    assert kept(home) == []


def test_a_member_of_an_archive(server: str, home: Path) -> None:
    Server.files["/net.zip"] = zipped(folder__net=CONTENT, other=b"else")
    remote = Remote(f"{server}/net.zip", sha1=DIGESTS["sha1"], member="folder/net")
    path = fetch(remote)
    assert (path.name, path.read_bytes()) == ("net", CONTENT)
    assert kept(home) == ["fetched.json", "net"]


@pytest.mark.parametrize(
    ("content", "facts", "words"),
    [
        (zipped(other=CONTENT), {"sha1": DIGESTS["sha1"]}, "it has no file net, but: other"),
        (zipped(net=b"else"), {"sha1": DIGESTS["sha1"]}, "its sha1 is"),
        (CONTENT, {"sha1": DIGESTS["sha1"]}, "the zip archive cannot be read"),
        (PAGE, {"sha1": DIGESTS["sha1"]}, "the zip archive cannot be read"),
        (zipped(net=CONTENT)[:-30], {"sha1": DIGESTS["sha1"]}, "the zip archive cannot be read"),
        (zipped(net=CONTENT), {"sha1": DIGESTS["sha1"], "size": 5}, "expected 5 bytes"),
    ],
)
def test_an_archive_that_is_not_right_is_not_kept(
    server: str, home: Path, content: bytes, facts: dict[str, Any], words: str
) -> None:
    Server.files["/net.zip"] = content
    with pytest.raises(FetchError) as caught:
        fetch(Remote(f"{server}/net.zip", member="net", **facts))
    assert words in str(caught.value)
    assert kept(home) == []


def test_a_member_that_does_not_fit_on_the_disk(server: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Server.files["/net.zip"] = zipped(net=bytes(1 << 20))
    usage = shutil.disk_usage(home.parent)
    monkeypatch.setattr("zoo.fetching.archive.shutil.disk_usage", lambda _: usage._replace(free=1 << 19))
    with pytest.raises(FetchError, match="unpacks to 1048576 bytes"):
        fetch(Remote(f"{server}/net.zip", sha256=SHA256, member="net"))
    assert kept(home) == []


# ---- mirrors


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def place(mirror: Path, name: str, content: bytes) -> None:
    (mirror / name).parent.mkdir(parents=True, exist_ok=True)
    (mirror / name).write_bytes(content)


def test_a_folder_is_asked_first(mirror: Path) -> None:
    place(mirror, "example.invalid/a/net.pth", CONTENT)
    remote = Remote("https://example.invalid/a/net.pth", sha256=SHA256)
    assert fetch(remote).read_bytes() == CONTENT
    shutil.rmtree(mirror)
    assert fetch(remote).read_bytes() == CONTENT  # from the cache


@pytest.mark.parametrize("written", ["%E4%BA%AC%20P.jpg", "京 P.jpg"])
def test_a_folder_may_have_names_as_in_the_address_or_as_they_read(mirror: Path, written: str) -> None:
    place(mirror, f"example.invalid/{written}", CONTENT)
    path = fetch(Remote("https://example.invalid/%E4%BA%AC%20P.jpg", sha256=SHA256))
    assert path.read_bytes() == CONTENT


def test_the_place_in_a_mirror_is_host_and_path() -> None:
    assert place_of("https://a.b:8/c/d%20e?x=1#f") == "a.b:8/c/d%20e?x=1"


@pytest.mark.parametrize("place_", ["../secret", "a.invalid/../../secret", "a.invalid/%2e%2e/%2e%2e/secret"])
def test_no_address_leads_out_of_the_folder(mirror: Path, place_: str) -> None:
    (mirror.parent / "secret").write_bytes(CONTENT)
    (mirror / "a.invalid").mkdir()
    assert mirrored(place_) is None


def test_a_mirror_with_another_file_is_said_and_the_source_asked(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mirror"))
    place(tmp_path / "mirror", f"{server.removeprefix('http://')}/net.pth", b"another")
    with caplog.at_level(logging.WARNING):
        assert fetch(Remote(f"{server}/net.pth", sha256=SHA256)).read_bytes() == CONTENT
    assert "its sha256 is" in caplog.text
    assert "asking its source" in caplog.text


def test_a_mirror_without_the_file_leaves_it_to_the_source(server: str, tmp_path: Path, mirror: Path) -> None:
    assert fetch(Remote(f"{server}/net.pth", sha256=SHA256)).read_bytes() == CONTENT


def test_a_mirror_that_is_an_address(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Server.files["/mirror/example.invalid/a/net.pth"] = CONTENT
    monkeypatch.setenv(VARIABLE, f"{server}/mirror/")
    assert fetch(Remote("https://example.invalid/a/net.pth", sha256=SHA256)).read_bytes() == CONTENT
    assert fetch(Remote(f"{server}/net.pth", sha256=SHA256)).read_bytes() == CONTENT
    assert Server.asked[-2:] == [f"/mirror/{server.removeprefix('http://')}/net.pth", "/net.pth"]


def test_a_mirror_without_digests_needs_trust_too(mirror: Path) -> None:
    place(mirror, "example.invalid/net.pth", CONTENT)
    remote = Remote("https://example.invalid/net.pth")
    with pytest.raises(FetchError, match="--trust"):
        fetch(remote)
    assert fetch(remote, trust=True).read_bytes() == CONTENT


def test_a_mirror_has_archives_as_they_are(mirror: Path) -> None:
    place(mirror, "example.invalid/net.zip", zipped(net=CONTENT))
    assert fetch(Remote("https://example.invalid/net.zip", sha256=SHA256, member="net")).read_bytes() == CONTENT


def test_a_mirror_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(ZooCoreError, match="TECO_ZOO_MIRROR is a folder or an address"):
        fetch(Remote("https://example.invalid/net.pth", sha256=SHA256))
