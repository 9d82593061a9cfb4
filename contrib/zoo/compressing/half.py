"""float16, with any nodes in float32: what a graphics card or an accelerator computes fastest, where it is enough."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from engine.backends.compiling.onnx_file import read_onnx
from zoo.errors import ZooError
from zoo.exporting.graph import in_float16, name_nodes


class HalfRounder:
    """Gives any number of float16 files of a float32 file. Inputs and outputs are float16 in all of them.

    Args:
        source: the float32 file.
    """

    def __init__(self, source: Path):
        self._name = source.name
        self._model = read_onnx(source)
        name_nodes(self._model.graph)

    def nodes(self) -> dict[str, str]:
        """The operators of the nodes that are converted, by the nodes' names, in the order of the graph."""
        from onnxconverter_common.float16 import DEFAULT_OP_BLOCK_LIST

        never = {*DEFAULT_OP_BLOCK_LIST, "Constant"}
        return {node.name: node.op_type for node in self._model.graph.node if node.op_type not in never}

    def kept(self, nodes: Sequence[str]) -> set[str]:
        """These themselves: what is between two nodes in float16 does not depend on a third."""
        return {*nodes}

    def write(self, path: Path, keep: Sequence[str] = ()) -> None:
        """The file, but for the nodes in `keep`. Raises ZooError."""
        import onnx

        try:
            made = in_float16(copy.deepcopy(self._model), keep)
        except Exception as error:
            # the converter raises whatever its parts do; all of them mean that this graph cannot be converted
            raise ZooError(f"{self._name} cannot be converted to float16: {error}") from error
        onnx.save(made, path)

    def write_float32(self, path: Path) -> None:
        """The graph as it is."""
        import onnx

        onnx.save(self._model, path)

    def facts(self) -> dict[str, str]:
        """For the manifest."""
        return {"precision": "float16, but for the nodes of in_float32"}
