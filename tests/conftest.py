"""What all tests share: the zoo's home is a temporary folder, so that no test reads or writes the user's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Where several processes share the tests, each keeps to its share of the cores: the threads of one do not spin
    while those of another work."""
    worker, count = os.environ.get("PYTEST_XDIST_WORKER", ""), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    cores = sorted(os.sched_getaffinity(0))
    if worker and count <= len(cores):
        os.sched_setaffinity(0, cores[int(worker.removeprefix("gw")) % count :: count])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share the tests, those of one model, or else of one file, stay together: what they have
    in common (an export, a data set) is then made once. The many short ones come last, so that no process
    waits long for another one at the end."""
    items.sort(key=lambda item: item.path.is_relative_to(ROOT / "tests/utils"))
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
            item.add_marker(pytest.mark.xdist_group(given.get("model_id") or item.nodeid.partition("::")[0]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """A pytest that pytest-xdist does not know would leave groups apart without a word, and make everything twice."""
    grouped = getattr(session.config.option, "loadgroup", False)
    if grouped and not all("@" in item.nodeid for item in session.items):
        raise pytest.UsageError("--dist loadgroup has no effect with these versions of pytest and pytest-xdist")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes by the argument's name: they may hold the time (gzip), and two processes must give a test one name."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def zoo_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """TECO_ZOO_HOME for this process and those that it starts."""
    folder = tmp_path_factory.mktemp("zoo_home")
    before = os.environ.get("TECO_ZOO_HOME")
    os.environ["TECO_ZOO_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["TECO_ZOO_HOME"]
    else:
        os.environ["TECO_ZOO_HOME"] = before


@pytest.fixture(scope="session", autouse=True)
def no_kernel() -> None:
    """Preprocessing's compiled kernel is not loaded in the midst of a test that happens to have many pictures."""
    from utils.preprocess.pytorch import classification
    from utils.preprocess.resampled import Loader

    classification.LOADER = Loader(sys.maxsize)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout that is tested."""
    return ROOT
