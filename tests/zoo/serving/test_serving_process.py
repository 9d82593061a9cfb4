"""`zoo serve` as a person starts it: two copies on Ray, one of them killed under load, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.manifest import Exported

DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"
THREE = (DEMOS / "digit_3.png").read_bytes()
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def served(lenet_export: Exported) -> Iterator[tuple[psutil.Process, str]]:
    """The process, and its address."""
    pytest.importorskip("ray.serve", reason="needs ray[serve]")
    command = [sys.executable, "-m", "zoo", "serve", "lenet", "--ckpt", str(lenet_export.dynamic), "--port", "0"]
    command += ["--replicas", "2", "--batch_size", "1", "--threads", "1"]
    environ = {**os.environ, "PYTHONPATH": str(catalogue.EXAMPLES.parent)}
    with subprocess.Popen(
        [*command, "--replicas", "2", "--batch_size", "1", "--threads", "1"],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        said = next((line for line in process.stdout if " answers at " in line), "")
        try:
            yield psutil.Process(process.pid), said.split()[-1]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def replicas(process: psutil.Process) -> list[psutil.Process]:
    return [one for one in process.children(recursive=True) if "ServeReplica" in " ".join(one.cmdline())]


def asked(address: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(address + path, body, headers)
    with OPENER.open(request, timeout=100) as answer:
        found: bytes = answer.read()
    return found


def rows(address: str) -> bytes:
    """What 500 rows give, which a replica takes one by one, for a good part of a second."""
    array = np.random.default_rng(0).normal(size=(500, 1, 32, 32)).astype(np.float32)
    one = {"name": "input", "datatype": "FP32", "shape": array.shape, "parameters": {"binary_data_size": array.nbytes}}
    head = json.dumps({"inputs": [one]}).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    return asked(address, "/v2/models/lenet/infer", head + array.tobytes(), length)


def counted(address: str) -> dict[str, str]:
    """What /metrics says."""
    with OPENER.open(f"{address}/metrics", timeout=100) as answer:
        lines = answer.read().decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line[0] != "#")


def one_killed(process: psutil.Process) -> psutil.Process:
    """One of two replicas, after it has stood still for a moment: what it had then, it does not answer."""
    before = replicas(process)
    assert len(before) == 2
    before[0].suspend()
    time.sleep(0.5)
    before[0].kill()
    return before[0]


@pytest.mark.timeout(600)
def test_a_replica_killed_under_load_loses_no_request(served: tuple[psutil.Process, str]) -> None:
    process, address = served
    said = json.loads(asked(address, "/predict", THREE, {}))
    assert said["results"][0]["said"].startswith("3")
    wanted = rows(address)
    found: list[Any] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                found.append(rows(address))
            except Exception as error:
                found.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    for _ in range(10):  # one that is between two requests holds none that could be lost
        killed = one_killed(process)
        count = len(found)
        while len(found) < count + 20 or len(replicas(process)) < 2 or killed in replicas(process):
            time.sleep(0.1)
        if float(counted(address)["zoo_retried_total"]):
            break
    stop.set()
    for thread in threads:
        thread.join()
    assert [one for one in found if one != wanted] == []
    after = counted(address)
    assert float(after["zoo_retried_total"]) > 0
    assert float(after['zoo_requests_total{route="/v2/models/{name}/infer",status="200"}']) == len(found) + 1


@pytest.mark.timeout(600)
def test_ctrl_c_leaves_no_process_and_no_file(served: tuple[psutil.Process, str]) -> None:
    process, address = served
    assert address.startswith("http://127.0.0.1:")
    started = process.children(recursive=True)
    (folder,) = {  # /tmp/zoo-…/session_…/sockets/raylet
        Path(word.partition("=")[2]).parents[2]
        for one in started
        for word in one.cmdline()
        if word.startswith("--raylet_socket_name=")
    }
    sockets = folder.exists()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(100) == 130
    assert [one for one in started if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert sockets
    assert not folder.exists()


def test_what_is_asked_for_wrongly_is_said(
    lenet_export: Exported, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = ["serve", "lenet", "--ckpt", str(lenet_export.dynamic), "--port", "0"]
    for more, sentence in (
        (["--target", "onnx,openvino"], "zoo serve opens one target"),
        (["--host", "192.0.2.1"], "192.0.2.1:0 cannot be served at"),
        (["--max_held", "1"], "--max_held 1 is less than one request"),
        (["--data_path", "x"], "requests bring their own"),
    ):
        assert zoo([*flags, *more]) == 2
        assert sentence in capsys.readouterr().err
    assert zoo([*flags[:2], "--ckpt", "nothing.onnx"]) == 2
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, "ray", None)
    assert zoo(flags) == 2
    assert 'pip install "ray[serve]>=2.40,<3"' in capsys.readouterr().err
    for wrong in (["--port", "99999"], ["--max_wait", "-1"], ["--replicas", "0"]):
        with pytest.raises(SystemExit):
            zoo([*flags, *wrong])
