"""Finds the models: every example/<domain>/<name>/model.py."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from .errors import ZooError
from .family import Family

EXAMPLES = Path(__file__).resolve().parent.parent / "example"


def ids(examples: Path = EXAMPLES) -> list[str]:
    """domain/name of every model, sorted; looks at folders only."""
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in examples.glob("*/*/model.py"))


def find(asked: str, examples: Path = EXAMPLES) -> tuple[Family, str | None]:
    """The family that `asked` names, and the variant if it names one.

    Args:
        asked: domain/name, name, either with a variant behind it (timm/resnet18.a1_in1k), or a variant alone.
        examples: the folder of the models.

    Raises:
        ZooError: there is no such model, or there are several; the message names near ones.
    """
    known = ids(examples)
    for one in sorted(known, key=len, reverse=True):
        for name in (one, one.partition("/")[2]):
            if asked == name or asked.startswith(f"{name}/"):
                return load(name if asked == name else one, examples), asked[len(name) + 1 :] or None
    matches = [family for family in _families(known, examples) if asked in family.variants()]
    # the zoo's own models before whole libraries, and the family that the variant is named after before others
    matches = [family for family in matches if not family.library] or matches
    matches = [family for family in matches if not family.library and asked.startswith(family.name)] or matches
    if len(matches) == 1:
        return matches[0], asked
    if matches:
        choices = " or ".join(f"{family.id}/{asked}" for family in matches)
        raise ZooError(f"several models have a variant '{asked}': write {choices}")
    raise _unknown(asked, known, examples)


def load(model_id: str, examples: Path = EXAMPLES) -> Family:
    """The family called domain/name, or name alone where only one has it. Raises ZooError naming what there is."""
    known = ids(examples)
    matches = [one for one in known if model_id in (one, one.partition("/")[2])]
    if len(matches) > 1:
        raise ZooError(f"several models are called '{model_id}': write {' or '.join(matches)}")
    if not matches:
        raise _unknown(model_id, known, examples)
    return load_file(examples / matches[0] / "model.py")


def load_file(path: Path) -> Family:
    """The MODEL of one model.py. Raises ZooError naming the file, whatever is wrong with it."""
    try:
        family = getattr(_module(path), "MODEL", None)
    except (Exception, SystemExit) as error:
        # the file is a contributor's own code, which may raise anything while it is imported
        raise ZooError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(family, Family):
        raise ZooError(f"{path} does not define MODEL = Family(...)")
    return family


def beside(file: str, name: str) -> ModuleType:
    """The module `name`.py in the folder of `file`: for a model whose network is code of its own.

    A plain import would find whichever model's module of that name came first.
    """
    return _module(Path(file).resolve().with_name(f"{name}.py"))


def _families(known: list[str], examples: Path) -> Iterator[Family]:
    """Every family that can be loaded: one that is broken must not hide the others."""
    for one in known:
        try:
            yield load_file(examples / one / "model.py")
        except ZooError:
            continue


def _unknown(asked: str, known: list[str], examples: Path) -> ZooError:
    variants = {name for family in _families(known, examples) for name in family.variants()}
    names = [*known, *(one.partition("/")[2] for one in known), *sorted(variants)]
    near = difflib.get_close_matches(asked, names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known) or 'none'}"
    return ZooError(f"no model is called '{asked}'; {hint}")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.stem}_of_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise ZooError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # MindSpore looks up where the source of a network is
    spec.loader.exec_module(module)
    return module
