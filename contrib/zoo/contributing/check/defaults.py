"""What a case of model.yaml leaves out, taken from the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo import catalogue
from zoo.contributing.check.schema import EXAMPLE_STEPS, Case, Params
from zoo.contributing.usual import checkpoint, demo_paths, needs_random
from zoo.model import Model

_BATCHES = {"run_example_valid": 16, "run_example_single": 1, "run_example_multi": 4}


def filled(case: Case, root: Path) -> Case:
    """The case with every flag that it leaves out.

    Args:
        case: as it stands in model.yaml.
        root: the repository that `case.run_dir` lies in.

    Raises:
        ZooError: the model cannot be loaded, or has no such variant.
        DataError: it has no demo.
    """
    if case.variant is None and not any(case.missing()):
        return case  # in the guide's full form nothing is added, and the folder may be anybody's
    family = catalogue.load_file(root / case.run_dir / "model.py")
    exported = case.run_export.params.get("variant")
    model = family.variant(case.variant or (family.offline_variant if exported is None else str(exported)))
    changes: dict[str, Any] = {"run_export": _export(case, model)}
    for step in EXAMPLE_STEPS:
        one = getattr(case, step)
        changes[step] = one.model_copy(update={"params": _params(step, one.params, model)})
    return case.model_copy(update=changes)


def _export(case: Case, model: Model) -> Any:
    """The export: the variant, and random weights where the model's own would have to be fetched."""
    added: dict[str, Any] = {} if model.default else {"variant": model.variant}
    if needs_random(model):
        added["weights"] = "random"
    return case.run_export.model_copy(update={"params": {**added, **case.run_export.params}})


def _params(step: str, given: Params, model: Model) -> Params:
    """The flags of a step; the folder runs in float16 unless the case says otherwise."""
    dtype = given.dtype or ("float16" if step == "run_example_multi" else "float32")
    usual: dict[str, Any] = {
        "ckpt": checkpoint(model, "float16" if dtype == "float16" else "dynamic"),
        "batch_size": _BATCHES[step],
        "target": "onnx",
        "dtype": dtype,
    }
    if given.data_path is None:  # who names data of his own needs no demos
        usual["data_path"] = "sample" if step == "run_example_valid" else _demos(step, model)
    return given.model_copy(update={name: one for name, one in usual.items() if getattr(given, name) is None})


def _demos(step: str, model: Model) -> str:
    first, folder = demo_paths(model)
    return first if step == "run_example_single" else folder
