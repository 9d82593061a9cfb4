"""Files of weights of other programs for the fuzzer, written as the tests of their readers write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.fuzz.loader import Loader
from tests.fuzz.mutate import BINARY


def _write_npz(folder: Path) -> None:
    np.savez(folder / "a.npz", one=np.arange(6.0).reshape(2, 3), two=np.arange(3))
    np.savez_compressed(folder / "b.npz", one=np.zeros((50, 50), np.float32))


def _read_npz(folder: Path) -> None:
    from utils.npz_file import read_npz

    for name in ("a.npz", "b.npz"):
        read_npz(folder / name)


def _write_hdf5(folder: Path) -> None:
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        file["dense/dense_W"] = np.arange(6, dtype=np.float32).reshape(2, 3)
        file["dense/dense_b"] = np.zeros(3, np.float32)


def _read_hdf5(folder: Path) -> None:
    from utils.keras_h5 import read_weights

    read_weights(folder / "a.h5")


def _write_darknet(folder: Path) -> None:
    from tests.utils.test_utils_darknet import written

    written(folder / "a.weights", np.arange(4 * 4 + 4 * 27, dtype=np.float32))


def _read_darknet(folder: Path) -> None:
    from utils.darknet_file import Layer, read_darknet

    read_darknet(folder / "a.weights", [Layer("one", (4, 3, 3, 3), "norm")])


def _write_variables(folder: Path) -> None:
    from tests.utils.test_utils_tensorflow_checkpoint import saved

    saved(folder)


def _read_variables(folder: Path) -> None:
    from utils.tensorflow_checkpoint import read_variables

    read_variables(folder / "a.index", folder / "a.data")


def _write_graph(folder: Path) -> None:
    from tests.utils.test_utils_tensorflow_graph import node, tensor

    weights = tensor(np.arange(6, dtype=np.float32).tobytes(), (2, 3))
    (folder / "a.pb").write_bytes(node("a", "Const", weights) + node("b", "Identity", weights))


def _read_graph(folder: Path) -> None:
    from utils.tensorflow_graph import read_constants

    read_constants(folder / "a.pb")


def _write_tensors(folder: Path) -> None:
    from tests.utils.test_utils_ctranslate2 import SMALL, file_of

    (folder / "model.bin").write_bytes(file_of(SMALL, {"b/weight": "a/weight"}))


def _read_tensors(folder: Path) -> None:
    from utils.ctranslate2_file import read_tensors

    read_tensors(folder / "model.bin")


WEIGHT_FILES: dict[str, Loader] = {
    "npz": Loader(_write_npz, ("a.npz", "b.npz"), BINARY, _read_npz),
    "hdf5": Loader(_write_hdf5, ("a.h5",), BINARY, _read_hdf5),
    "darknet": Loader(_write_darknet, ("a.weights",), BINARY, _read_darknet),
    "tensorflow variables": Loader(_write_variables, ("a.index", "a.data"), BINARY, _read_variables),
    "tensorflow graph": Loader(_write_graph, ("a.pb",), BINARY, _read_graph),
    "ctranslate2": Loader(_write_tensors, ("model.bin",), BINARY, _read_tensors),
}
