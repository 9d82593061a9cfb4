"""What a model's README says that its model.py knows: facts, the way in, and the commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.spec import TensorSpec
from zoo.contributing import reproduced
from zoo.contributing.reproduced import Key, Reproduced
from zoo.contributing.usual import checkpoint, demo_paths, needs_random
from zoo.family import Family
from zoo.manifest import KINDS, ONNX, kind_name, manifest_path
from zoo.model import Model, Packaged, Published

MOST_NAMED = 12  # variants that are named; of more, their number is said
_TENSORS = 4
FRAMEWORKS = {
    "pytorch": "PyTorch",
    "paddle": "PaddlePaddle",
    "mindspore": "MindSpore",
    "onnx": "ONNX",
    "mixed": "the framework of each",
}
_OF_MEMBERS = "`built` (default), of each network its own default; `sample`, `pretrained` or `random` of all"
_KINDS = {"static": "batch 1", "dynamic": "any batch", "float16": "the same in float16"}


def contents(family: Family, root: Path) -> dict[str, Callable[[], list[str]]]:
    """The parts that a model's README may have; `facts` it must have."""
    model = family.variant()
    figures = reproduced.read(root / reproduced.FILE)
    return {
        "facts": lambda: [*_facts(family, model, figures), *_way_in(model, root)],
        "inference": lambda: _inference(model),
        "accuracy": lambda: _accuracy(model),
    }


def _facts(family: Family, model: Model, figures: Mapping[Key, Reproduced]) -> list[str]:
    lines = [
        f"- {FRAMEWORKS[family.framework]}; variants: {variants(family)}. Source: {model.source}.",
        f"- Input: {_tensors(model, 'inputs')}. Output: {_tensors(model, 'outputs')}{_sizes(model)}.",
        f"- Licence: {model.licence}.{f' Paper: {model.paper}.' if model.paper else ''}",
        f"- Weights: {_weights(family, model)}.",
    ]

    def is_measured(one: Model) -> bool:
        return one.published is not None and (one.id, one.variant, one.published.metric) in figures

    reproduce = f"`zoo reproduce {family.name}`"
    kinds: dict[str, Callable[[Model], bool]] = {
        f"measured by {reproduce}": is_measured,
        f"not measured yet ({reproduce} does)": lambda one: one.measurable and not is_measured(one),
        "not measured here": lambda one: not one.measurable and not is_measured(one),
    }
    told = {kind: _published(family, figures, chosen) for kind, chosen in kinds.items()}
    return lines + [f"- Published, {kind}: {said}." for kind, said in told.items() if said]


def variants(family: Family, most: int = MOST_NAMED) -> str:
    """The names of a few variants, the default marked; the number of many, and how to see them."""
    names = family.variants
    if len(names) > most:
        return f"{len(names)}, such as `{family.default_variant}` (default); `zoo info {family.id} --variants`"
    mark = " (default)" if len(names) > 1 else ""
    return ", ".join(f"`{name}`{mark if name == family.default_variant else ''}" for name in names)


def _named(family: Family) -> list[Model]:
    """The variants that facts are told of: all of a few, the default of many."""
    names = family.variants
    return [family.variant(name) for name in (names if len(names) <= MOST_NAMED else [family.default_variant])]


def _tensors(model: Model, kind: str) -> str:
    """The inputs or outputs of every part; of many, the first ones."""
    told = []
    for part in model.parts:
        specs: tuple[TensorSpec, ...] = getattr(part, kind)
        shown = specs if len(specs) <= _TENSORS else specs[:2]
        own = ", ".join(f"`{spec.name}` {spec.dtype} [{', '.join(map(str, spec.shape))}]" for spec in shown)
        more = f" and {len(specs) - len(shown)} more" if len(shown) < len(specs) else ""
        told.append(f"{part.name}: {own}{more}" if part.name else own + more)
    return "; ".join(told)


def _sizes(model: Model) -> str:
    sizes = {name: size for part in model.parts for name, size in part.size.items()}
    return f"; by default {', '.join(f'{name} {size}' for name, size in sizes.items())}" if sizes else ""


def _weights(family: Family, model: Model) -> str:
    """What --weights can be."""
    if model.members:
        return _OF_MEMBERS
    named = _named(family)
    kinds = {
        "sample": ([one for one in named if one.sample_weights.is_file()], ""),
        "built": ([one for one in named if one.built], ", as `model.py` builds the network"),
    }
    published = [one for one in named if one.pretrained is not None]
    kinds["pretrained"] = (published, f", {_how(published)}")
    told = []
    for kind, (there, how) in kinds.items():
        which = "" if len(there) == len(named) else f" of {', '.join(f'`{one.variant}`' for one in there)}"
        mark = " (default)" if model.variant in [one.variant for one in there] and model.default_weights == kind else ""
        told += [f"`{kind}`{mark}{which}{how}"] if there else []
    return "; ".join([*sorted(told, key=lambda said: "(default)" not in said), "`random`; a file"])


def _how(there: list[Model]) -> str:
    """Where published weights come from. Of those that a library knows, it need not state a digest."""
    packages = sorted({one.pretrained.package for one in there if isinstance(one.pretrained, Packaged)})
    if packages:
        return f"in the pip package {', '.join(packages)}"
    looked_up = any(callable(one.pretrained) for one in there)
    return f"fetched once, its digest checked{' (where its source states none: `--trust`)' if looked_up else ''}"


def _published(family: Family, figures: Mapping[Key, Reproduced], chosen: Callable[[Model], bool]) -> str:
    """The source's own figures of the chosen variants, those with one metric and address together, and what was
    measured here."""
    several = len(family.variants) > 1
    grouped: dict[tuple[str, str], list[str]] = {}
    for one in _named(family):
        figure: Published | None = one.published
        if figure and chosen(one):
            name = f"`{one.variant}` " if several else ""
            here = figures.get((one.id, one.variant, figure.metric))
            told = f": here {here.here()}, {here.verdict}" if here else ""
            grouped.setdefault((figure.metric, figure.where), []).append(f"{name}{figure.value:g}{told}")
    return "; ".join(f"{metric} {', '.join(values)} ({where})" for (metric, where), values in grouped.items())


def _way_in(model: Model, root: Path) -> list[str]:
    """Chapter 2, up to the command of the export and what it writes."""
    running = Path(os.path.relpath(root / "doc/Running.md", model.folder)).as_posix()
    elsewhere = needs_random(model)
    random = elsewhere and model.offline in ("", model.variant)
    run_dir = f"contrib/example/{model.id}"
    lines = [
        "",
        "## 2. Quick start",
        "### 2.1 Base environment",
        f"`make env` in the repository, then `cd {run_dir}`; see [Running a model]({running}).",
        "### 2.2 Third-party dependencies",
        f"`make env` has installed those of {model.id}; elsewhere: `pip install -r requirements.txt`.",
        "### 2.3 Get the ONNX file",
        "```bash",
        f"python export_onnx.py{' --weights random' if random else ''}",
        "```",
        f"It writes {_written(model)}, each compared with {FRAMEWORKS[model.framework]}.",
    ]
    if random and model.pretrained is not None:
        lines[-1] += f" Without the flag, it fetches the published weights of `{model.variant}`."
    elif elsewhere and not random:
        lines[-1] += (
            f" It fetches the published weights of `{model.variant}`; `--variant {model.offline}`, here and below, "
            "needs nothing from elsewhere."
        )
    return lines


def _written(model: Model) -> str:
    names = [
        f"`{kind_name(part.stem(model.variant), kind)}` ({_KINDS[kind]})"
        for part in model.parts
        for kind in KINDS[ONNX]
        if part.static or kind != "static"
    ]
    return f"{', '.join(names)} and `{manifest_path(Path(), model.variant)}`"


def _inference(model: Model) -> list[str]:
    first, folder = demo_paths(model)
    return [
        "### 2.5 Run inference",
        "```bash",
        f"python example_single_batch.py --data_path {first}",
        f"python example_multi_batch.py --data_path {folder} --save_dir annotated",
        "```",
    ]


def _accuracy(model: Model) -> list[str]:
    return [
        "### 2.6 Verify accuracy",
        "```bash",
        f"python example_valid.py --ckpt {checkpoint(model)} --data_path sample",
        "```",
    ]
