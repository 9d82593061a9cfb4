"""Finds the models: every example/<domain>/<name>/model.py."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from zoo.errors import ZooError
from zoo.model import Model

EXAMPLES = Path(__file__).resolve().parent.parent / "example"


def ids(examples: Path = EXAMPLES) -> list[str]:
    """domain/name of every model, sorted; looks at folders only."""
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in examples.glob("*/*/model.py"))


def load(model_id: str, examples: Path = EXAMPLES) -> Model:
    """The model called domain/name, or name alone where only one has it. Raises ZooError naming what there is."""
    known = ids(examples)
    matches = [one for one in known if model_id in (one, one.partition("/")[2])]
    if len(matches) != 1:
        near = difflib.get_close_matches(model_id, known + [one.partition("/")[2] for one in known], n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise ZooError(f"{'several models are' if matches else 'no model is'} called '{model_id}'; {hint}")
    return load_file(examples / matches[0] / "model.py")


def load_file(path: Path) -> Model:
    """The MODEL of one model.py. Raises ZooError naming the file, whatever is wrong with it."""
    try:
        model = getattr(_module(path), "MODEL", None)
    except Exception as error:
        # the file is a contributor's own code, which may raise anything while it is imported
        raise ZooError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(model, Model):
        raise ZooError(f"{path} does not define MODEL = Model(...)")
    return model


def beside(file: str, name: str) -> ModuleType:
    """The module `name`.py in the folder of `file`: for a model whose network is code of its own.

    A plain import would find whichever model's module of that name came first.
    """
    return _module(Path(file).resolve().with_name(f"{name}.py"))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.stem}_of_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise ZooError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # MindSpore looks up where the source of a network is
    spec.loader.exec_module(module)
    return module
