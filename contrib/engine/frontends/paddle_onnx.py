"""A `paddle.nn.Layer` to ONNX, by paddle2onnx in a process of its own.

paddle2onnx ends the process that calls it when it meets an operator that it does not know, and
`paddle.onnx.export` may install packages by itself. Neither can happen to the caller here.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..backends.paddle import import_paddle
from ..errors import ExportError
from .paddle_names import name_nodes, sublayers_watched

# optimize_tool "None": paddle2onnx's own folding lifts the IR version, which is all that it wants an old onnx for, and
# calls polygraphy, which installs packages by itself. Without it any onnx will do; `zoo export` folds with onnxsim.
_CONVERT = """
import sys, paddle2onnx
model, params, out, opset = sys.argv[1:]
paddle2onnx.export(model, params, out, opset_version=int(opset), auto_upgrade_opset=False, optimize_tool="None")
"""


def export_layer(layer: Any, input_spec: Sequence[Any], path: Path, *, opset: int = 17) -> None:
    """Write `layer` to `path`, its nodes named after its sublayers.

    `input_spec` holds paddle.static.InputSpec, -1 where a dimension is dynamic.

    Raises ExportError with what paddle or paddle2onnx said, or where paddle2onnx is not there.
    """
    paddle = import_paddle()
    if importlib.util.find_spec("paddle2onnx") is None:
        raise ExportError(
            "a network of Paddle becomes ONNX by paddle2onnx, which is not installed: pip install paddle2onnx, on "
            "Python 3.10 to 3.12 (there is none for 3.13)"
        )
    with tempfile.TemporaryDirectory(prefix="paddle2onnx-") as folder:
        stem = Path(folder) / "model"
        try:
            with sublayers_watched(layer) as made:
                paddle.jit.save(layer, str(stem), input_spec=list(input_spec))
        except Exception as error:
            # tracing runs the layer's own code, which may raise anything
            raise ExportError(
                f"{type(layer).__name__} cannot be made static: {str(error).strip().splitlines()[-1]}"
            ) from error
        model = next(file for file in (stem.with_suffix(".json"), stem.with_suffix(".pdmodel")) if file.exists())
        _convert(model, stem.with_suffix(".pdiparams"), path, opset)
        leave_out_empty(path)
        name_nodes(path, made, _owners(layer))


def leave_out_empty(path: Path) -> None:
    """Leave out of an ONNX file, in place, what paddle2onnx gives a Resize as an empty tensor: the part of the picture,
    and the scales where sizes are said. ONNX Runtime takes them, but not what they become in float16."""
    import onnx

    model = onnx.load(path)
    empty = {
        node.output[0]
        for node in model.graph.node
        if node.op_type == "Constant" and any(one.name == "value" and list(one.t.dims) == [0] for one in node.attribute)
    }
    changed = False
    for node in model.graph.node:
        for place in (1, 2) if node.op_type == "Resize" else ():
            if place < len(node.input) and node.input[place] in empty:
                node.input[place], changed = "", True
    if changed:
        onnx.save(model, path)


def _owners(layer: Any) -> dict[str, str]:
    """The sublayer of each parameter, by the parameter's name within the program."""
    state = {**dict(layer.named_parameters()), **dict(layer.named_buffers())}
    return {value.name: name.rpartition(".")[0] for name, value in state.items()}


def _convert(model: Path, params: Path, path: Path, opset: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CONVERT, str(model), str(params), str(path), str(opset)],
        env=os.environ | {"POLYGRAPHY_AUTOINSTALL_DEPS": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0 or not path.is_file() or path.stat().st_size == 0:
        path.unlink(missing_ok=True)
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise ExportError(
            f"paddle2onnx ended with code {done.returncode} and no usable file (opset {opset}). Its last words:\n"
            + "\n".join(said[-8:])
        )
