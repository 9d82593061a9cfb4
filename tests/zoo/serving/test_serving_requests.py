"""What a server answers: files, texts and tensors; broken requests of every kind; and its limits."""

from __future__ import annotations

import asyncio
import gc
import http.client
import io
import json
import socket
import struct
from collections.abc import Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zoo import catalogue
from zoo.serving.limits import Limits, RefusedError
from zoo.serving.uploads import uploads
from zoo.serving.worker import Answer, Upload, Worker

from .conftest import Server, locally, serving

DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"
THREE = (DEMOS / "digit_3.png").read_bytes()
INFER = "/v2/models/lenet/infer"
ROW = 32 * 32


def form(*files: tuple[str, bytes], boundary: str = "xyz") -> tuple[bytes, dict[str, str]]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'.encode() + content
        for name, content in files
    ]
    body = b"".join(part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def label(result: dict[str, Any]) -> str:
    return str(result["classes"][0]["label"])


def tensor(**changes: Any) -> dict[str, Any]:
    """A request of one row of zeros, with some of it changed."""
    one = {"name": "input", "datatype": "FP32", "shape": [1, 1, 32, 32], "data": [0.0] * ROW}
    kept = {name: value for name, value in {**one, **changes}.items() if value is not None}
    return {"inputs": [kept]}


def sent(**changes: Any) -> bytes:
    return json.dumps(tensor(**changes)).encode()


def test_the_body_is_a_file(server: Server) -> None:
    for headers in ({}, {"Content-Type": "image/png"}, {"Content-Type": "application/x-www-form-urlencoded"}):
        status, said = server.said("POST", "/predict?name=three.png", THREE, headers)
        assert (status, said["model"]) == (200, "classification/lenet")
        (result,) = said["results"]
        assert (label(result), result["id"], result["notice"]) == ("3", "three.png", "a notice")
    assert server.said("POST", "/predict", iter([THREE[:100], THREE[100:]]))[0] == 200  # chunked


def test_a_form_holds_several_files(server: Server) -> None:
    body, headers = form(
        ("a.png", THREE), ("../../b.png", b"no picture"), ("c.png", (DEMOS / "digit_7.png").read_bytes())
    )
    status, said = server.said("POST", "/predict", body, headers)
    assert status == 200
    one, bad, other = said["results"]
    assert (label(one), one["id"], label(other)) == ("3", "a.png", "7")
    assert bad.keys() == {"id", "error"}
    assert bad["id"] == "b.png"
    assert "/" not in bad["error"]


def test_requests_that_share_a_batch_get_what_they_get_alone(server: Server) -> None:
    pictures = [(DEMOS / f"digit_{number}.png").read_bytes() for number in range(10)] * 3
    alone = [server.said("POST", "/predict", one)[1]["results"] for one in pictures[:10]] * 3
    before = _batches(server)
    with ThreadPoolExecutor(10) as pool:
        together = list(pool.map(lambda one: server.said("POST", "/predict", one)[1]["results"], pictures))
    for found, wanted in zip(together, alone, strict=True):
        assert label(found[0]) == label(wanted[0])
        assert found[0]["classes"][0]["score"] == pytest.approx(wanted[0]["classes"][0]["score"], abs=1e-6)
    assert _batches(server) - before < len(pictures)


def _batches(server: Server) -> int:
    return int(float(_metric(server, "zoo_batch_rows_count")))


def _metric(server: Server, name: str) -> str:
    text = server.send("GET", "/metrics")[2].decode()
    return next(line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} "))


def test_the_server_says_what_it_is(server: Server) -> None:
    assert server.said("GET", "/v2")[1]["extensions"] == ["binary_tensor_data"]
    for path in ("/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready", "/v2/models/lenet/ready"):
        assert server.send("GET", path)[0] == 200
    said = server.said("GET", "/v2/models/lenet/versions/1")[1]
    assert said["inputs"] == [{"name": "input", "datatype": "FP32", "shape": [-1, 1, 32, 32]}]
    assert [one["name"] for one in said["outputs"]] == ["output"]
    said = server.said("GET", "/")[1]
    assert (said["model"], said["notice"]) == ("classification/lenet", "a notice")
    status, headers, content = server.send("GET", "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"# TYPE zoo_requests_total counter" in content
    assert b'zoo_requests_total{route="/v2",status="200"}' in content


def test_tensors_by_triton_s_client(server: Server, worker: Worker) -> None:
    triton = pytest.importorskip("tritonclient.http", reason="needs tritonclient[http]")
    client = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("lenet")
    assert client.get_model_metadata("lenet")["outputs"][0]["shape"] == [-1, 10]
    rows = np.random.default_rng(0).normal(size=(3, 1, 32, 32)).astype(np.float32)
    wanted = worker._runner([rows])
    for in_bytes in (True, False):
        for out_bytes in (True, False):
            given = triton.InferInput("input", [3, 1, 32, 32], "FP32")
            given.set_data_from_numpy(rows, binary_data=in_bytes)
            outputs = [triton.InferRequestedOutput("output", binary_data=out_bytes)]
            found = client.infer("lenet", [given], outputs=outputs, request_id="seven")
            assert found.get_response()["id"] == "seven"
            np.testing.assert_allclose(found.as_numpy("output"), wanted, rtol=0, atol=1e-5)
    found = client.infer("lenet", [given])
    np.testing.assert_allclose(found.as_numpy("output"), wanted, rtol=0, atol=1e-5)
    wrong = triton.InferInput("input", [1, 1, 8, 8], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 1, 8, 8), np.float32))
    with pytest.raises(triton.InferenceServerException, match=r"its shape is \[batch, 1, 32, 32\]"):
        client.infer("lenet", [wrong])
    client.close()
    del client
    gc.collect()  # it closes itself once more, which must not be left to another thread


def test_tensors_share_batches_and_large_ones_are_cut(server: Server, worker: Worker) -> None:
    rows = np.random.default_rng(1).normal(size=(20, 1, 32, 32)).astype(np.float32)
    wanted = worker._runner([rows])

    def ask(first: int, last: int) -> np.ndarray:
        shape = [last - first, 1, 32, 32]
        changes = {"data": None, "shape": shape, "parameters": {"binary_data_size": (last - first) * ROW * 4}}
        head = sent(**changes)
        headers = {"Inference-Header-Content-Length": str(len(head))}
        status, said = server.said("POST", INFER, head + rows[first:last].tobytes(), headers)
        assert status == 200
        return np.reshape(said["outputs"][0]["data"], said["outputs"][0]["shape"])

    pieces = [(0, 1), (1, 3), (3, 10), (10, 20), (0, 15)]
    with ThreadPoolExecutor(5) as pool:
        for (first, last), found in zip(pieces, pool.map(lambda piece: ask(*piece), pieces), strict=True):
            np.testing.assert_allclose(found, wanted[first:last], rtol=0, atol=1e-5)


def picture(size: tuple[int, int]) -> bytes:
    content = io.BytesIO()
    Image.new("L", size).save(content, "PNG")
    return content.getvalue()


HEAD = {"Inference-Header-Content-Length": "10"}
DEEP = b'{"inputs": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
BROKEN: list[tuple[int, str, str, str, bytes, dict[str, str]]] = [
    (404, "there is no /nothing", "GET", "/nothing", b"", {}),
    (404, "there is no /v2/models/lenet/config", "GET", "/v2/models/lenet/config", b"", {}),
    (404, "the model is lenet, version 1; got 'other'", "POST", "/v2/models/other/infer", sent(), {}),
    (404, "version '2'", "POST", "/v2/models/lenet/versions/2/infer", sent(), {}),
    (405, "/predict does not take GET", "GET", "/predict", b"", {}),
    (405, "/v2 does not take POST", "POST", "/v2", b"{}", {}),
    (400, "the request is empty", "POST", "/predict", b"", {}),
    (400, "this is not an image", "POST", "/predict", b"no picture", {}),
    (400, "damaged or incomplete", "POST", "/predict", THREE[: len(THREE) // 2], {}),
    (400, "this is not an image", "POST", "/predict?name=../../etc/passwd", b"\0" * 1000, {}),
    (400, "needs a boundary", "POST", "/predict", b"x", {"Content-Type": "multipart/form-data"}),
    (400, "is cut off, or", "POST", "/predict", form(("a.png", THREE))[0][:-20], form()[1]),
    (400, "its boundary is not", "POST", "/predict", form(("a.png", THREE), boundary="q")[0], form()[1]),
    (400, "the form has no file", "POST", "/predict", *form()),
    (400, "'a.png' of the form is empty", "POST", "/predict", *form(("a.png", b""))),
    (400, "has no filename", "POST", "/predict", b"--xyz\r\n\r\nhello\r\n--xyz--", form()[1]),
    (413, "holds more than 4 samples", "POST", "/predict", *form(*[("a.png", THREE)] * 5)),
    (413, "at most 65536 are taken", "POST", "/predict", b"x" * 70_000, {}),
    (400, "this is no JSON", "POST", INFER, b"{", {}),
    (400, "this is no JSON", "POST", INFER, b"", {}),
    (400, "the JSON is not UTF-8", "POST", INFER, b'{"id": "\xff"}', {}),
    (400, "nested too deeply", "POST", INFER, DEEP, {}),
    (400, "a JSON object with inputs, got list", "POST", INFER, b"[]", {}),
    (400, "inputs is a list of tensors (input), got None", "POST", INFER, b"{}", {}),
    (400, "missing: input", "POST", INFER, b'{"inputs": []}', {}),
    (400, "each once; got 'x'", "POST", INFER, sent(name="x"), {}),
    (400, "the request has no 'sequence'", "POST", INFER, b'{"inputs": [], "sequence": 1}', {}),
    (400, "id is a string", "POST", INFER, b'{"inputs": [], "id": 1}', {}),
    (400, "its datatype is FP32, got 'FP64'", "POST", INFER, sent(datatype="FP64"), {}),
    (400, "its datatype is FP32, got None", "POST", INFER, sent(datatype=None), {}),
    (400, "its shape is [batch, 1, 32, 32]", "POST", INFER, sent(shape=[1, 3, 32, 32]), {}),
    (400, "its shape is", "POST", INFER, sent(shape=[0, 1, 32, 32], data=[]), {}),
    (400, "its shape is", "POST", INFER, sent(shape=[1 << 40, 1, 32, 32]), {}),
    (400, "its shape is", "POST", INFER, sent(shape="1,1,32,32"), {}),
    (400, "data is a list of 1024 here", "POST", INFER, sent(data=[0.0] * 5), {}),
    (400, "data is a list of 1 here", "POST", INFER, sent(data=[[0.0], [0.0]]), {}),
    (400, "values of FP32, got 'x'", "POST", INFER, sent(data=["x"] * ROW), {}),
    (400, "values of FP32, got None", "POST", INFER, sent(data=[None] * ROW), {}),
    (400, "NaN is no number of JSON", "POST", INFER, sent(data=[float("nan")] * ROW), {}),
    (400, "is beyond FP32", "POST", INFER, sent(data=[1e39] * ROW), {}),
    (400, "is beyond FP32", "POST", INFER, sent(data=[10**400, *[0] * (ROW - 1)]), {}),
    (400, "has either data, or", "POST", INFER, sent(data=None), {}),
    (400, "has either data, or", "POST", INFER, sent(parameters={"binary_data_size": ROW * 4}), {}),
    (400, "0 bytes are left", "POST", INFER, sent(data=None, parameters={"binary_data_size": ROW * 4}), {}),
    (400, "has 4096 bytes; binary_data_size is -1", "POST", INFER,
     sent(data=None, parameters={"binary_data_size": -1}), {}),
    (400, "'shared_memory_region' is not", "POST", INFER, sent(parameters={"shared_memory_region": "r"}), {}),
    (400, "parameters is an object", "POST", INFER, sent(parameters=[1]), {}),
    (400, "this is no JSON", "POST", INFER, sent(), HEAD),
    (400, "is a number up to the", "POST", INFER, sent(), {"Inference-Header-Content-Length": "99999"}),
    (400, "is a number up to the", "POST", INFER, sent(), {"Inference-Header-Content-Length": "-5"}),
    (400, "3 bytes behind the JSON", "POST", INFER, sent() + b"abc",
     {"Inference-Header-Content-Length": str(len(sent()))}),
    (400, "the outputs are output", "POST", INFER, json.dumps(tensor() | {"outputs": [{"name": "x"}]}).encode(), {}),
    (400, "'classification' is not", "POST", INFER,
     json.dumps(tensor() | {"outputs": [{"name": "output", "parameters": {"classification": 3}}]}).encode(), {}),
    (415, "without Content-Encoding; got 'gzip'", "POST", INFER, sent(), {"Content-Encoding": "gzip"}),
]  # fmt: skip


def test_broken_requests_change_nothing(server: Server) -> None:
    """Each is refused with a sentence, with good ones beside them, which are answered as ever."""
    assert len(BROKEN) >= 30
    (wanted,) = server.said("POST", "/predict", THREE)[1]["results"]
    with ThreadPoolExecutor(4) as pool:
        good = [pool.submit(server.said, "POST", "/predict", THREE) for _ in range(40)]
        replies = list(pool.map(lambda one: (one, server.said(*one[2:])), BROKEN))
        for one in good:
            status, said = one.result()
            assert (status, label(said["results"][0])) == (200, label(wanted))
    for (status, sentence, *request), reply in replies:
        assert reply[0] == status, (request[:2], reply)
        assert list(reply[1]) == ["error"]
        assert sentence in reply[1]["error"], (request[:2], reply)
        assert "/tmp" not in reply[1]["error"]
    assert (server.service._gate.inside, server.service._gate.held) == (0, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\nabcd",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nand then nothing",
        struct.pack("<100I", *range(100)),
    ],
    ids=["tls", "half", "version", "negative", "chunk", "cut", "noise"],
)
def test_what_is_no_http_ends_its_own_connection_only(server: Server, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)
    assert server.said("POST", "/predict", THREE)[0] == 200
    assert server.service._gate.inside == 0


def test_a_chunked_body_is_held_to_the_limit_too(server: Server) -> None:
    status, said = server.said("POST", "/predict", iter([b"x" * 1000] * 70))
    assert (status, said["error"]) == (413, "the request has more than the 65536 bytes that are taken")


class Held:
    """Holds each batch until it is let go."""

    def __init__(self, worker: Worker):
        self._run = locally(worker)
        self.let_go = asyncio.Event()

    async def __call__(self, kind: Hashable, requests: Sequence[Any]) -> Sequence[Answer]:
        await self.let_go.wait()
        return await self._run(kind, requests)


def test_a_full_queue_refuses_at_once_and_time_is_bounded(worker: Worker) -> None:
    held = Held(worker)
    with serving(held, worker.described, Limits(batch_size=1, queue=4, seconds=1)) as server:
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: server.send("POST", "/predict", THREE), range(8)))
        statuses = sorted(status for status, _, _ in replies)
        assert statuses == [503] * 4 + [504] * 4
        for status, headers, content in replies:
            assert ("retry-after" in headers) == (status == 503)
            assert ("the queue is full" if status == 503 else "no answer within 1 s") in json.loads(content)["error"]
        assert (server.service._gate.inside, len(server.service._batches._waiting)) == (0, 0)


def test_the_bytes_of_all_requests_are_bounded(worker: Worker) -> None:
    held = Held(worker)
    limits = Limits(batch_size=1, queue=100, seconds=1, body=len(THREE) + 10, held=3 * len(THREE))
    with serving(held, worker.described, limits) as server, ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(lambda _: server.send("POST", "/predict", THREE)[0], range(6)))
    assert statuses == [503] * 3 + [504] * 3


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_allowed(worker: Worker) -> None:
    with serving(locally(worker), worker.described, Limits(seconds=0.5)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.putrequest("POST", "/predict")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"a few bytes")
        answer = connection.getresponse()
        assert answer.status == 504
        connection.close()
        assert server.said("POST", "/predict", THREE)[0] == 200


def _typed(sent: tuple[bytes, dict[str, str]]) -> tuple[bytes, str]:
    return sent[0], sent[1]["Content-Type"]


def test_texts_come_plain_as_json_or_in_a_form() -> None:
    """Of a network that takes text; one that does not is given all of them as files."""
    said = json.dumps({"texts": ["good", "bad"]}).encode()
    assert uploads(said, "application/json; charset=utf-8", "", True) == [Upload("good"), Upload("bad")]
    assert uploads(b'{"text": "good"}', "application/json", "", True) == [Upload("good")]
    assert uploads("gut – böse".encode(), "text/plain", "", True) == [Upload("gut – böse")]
    assert uploads(b"\xff", "text/plain", "a.txt", True) == [Upload(b"\xff", "a.txt")]
    assert uploads(said, "application/json", "", False) == [Upload(said)]
    assert uploads(*_typed(form(("..\\b.txt", b"x\r\n--xy\r\n"))), "", True)[0] == Upload(b"x\r\n--xy\r\n", "b.txt")
    for wrong in (b"{}", b'{"text": 1}', b'{"texts": []}', b'{"texts": ["a"], "b": 1}', b'["a"]', b'"a"', b"a"):
        with pytest.raises(RefusedError):
            uploads(wrong, "application/json", "", True)
    with pytest.raises(RefusedError, match=r"the text is not UTF-8 \(byte 0xff\)"):
        uploads(b"\xff", "text/plain", "", True)
