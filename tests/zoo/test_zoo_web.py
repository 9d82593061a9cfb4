"""`zoo web`: what is seen of a file and of a text; in a browser, where gradio and Chromium are there."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.zoo.browser import Browser, opened
from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.commands.web import Eye, made
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running.engines import open_runner
from zoo.running.setting import Setting

DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"


@pytest.fixture(scope="module")
def setting(lenet: Model, lenet_export: Exported) -> Setting:
    return Setting(lenet, folder=lenet_export.dynamic.parent, batch_size=1)


@pytest.fixture
def eye(setting: Setting, tmp_path: Path) -> Iterator[Eye]:
    with open_runner(setting) as runner:
        yield Eye(setting, runner, tmp_path)


def test_a_file_is_drawn_and_told(eye: Eye) -> None:
    picture, said, told = eye.file(str(DEMOS / "digit_3.png"))
    assert picture is not None
    assert told is not None
    assert Image.open(picture).size[0] > 0
    assert said.startswith("3 (")
    assert json.loads(told)["classes"][0]["label"] == "3"
    assert eye.file(None) == (None, "", None)


def test_what_cannot_be_read_is_a_sentence(eye: Eye, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    picture, said, told = eye.file(str(broken))
    assert (picture, told) == (None, None)
    assert said.startswith("not read: broken.png")
    (tmp_path / "clip.mp4").write_bytes(b"x")
    assert "is a video" in eye.file(str(tmp_path / "clip.mp4"))[1]


def test_without_gradio_it_says_what_to_install(
    lenet_export: Exported, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert zoo(["web", "lenet", "--ckpt", str(lenet_export.dynamic)]) == 2
    assert 'pip install "gradio>=6,<7"' in capsys.readouterr().err
    assert zoo(["web", "lenet", "--target", "onnx,openvino"]) == 2
    assert "zoo web opens one target" in capsys.readouterr().err


def wait_for(browser: Browser, script: str, good: Callable[[str], bool]) -> str:
    for _ in range(300):
        found = browser.run(script) or ""
        if good(found):
            return str(found)
        time.sleep(0.1)
    pytest.fail(f"{script} gives {found!r}")


def test_in_a_browser_a_dropped_file_is_answered(setting: Setting, eye: Eye, tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason='needs gradio: pip install "gradio>=6,<7"')
    page = made(setting, eye, str(tmp_path))
    _, address, public = page.launch(
        server_name="127.0.0.1", share=False, quiet=True, prevent_thread_lock=True, ssr_mode=False, footer_links=[]
    )
    try:
        assert public is None
        with opened(tmp_path) as browser:
            browser.post(f"/session/{browser.session}/url", {"url": address})
            wait_for(browser, "return document.querySelector('#given input[type=file]') ? 'there' : ''", bool)
            asked = {"using": "css selector", "value": "#given input[type=file]"}
            (element,) = browser.post(f"/session/{browser.session}/element", asked).values()
            given = {"text": str(DEMOS / "digit_3.png")}
            browser.post(f"/session/{browser.session}/element/{element}/value", given)
            value = "return document.querySelector('#said textarea')?.value"
            wait_for(browser, value, lambda said: said.startswith("3 ("))
            wait_for(
                browser,
                "return document.querySelector('#seen img')?.naturalWidth.toString()",
                lambda width: width > "0",
            )
            loaded = browser.run("return performance.getEntriesByType('resource').map((one) => one.name)")
            assert [one for one in loaded if not one.startswith((address, "data:", "blob:"))] == []
    finally:
        page.close()
