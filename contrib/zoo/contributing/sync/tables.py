"""The tables of the documents: the models' rows of both READMEs, flags and targets of doc/Running.md."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import backends
from zoo.commands import export, predict, valid
from zoo.contributing.markdown import escape
from zoo.contributing.reproduced import Reproduced
from zoo.contributing.sync.facts import FRAMEWORKS, variants
from zoo.contributing.usual import needs_random
from zoo.family import Family

_FEW, _LISTED = 6, 6  # variants, and models, that a cell has room for
_FIGURE = re.compile(r"^([a-z]\w*) (-?\d[\d.]*) of (\d+) samples$", re.MULTILINE)
_PARSERS = {
    "export_onnx": export.parser,
    "example_single_batch": predict.single_parser,
    "example_multi_batch": predict.multi_parser,
    "example_valid": valid.parser,
}


@dataclass(frozen=True)
class Words:
    """What the tables say in one language: their columns, and what stands in cells.

    Args:
        models, flags, targets, published: the columns.
        weights: of the weights at hand, by "sample", "built", "package", "fetched" and "random".
        every: every script.
        only: in front of the models that have a flag.
    """

    models: Sequence[str]
    flags: Sequence[str]
    targets: Sequence[str]
    published: Sequence[str]
    weights: Mapping[str, str]
    every: str
    only: str


# By what stands behind the name of a document
_LANGUAGES = {
    "": Words(
        models=("model", "what it is", "from", "variants", "weights at hand", "on its sample, by its README"),
        flags=("flag", "meaning", "scripts"),
        targets=("target", "runtime", "not run yet on"),
        published=("network", "data", "published", "here: framework", "here: ONNX", "verdict"),
        weights={
            "sample": "trained on a sample",
            "built": "those that it is built with",
            "package": "published, in a pip package",
            "fetched": "random only; published ones are fetched",
            "offline": "published ones are fetched; `{}` is trained on a sample",
            "members": "of each of its networks its own",
            "random": "random only",
        },
        every="all",
        only="only",
    ),
    "_zh": Words(
        models=("模型", "名称", "框架", "变体", "现成权重", "样本上的结果（见其 README）"),
        flags=("参数", "含义（与 `--help` 相同）", "脚本"),
        targets=("target", "运行时", "尚未运行过的硬件"),
        published=("网络", "数据", "公布值", "此处：框架", "此处：ONNX", "判定"),
        weights={
            "sample": "在样本上训练",
            "built": "构建时自带",
            "package": "已公布，位于 pip 包中",
            "fetched": "仅随机；公布的权重需下载",
            "offline": "公布的权重需下载；`{}` 在样本上训练",
            "members": "其中每个网络各自的",
            "random": "仅随机",
        },
        every="全部",
        only="仅",
    ),
}


@dataclass(frozen=True)
class Use:
    """One flag of one script of one model. help: what the parser says of it."""

    flag: str
    help: str
    script: str
    framework: str
    model: str


def contents(
    families: Sequence[Family], language: str, figures: Iterable[Reproduced]
) -> dict[str, Callable[[], list[str]]]:
    """The parts that README.md and doc/Running.md may have.

    Args:
        families: all models.
        language: "" for English, "_zh" for Chinese.
        figures: that were measured, for the table of published ones.
    """
    words = _LANGUAGES[language]
    return {
        "models": lambda: _table(words.models, [_row(family, words) for family in families]),
        "flags": lambda: _table(words.flags, _flags(families, words)),
        "targets": lambda: _table(words.targets, _targets()),
        "published": lambda: _table(words.published, [_published(one) for one in figures]),
    }


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table whose cells are Markdown already."""
    return [f"| {' | '.join(cells)} |" for cells in (columns, ["---"] * len(columns), *rows)]


def _row(family: Family, words: Words) -> tuple[str, ...]:
    model = family.variant()
    default = model.default_weights
    weights = default if default in ("sample", "built") else "package"
    offline = family.variant(family.offline_variant)
    if model.members:
        weights = "members"
    elif needs_random(model):
        sampled = offline.sample_weights.is_file()
        weights = "offline" if sampled else "fetched" if model.pretrained is not None else "random"
    readme = family.folder / "README.md"
    figure = _FIGURE.search(readme.read_text(encoding="utf-8")) if readme.is_file() else None
    return (
        f"[{family.id}](contrib/example/{family.id}/README.md)",
        family.title,
        FRAMEWORKS[family.framework],
        variants(family, _FEW),
        words.weights[weights].format(offline.variant),
        figure[0].removesuffix(" samples") if figure else "–",
    )


def _flags(families: Sequence[Family], words: Words) -> list[tuple[str, ...]]:
    """A row a flag, in the order in which the parsers have them."""
    uses = [use for family in families for use in _uses(family)]
    models = {family.id for family in families}
    rows: list[tuple[str, ...]] = []
    for flag in dict.fromkeys(use.flag for use in uses):
        found = [use for use in uses if use.flag == flag]
        has = {use.model for use in found}
        only = "" if has == models else f" ({words.only}: {_listed(sorted(has))})"
        scripts = list(dict.fromkeys(use.script for use in found))
        which = words.every if len(scripts) == len(_PARSERS) else ", ".join(scripts)
        rows.append((f"`{flag}`", _meaning(found) + only, which))
    return rows


def _listed(names: Sequence[str]) -> str:
    """A few names, and the number of the others."""
    more = f", +{len(names) - _LISTED}" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _uses(family: Family) -> Iterator[Use]:
    for script, parser in _PARSERS.items():
        for action in parser(family)._actions:
            if not isinstance(action, argparse._HelpAction):
                yield Use(action.option_strings[0], _plain(action), script, family.framework, family.id)


def _plain(action: argparse.Action) -> str:
    """What a parser says of a flag, with the choices."""
    told = (action.help or "").replace("|", "\\|")
    choices = ", ".join(map(str, action.choices or ()))
    return f"{told} [{choices}]" if choices else told


def _meaning(found: Sequence[Use]) -> str:
    """What a flag means; where that differs, by script, framework or model, whichever tells the meanings apart."""
    helps = list(dict.fromkeys(use.help for use in found))
    if len(helps) == 1:
        return helps[0]
    for attribute in ("script", "framework", "model"):
        where = [sorted({getattr(use, attribute) for use in found if use.help == one}) for one in helps]
        if len({name for names in where for name in names}) == sum(map(len, where)):
            return "; ".join(f"{_listed(names)}: {one}" for names, one in zip(where, helps, strict=True))
    return "; ".join(helps)


def _targets() -> list[tuple[str, ...]]:
    return [(f"`{name}`", one.summary, one.unproved or "–") for name, one in backends.targets().items()]


def _published(one: Reproduced) -> tuple[str, ...]:
    """A published figure beside our own."""
    framework, *_, exported = one.figures.values()
    network = f"[{one.model}](contrib/example/{one.model}/README.md)"
    return (
        network if one.variant == one.model.rpartition("/")[2] else f"{network} `{one.variant}`",
        escape(f"{one.data}, {one.samples:,}"),
        escape(f"{one.metric} {one.published:g}"),
        f"{framework:.4g}",
        f"{exported:.4g}",
        one.verdict,
    )


def documents(root: Path) -> list[tuple[Path, str]]:
    """(file, language) of every document that has such parts."""
    return [(root / f"{name}{language}.md", language) for name in ("README", "doc/Running") for language in ("", "_zh")]
