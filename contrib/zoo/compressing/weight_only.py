"""Weights in 8 or 4 bits, by blocks: the file becomes small, and what is computed stays float32."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.backends.compiling.onnx_file import read_onnx
from zoo.errors import ZooError

BITS = {"int8": 8, "int4": 4}
_BLOCK = 32  # weights that share a scale


class WeightRounder:
    """Rounds the constant matrices of a graph's MatMul nodes, as ONNX Runtime's MatMulNBits takes them.

    Args:
        source: the float32 file.
        kind: one of BITS.

    Raises:
        ZooError: it has none, or the installed ONNX Runtime cannot do that.
    """

    def __init__(self, source: Path, kind: str):
        self._name, self._bits = source.name, BITS[kind]
        self._model = read_onnx(source)
        constants = {tensor.name: len(tensor.dims) for tensor in self._model.graph.initializer}
        names: set[str] = set()
        for number, node in enumerate(self._model.graph.node):
            if not node.name or node.name in names:
                node.name = f"{node.op_type}_{number}"
            names.add(node.name)
        self._nodes = [
            node.name
            for node in self._model.graph.node
            if node.op_type == "MatMul" and constants.get(node.input[1]) == 2
        ]
        if not self._nodes:
            raise ZooError(
                f"{source.name} has no MatMul with a constant matrix, whose weights could be rounded alone; give "
                "--to int8, which rounds convolutions too"
            )

    def nodes(self) -> dict[str, str]:
        """The MatMul nodes with a constant matrix."""
        return dict.fromkeys(self._nodes, "MatMul")

    def kept(self, nodes: Sequence[str]) -> set[str]:
        """These themselves: the weights of one do not depend on another's."""
        return {*nodes}

    def write(self, path: Path, keep: Sequence[str] = ()) -> None:
        """The file, but for the matrices of the nodes in `keep`. Raises ZooError."""
        import onnx

        rounded = _quantizer(copy.deepcopy(self._model), self._bits, keep)
        try:
            rounded.process()
        except Exception as error:
            # it raises whatever its parts do; all of them mean that these matrices cannot be rounded
            raise ZooError(f"the weights of {self._name} cannot be rounded to {self._bits} bits: {error}") from error
        onnx.save(rounded.model.model, path)

    def write_float32(self, path: Path) -> None:
        """The graph as it is."""
        import onnx

        onnx.save(self._model, path)

    def facts(self) -> dict[str, str]:
        """For the manifest."""
        return {"weights": f"matrices in {self._bits} bits, a scale for {_BLOCK} weights (target onnx only)"}


def _quantizer(model: Any, bits: int, keep: Sequence[str]) -> Any:
    """ONNX Runtime's own. Raises ZooError where it has none, or none for so many bits."""
    try:
        from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

        config = DefaultWeightOnlyQuantConfig(block_size=_BLOCK, is_symmetric=True, bits=bits)
    except (ImportError, TypeError) as error:
        raise ZooError(
            f"the installed onnxruntime does not round weights alone to {bits} bits ({error}); install a newer one "
            "(pip install -U onnxruntime)"
        ) from error
    return MatMulNBitsQuantizer(model, nodes_to_exclude=[*keep], algo_config=config)
