"""float16 and int8 files of a part, with any nodes kept in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from zoo import frameworks
from zoo.errors import ZooError
from zoo.exporting.graph import write_float16
from zoo.manifest import manifest_path, require_vouched
from zoo.model import Part
from zoo.running.engines import framework_runner
from zoo.running.setting import Setting

DTYPES = ("float16", "int8")
Write = Callable[[Sequence[str], Path], None]


def plain(setting: Setting) -> Setting:
    """ONNX Runtime on the float32 files of the export: that beside a file that was named, where one lies there."""
    folder, file = setting.folder, setting.ckpt
    if folder is None and file is not None and manifest_path(file.parent, setting.model.variant).is_file():
        folder = file.parent
    return setting.but(ckpt=None, folder=folder, target="onnx", dtype="float32", devices=None, replicas=None)


def writer(setting: Setting, part: Part) -> Write:
    """A function from the names of nodes that stay in float32, and a path, to the part's file in `setting.dtype`."""
    source = plain(setting).file(part)
    if setting.dtype == "float16":
        return lambda nodes, path: write_float16(source, path, nodes)
    from zoo.exporting.int8 import Calibration, quantiser

    reference = framework_runner(plain(setting), frameworks.target(setting.model))
    made = quantiser(setting.model, part, reference, source, setting.input_size, Calibration(timeout=setting.timeout))
    return lambda nodes, path: made.write(path, nodes)


def file_of(setting: Setting, part: Part, folder: Path) -> Path:
    """The part's file in `setting.dtype`: the one that was named, the export's, or where the export refused to write a
    rounded one, a new one in `folder`.

    Raises:
        ZooError: there is none, and it is no rounded one.
    """
    try:
        path = setting.file(part)
    except ZooError:
        if setting.ckpt is not None or setting.dtype not in DTYPES:
            raise
        path = folder / f"{part.stem(setting.model.variant)}_{setting.dtype}.onnx"
        writer(setting, part)([], path)
        return path
    require_vouched(path, None if setting.ckpt else manifest_path(setting.home, setting.model.variant))
    return path
