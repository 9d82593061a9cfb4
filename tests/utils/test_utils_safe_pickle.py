"""Pickles of arrays are read, and nothing else that a pickle can do happens."""

import collections
import io
import pickle
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.safe_pickle import read_arrays
from zoo_core.errors import DataError

CONTENTS: list[Any] = [
    {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": [1, 2.5, "word", None, True], "c": (np.int64(3),)},
    collections.OrderedDict(w=np.zeros((0, 4), np.float16)),
    collections.defaultdict(list, {1: [2, 3], 2: [1]}),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(4, dtype=">i4"),
    np.array(7.5),
    [np.array([True, False]), np.array([1 + 2j])],
]


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return np.array_equal(one, other) and np.asarray(one).dtype == np.asarray(other).dtype.newbyteorder("=")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: type(content).__name__)
def test_arrays_in_plain_containers(tmp_path: Path, protocol: int, content: Any) -> None:
    (tmp_path / "a").write_bytes(pickle.dumps(content, protocol))
    assert same(read_arrays(tmp_path / "a"), content)


def test_what_stands_there_twice_is_one(tmp_path: Path) -> None:
    array = np.arange(3)
    (tmp_path / "a").write_bytes(pickle.dumps([array, array]))
    one, other = read_arrays(tmp_path / "a")
    assert one is other


class Called:
    """Pickled as a call of any function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> Any:
        return self._call


class Raw(pickle._Pickler):  # type: ignore[name-defined]
    """Writes names that need not exist."""

    def named(self, module: str, name: str) -> None:
        self.write(b"c" + f"{module}\n{name}\n".encode())


def crafted(*steps: Any) -> bytes:
    """A pickle by hand: bytes as they are, a pair of texts as a name, a list as an object."""
    buffer = io.BytesIO()
    pickler = Raw(buffer, 2)
    buffer.write(b"\x80\x02")
    for step in steps:
        if isinstance(step, bytes):
            buffer.write(step)
        elif isinstance(step, tuple):
            pickler.named(*step)
        else:
            pickler.save(step[0])
    return buffer.getvalue() + b"."


DTYPE, RECONSTRUCT = ("numpy", "dtype"), ("numpy.core.multiarray", "_reconstruct")
FIELDS = [(3, "|", None, ("a",), {"a": (0, 0)}, 8, 8, 63)]


def array_of(dtype: bytes, shape: Any, raw: bytes) -> bytes:
    """An array whose dtype is what the instructions `dtype` put on the stack."""
    start = crafted(RECONSTRUCT, ("numpy", "ndarray"), [(0,)], [b"b"], b"\x87R")[:-1]
    state = b"(" + crafted([1], [shape])[2:-1] + dtype + crafted([False], [raw])[2:-1] + b"t"
    return start + state + b"b."


def dtype_of(text: str, state: Any = None) -> bytes:
    made = crafted(DTYPE, [text], b"\x85R")[2:-1]
    return made if state is None else made + crafted([state], b"b")[2:-1]


HOSTILE = {
    "a call": pickle.dumps(Called(print, "a pickle ran this")),
    "a call of numpy": pickle.dumps(Called(np.zeros, 10**9)),
    "an array of objects": pickle.dumps(np.array([print, None], object)),
    "an array of texts": pickle.dumps(np.array(["a"])),
    "a record": pickle.dumps(np.zeros(2, [("a", "<i8")])),
    "a dtype of objects": array_of(dtype_of("O8"), (1,), bytes(8)),
    "a number that becomes an object": array_of(dtype_of("i8", FIELDS[0]), (1,), b"\x41" * 8),
    "a field of objects": array_of(dtype_of("V8", (3, "|", None, ("a",), {"a": ("O", 0)}, 8, 8, 63)), (1,), bytes(8)),
    "a subarray": array_of(dtype_of("f8", (3, "|", ("f8", (2,)), None, None, 8, 8, 0)), (1,), bytes(8)),
    "more elements than bytes": array_of(dtype_of("f8"), (10**12,), bytes(8)),
    "a negative size": array_of(dtype_of("f8"), (-1, -1), bytes(8)),
    "too many dimensions": array_of(dtype_of("f8"), (1,) * 40, bytes(8)),
    "a size that is a text": array_of(dtype_of("f8"), ("1",), bytes(8)),
    "no content": crafted(RECONSTRUCT, ("numpy", "ndarray"), [(0,)], [b"b"], b"\x87R"),
    "a huge note": b"\x80\x02]r\xff\xff\xff\x7f.",
    "a huge note as text": b"]p2147483647\n.",
    "bytes of 8 GiB": b"\x80\x04\x8e" + (8 << 30).to_bytes(8, "little") + b".",
    "a text of 4 GiB": b"\x80\x02X\xff\xff\xff\xff.",
    "a frame of 8 GiB": b"\x80\x04\x95" + (8 << 30).to_bytes(8, "little") + b"N.",
    "bytes() of 8 GiB": crafted(("builtins", "bytes"), [8 << 30], b"\x85R"),
    "bytearray() of 8 GiB": crafted(("builtins", "bytearray"), [8 << 30], b"\x85R"),
    "a list of what is no sequence": crafted(("builtins", "list"), [5], b"\x85R"),
    "attributes of a function": crafted(DTYPE, [{"__call__": 1}], b"b"),
    "attributes of a class": crafted(("collections", "OrderedDict"), [{"items": 1}], b"b"),
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent name": b"\x80\x02Pname\n.",
    "a list that holds itself deeply": b"(" * 1_000_000 + b"t" * 1_000_000 + b".",
    "a class": crafted(("numpy", "ndarray")),
    "an object": crafted(("builtins", "object"), b")R"),
    "a wrong instruction": b"\x80\x02\xfe.",
    "no end": b"\x80\x02K\x01",
    "nothing": b"",
    "an array as a key": crafted([{}], RECONSTRUCT, ("numpy", "ndarray"), [(0,)], [b"b"], b"\x87R", [1], b"s"),
    "another encoding": crafted(("_codecs", "encode"), ["a"], ["zip"], b"\x86R"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pickle_is_refused_with_a_sentence(tmp_path: Path, capfd: Any, name: str) -> None:
    (tmp_path / "hostile").write_bytes(HOSTILE[name])
    with pytest.raises(DataError, match=r"hostile: this is no pickle of arrays, or it is damaged: ."):
        read_arrays(tmp_path / "hostile")
    assert capfd.readouterr() == ("", "")


def test_they_take_no_memory(tmp_path: Path) -> None:
    """All of them, in a process that may have 400 MB more than the imports take."""
    paths = []
    for number, content in enumerate(HOSTILE.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    job = """
import resource, sys
from utils.safe_pickle import read_arrays
from zoo_core.errors import DataError
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (400 << 20),) * 2)
for path in sys.argv[1:]:
    try:
        read_arrays(path)
    except DataError as error:
        assert "MemoryError" not in repr(error.__cause__), path
"""
    done = subprocess.run([sys.executable, "-c", job, *map(str, paths)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_lists_of_the_same_list_do_not_grow(tmp_path: Path) -> None:
    lists: Any = [1]
    for _ in range(60):
        lists = [lists, lists]
    (tmp_path / "a").write_bytes(pickle.dumps(lists))
    found = read_arrays(tmp_path / "a")
    assert found[0] is found[1]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing: cannot be read: No such file"):
        read_arrays(tmp_path / "missing")


def often(head: bytes, again: bytes, times: int = 4000) -> bytes:
    """A pickle in which one thing of a megabyte is asked for again and again; `head` notes it as number 0."""
    return b"\x80\x02" + head + b"0](" + again * times + b"e."


BIG = b"X" + (1 << 20).to_bytes(4, "little") + b"x" * (1 << 20)
AGAIN = {
    "bytes": often(BIG + b"q\x000c_codecs\nencode\nq\x01", b"h\x01h\x00\x85R"),
    "a list": often(b"](" + b"N" * (1 << 20) + b"eq\x000cbuiltins\nlist\nq\x01", b"h\x01h\x00\x85R"),
    "a tuple": often(b"](" + b"N" * (1 << 20) + b"eq\x000cbuiltins\ntuple\nq\x01", b"h\x01h\x00\x85R"),
    "a new tuple": often(b"](" + b"N" * (1 << 20) + b"eq\x000cbuiltins\ntuple\nq\x01", b"h\x01h\x00\x85\x81"),
    "a dict": often(
        b"}(" + b"".join(b"J" + n.to_bytes(4, "little") + b"N" for n in range(100_000)) + b"uq\x00"
        b"0ccollections\nOrderedDict\nq\x01",
        b"h\x01h\x00\x85R",
    ),
    "an array of texts": often(
        BIG + b"q\x000cnumpy\ndtype\n\x8c\x02u1\x85Rq\x010cnumpy._core.multiarray\n_reconstruct\nq\x02",
        b"h\x02)R(K\x01J\x00\x00\x10\x00\x85h\x01\x89h\x00tb",
    ),
    "an array of another order": often(
        BIG + b"q\x000c_codecs\nencode\nh\x00\x85Rq\x030cnumpy\ndtype\n\x8c\x03>i4\x85Rq\x01"
        b"0cnumpy._core.multiarray\n_reconstruct\nq\x02",
        b"h\x02)R(K\x01J\x00\x00\x04\x00\x85h\x01\x89h\x03tb",
    ),
}


@pytest.mark.parametrize("content", AGAIN.values(), ids=AGAIN)
def test_what_is_asked_for_again_and_again_takes_no_memory(tmp_path: Path, content: bytes) -> None:
    """4,000 copies of a megabyte: a process that may have 2 GB more than it starts with refuses."""
    (tmp_path / "a").write_bytes(content)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (2 << 30), limits[1]))
    try:
        with pytest.raises(DataError, match=r"so often that it takes far more|no function of an array|must be a type"):
            read_arrays(tmp_path / "a")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_what_describes_itself_ever_longer_is_told_shortly(tmp_path: Path) -> None:
    """A shape of tuples of tuples, two of each: written out, it would have a billion letters."""
    shape = b")" + b"q\x05h\x05\x86" * 40
    state = b"(K\x01" + shape + b"h\x01\x89C\x00tb."
    dtype = b"cnumpy\ndtype\n\x8c\x02u1\x85Rq\x010"
    (tmp_path / "a").write_bytes(b"\x80\x04" + dtype + b"cnumpy._core.multiarray\n_reconstruct\n)R" + state)
    with pytest.raises(DataError, match="of the shape") as error:
        read_arrays(tmp_path / "a")
    assert len(str(error.value)) < 1000


def test_numbered_dicts_of_python_2_are_read(tmp_path: Path) -> None:
    """It writes an OrderedDict as a call with a list of pairs."""
    content = b"ccollections\nOrderedDict\n((lp0\n(lp1\nVa\naI1\naa(lp2\nVb\naI2\naatR."
    (tmp_path / "a").write_bytes(content)
    assert read_arrays(tmp_path / "a") == {"a": 1, "b": 2}
