"""The pass file of a model that needs no special treatment: the graph is compiled as it is.

A pass file tells a compiling target (`sdaa`, `cpu`) how to prepare a graph. `use_passes(module)` returns the
module to compile. Optional names, read when float16 is compiled from a float32 graph: `need_convert`,
`skip_ops`, `convert_all`, `convert_judge`, `skip_input_name`, `normalized`, `specified_op_dtype_dict`.
"""

from __future__ import annotations

from typing import Any

need_convert = True


def use_passes(module: Any) -> Any:
    """The graph, unchanged."""
    return module
