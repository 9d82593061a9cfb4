"""Weights in 8 or 4 bits, by blocks: the file becomes small, and what is computed stays float32."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.backends.compiling.graph import inner_graphs
from engine.backends.compiling.onnx_file import read_onnx
from zoo.errors import ZooError
from zoo.exporting.graph import name_nodes

BITS = {"int8": 8, "int4": 4}
_BLOCK = 32  # weights that share a scale


class WeightRounder:
    """Rounds the constant matrices of a graph's MatMul and Gemm nodes, as ONNX Runtime's MatMulNBits takes them.

    Args:
        source: the float32 file.
        kind: one of BITS.

    Raises:
        ZooError: it has none, or the installed ONNX Runtime cannot do that.
    """

    def __init__(self, source: Path, kind: str):
        self._name, self._bits = source.name, BITS[kind]
        self._model = read_onnx(source)
        name_nodes(self._model.graph)
        _split_gemms(self._model.graph)
        constants = {tensor.name: len(tensor.dims) for tensor in self._model.graph.initializer}
        self._nodes = [
            node.name
            for node in self._model.graph.node
            if node.op_type == "MatMul" and constants.get(node.input[1]) == 2
        ]
        if not self._nodes:
            raise ZooError(
                f"{source.name} has no MatMul or Gemm with a constant matrix, whose weights could be rounded alone; "
                "give --to int8, which rounds convolutions too"
            )

    def nodes(self) -> dict[str, str]:
        """The MatMul nodes with a constant matrix; a Gemm counts as one, with an addition behind it."""
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


def _split_gemms(graph: Any) -> None:
    """Make a MatMul and an Add of each plain Gemm with a constant matrix, in place."""
    from onnx import helper, numpy_helper

    constants = {tensor.name: tensor for tensor in graph.initializer}
    made: list[Any] = []
    for node in graph.node:
        said = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        scaled = said.get("alpha", 1.0) != 1 or said.get("beta", 1.0) != 1 or said.get("transA", 0)
        if node.op_type != "Gemm" or scaled or node.input[1] not in constants:
            made.append(node)
            continue
        matrix = numpy_helper.to_array(constants[node.input[1]])
        name = f"{node.name}/matrix"
        graph.initializer.append(numpy_helper.from_array(matrix.T.copy() if said.get("transB", 0) else matrix, name))
        biased = len(node.input) > 2 and node.input[2]
        product = f"{node.name}/product" if biased else node.output[0]
        made.append(helper.make_node("MatMul", [node.input[0], name], [product], name=node.name))
        if biased:
            made.append(helper.make_node("Add", [product, node.input[2]], [node.output[0]], name=f"{node.name}/Add"))
    del graph.node[:]
    graph.node.extend(made)
    used = {name for node in graph.node for name in node.input} | {one.name for one in graph.output}
    for tensor in [one for one in graph.initializer if one.name not in used and not _has_branches(graph)]:
        graph.initializer.remove(tensor)


def _has_branches(graph: Any) -> bool:
    """Whether a node has a graph of its own, which may take a tensor of this one."""
    return any(True for node in graph.node for one in node.attribute for _ in inner_graphs(one))


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
