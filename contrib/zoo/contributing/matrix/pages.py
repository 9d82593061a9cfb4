"""The matrix as Markdown in two languages, and as one HTML page that needs nothing else."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.contributing.matrix.collect import Cell
from zoo.contributing.report import table
from zoo.model import Model

COLUMNS = {
    "en": ("target", "dtype", "metric", "agreement", "verdict", "samples/s", "p50 ms", "p99 ms", "measured"),
    "zh": ("目标", "精度类型", "指标", "一致率", "结论", "样本/秒", "p50 毫秒", "p99 毫秒", "测量时间"),
}
TEXT = {
    "en": {
        "title": "Models",
        "intro": "Made by `zoo matrix` from the results of `zoo run` and `zoo verify`. Every figure was measured, with "
        "the weights that stand beside it, on the model's own sample data unless the run was given another; random "
        "weights have no metric, only agreement and times. Sort and search the same in [models.html](models.html).",
        "random": "none (random weights)",
        "few": "too few calls",
        "missing": "Not run: {names}.",
        "about": "{variant}, {weights} weights, batch {batch}; {host}; {versions}",
        "nothing": "Nothing has been run. Command: `zoo run {model}`",
    },
    "zh": {
        "title": "模型",
        "intro": "由 `zoo matrix` 根据 `zoo run` 与 `zoo verify` 的结果生成。所有数字均为实测，权重种类写在旁边；"
        "若未另行指定，使用模型自带的样例数据。随机权重没有指标，只看一致率与时间。可排序、可搜索的页面见 "
        "[models.html](models.html)。",
        "random": "无（随机权重）",
        "few": "次数不足",
        "missing": "未运行：{names}。",
        "about": "{variant}，{weights} 权重，batch {batch}；{host}；{versions}",
        "nothing": "尚未运行。命令：`zoo run {model}`",
    },
}
_TEMPLATE = Path(__file__).with_name("page.html")


def markdown(cells: Sequence[Cell], language: str) -> str:
    """doc/models.md, or its Chinese counterpart."""
    text = TEXT[language]
    lines = [f"# {text['title']}", "", text["intro"]]
    for model, own in _by_model(cells):
        lines += ["", f"## {model.id}", "", f"{model.title}. {model.source}. {model.licence}.", ""]
        lines += _model(model, own, language)
    return "\n".join(lines) + "\n"


def _model(model: Model, cells: Sequence[Cell], language: str) -> Iterator[str]:
    text = TEXT[language]
    measured = [cell for cell in cells if cell.measured]
    if not measured:
        yield text["nothing"].format(model=model.id)
        return
    yield text["about"].format(**(measured[0].measured or {}))
    yield ""
    yield from table(COLUMNS[language], [_cells(cell, cell.measured, text) for cell in measured if cell.measured])
    missing = [f"{cell.target} {cell.dtype}" for cell in cells if not cell.measured]
    if missing:
        yield ""
        yield text["missing"].format(names=", ".join(missing))


def _cells(cell: Cell, found: Mapping[str, Any], text: Mapping[str, str]) -> list[str]:
    p99 = text["few"] if found["p99"] is None else f"{found['p99']:.2f}"
    return [
        cell.target,
        cell.dtype,
        text["random"] if found["weights"] == "random" else found["metric"],
        found["agreement"],
        found["verdict"],
        rate(found["throughput"]),
        f"{found['p50']:.2f}",
        p99,
        found["date"][:10],
    ]


def rate(value: float) -> str:
    """Samples a second, with no more digits than mean something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _by_model(cells: Sequence[Cell]) -> Iterator[tuple[Model, list[Cell]]]:
    for model in {cell.model.id: cell.model for cell in cells}.values():
        yield model, [cell for cell in cells if cell.model.id == model.id]


def page(cells: Sequence[Cell], pictures: Mapping[str, str]) -> str:
    """One HTML file: no script, style, font or picture from elsewhere. pictures: a data: address a model."""
    classes = {model_id: f"picture{number}" for number, model_id in enumerate(pictures)}
    rules = [f".{classes[model_id]} {{ background-image: url({data}) }}" for model_id, data in pictures.items() if data]
    measured = sum(cell.measured is not None for cell in cells)
    parts = {
        "/* pictures */": "\n".join(rules),
        "<!-- count -->": f"{len(classes)} models, {measured} of {len(cells)} cells measured",
        "<!-- rows -->": "\n".join(_row(cell, classes[cell.model.id]) for cell in cells),
    }
    text = _TEMPLATE.read_text(encoding="utf-8")
    for place, part in parts.items():
        text = text.replace(place, part)
    return text


def _row(cell: Cell, picture: str) -> str:
    found = cell.measured
    esc = html.escape
    name = f"<span>{esc(cell.model.id)}<small>{esc(cell.model.title)}</small></span>"
    columns = [
        (cell.model.id, f'<div class="model"><i class="picture {picture}"></i>{name}</div>'),
        (cell.target, esc(cell.target)),
        (cell.dtype, esc(cell.dtype)),
    ]
    if found is None:
        blank = [("", '<span class="none">not run</span>'), *[("", "")] * 7]
        return _tr(cell, "not run", [*columns, *blank])
    p99 = "<small>too few calls</small>" if found["p99"] is None else f"{found['p99']:.2f}"
    about = f"{found['variant']}, {found['weights']} weights, batch {found['batch']}"
    metric = TEXT["en"]["random"] if found["weights"] == "random" else found["metric"]
    share, _, of = found["agreement"].partition(" ")
    where = f"{found['host']}; {found['versions']}"
    columns += [
        (found["verdict"], f'<span class="{found["verdict"].lower()}">{esc(found["verdict"])}</span>'),
        (metric, f"{esc(metric)}<small>{esc(about)}</small>"),
        (share.rstrip("%"), f"{esc(share)}<small>{esc(of)}</small>"),
        (found["throughput"], rate(found["throughput"])),
        (found["p50"], f"{found['p50']:.2f}"),
        ("" if found["p99"] is None else found["p99"], p99),
        (found["date"], esc(found["date"][:10])),
        (where, f"<small>{esc(where)}</small>"),
    ]
    return _tr(cell, found["verdict"], columns)


def _tr(cell: Cell, verdict: str, columns: Sequence[tuple[Any, str]]) -> str:
    about = {"domain": cell.model.domain, "target": cell.target, "dtype": cell.dtype, "verdict": verdict}
    data = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in about.items())
    cells = "".join(f'<td data-value="{html.escape(str(value))}">{shown}</td>' for value, shown in columns)
    return f"<tr {data}>{cells}</tr>"
