"""Chromium, driven by the few commands of the WebDriver protocol that tests need."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Browser:
    """Just enough of the WebDriver protocol: open a page, run a script in it."""

    def __init__(self, port: int, profile: Path):
        self.base = f"http://127.0.0.1:{port}"
        flags = (
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
            f"--disable-component-update --disable-sync --lang=en --user-data-dir={profile}"
        )
        options = {"goog:chromeOptions": {"args": flags.split()}}
        self.session = self.post("/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]

    def post(self, path: str, value: dict[str, Any]) -> Any:
        request = urllib.request.Request(self.base + path, json.dumps(value).encode(), method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def show(self, path: Path, text: str, width: int = 1280) -> None:
        """Write a page and open it in a window of so many pixels."""
        path.write_text(text, encoding="utf-8")
        self.post(
            f"/session/{self.session}/goog/cdp/execute",
            {
                "cmd": "Emulation.setDeviceMetricsOverride",
                "params": {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
            },
        )
        self.post(f"/session/{self.session}/url", {"url": path.as_uri()})

    def run(self, script: str) -> Any:
        return self.post(f"/session/{self.session}/execute/sync", {"script": script, "args": []})

    def set(self, control: str, value: str) -> None:
        self.run(
            f"const one = document.getElementById('{control}'); one.value = '{value}'; "
            "one.dispatchEvent(new Event('input'))"
        )

    def shown(self) -> list[str]:
        return self.run(
            "return [...document.querySelectorAll('article:not([hidden]) h2')].map((one) => one.textContent)"
        )


@contextmanager
def opened(home: Path) -> Iterator[Browser]:
    """A browser that keeps its files in `home`; the test is skipped where there is none."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("needs Chromium and its driver (Debian: chromium, chromium-driver)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, env={**os.environ, "HOME": str(home)}
    ) as process:
        try:
            _wait_for(port)
            made = Browser(port, home / "profile")
            yield made
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                urllib.request.Request(f"{made.base}/session/{made.session}", method="DELETE"), timeout=60
            )
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("chromedriver does not listen")
