"""doc/models.md and doc/models_zh.md: a section a model, its targets side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zoo.contributing.markdown import Markdown, address, code, escape, link, table
from zoo.contributing.matrix.collect import Card
from zoo.contributing.matrix.results import Result

# A section has room for so many variants; the page in HTML has all of them.
_VARIANTS = 5
_DTYPES = ("float32", "float16", "bfloat16", "int8")
TEXT = {
    "en": {
        "title": "Models",
        "intro": "Made by `zoo matrix` from [results.json](results.json), into which it takes the results of `zoo run` "
        "and `zoo verify`. Every figure was measured, with the weights that stand beside it, on the model's own sample "
        "data unless another data set is named; random weights have no metric, only agreement and times. A cell says: "
        "verdict and samples a second; half of the calls took no longer than (p50); metric; how many samples agree "
        "with the baseline. Search and filter the same in [models.html](models.html).",
        "variant": "variant",
        "published": "published",
        "here": "measured here",
        "comes_back": "here, the same data",
        "random": "none (random weights)",
        "no_figure": "none",
        "missing": "Not run: {names}.",
        "variants": "Variants that were not run: {names}.",
        "more": "{count} more variants were measured: see [models.html](models.html).",
        "many": "{names} and {count} more",
        "about": "{variants}: {weights} weights, {data}, batch {batch}, {date}; {host}; {versions}.",
        "sample": "own sample data",
        "other": "data {name}",
        "nothing": "Nothing has been run. Command: {command}",
        "fault": "This model cannot be described: {fault}.",
        "source": "source",
        "folder": "folder",
        "stop": ".",
        "comma": ", ",
        "of": "{share} of {samples}",
        "rate": "{rate}/s",
        "unit": "{value} ms",
    },
    "zh": {
        "title": "模型",
        "intro": "由 `zoo matrix` 根据 [results.json](results.json) 生成，该文件收入 `zoo run` 与 `zoo verify` 的结果。"
        "所有数字均为实测，权重种类写在旁边；若未写明数据集，使用模型自带的样例数据。随机权重没有指标，只看一致率与时间。每个单元格依次为："
        "结论与每秒样本数；一半的调用不超过的时间（p50）；指标；与基线一致的样本比例。可搜索、可筛选的页面见 "
        "[models.html](models.html)。",
        "variant": "变体",
        "published": "公布值",
        "here": "本处实测",
        "comes_back": "本处，同一数据",
        "random": "无（随机权重）",
        "no_figure": "无",
        "missing": "未运行：{names}。",
        "variants": "未运行的变体：{names}。",
        "more": "另有 {count} 个变体已测量：见 [models.html](models.html)。",
        "many": "{names} 等，另有 {count} 个",
        "about": "{variants}：{weights} 权重，{data}，batch {batch}，{date}；{host}；{versions}。",
        "sample": "自带样例数据",
        "other": "数据集 {name}",
        "nothing": "尚未运行。命令：{command}",
        "fault": "无法描述此模型：{fault}。",
        "source": "来源",
        "folder": "文件夹",
        "stop": "。",
        "comma": "、",
        "of": "{share}（共 {samples}）",
        "rate": "{rate}/秒",
        "unit": "{value} 毫秒",
    },
}
VERDICTS = {
    "en": {"reference": "reference", "pass": "pass", "FAIL": "**FAIL**"},
    "zh": {"reference": "基准", "pass": "通过", "FAIL": "**未通过**"},
}


def listing(cards: Sequence[Card], language: str) -> str:
    """The page in one language, "en" or "zh"."""
    text = TEXT[language]
    lines = [f"# {text['title']}", "", text["intro"]]
    for card in cards:
        lines += ["", f"## {escape(card.id)}", "", *_section(card, language)]
    return "\n".join(lines) + "\n"


def _section(card: Card, language: str) -> Iterator[str]:
    text = TEXT[language]
    if card.fault:
        yield text["fault"].format(fault=escape(card.fault))
        yield ""
    else:
        yield _about(card, text)
        yield ""
    measured = card.measured()
    if not measured:
        if card.reproduced:
            yield from _figures(card, {}, text)
            yield ""
        yield text["nothing"].format(command=code(f"zoo run {card.id}"))
        return
    shown = dict(list(measured.items())[:_VARIANTS])
    yield from _figures(card, shown, text)
    yield ""
    yield from _grid(shown, language)
    yield ""
    yield from _circumstances(shown, text)
    yield from _left_out(card, measured, text)


def _about(card: Card, text: dict[str, str]) -> str:
    where = address(card.source)
    source = link(card.source, where) if where else escape(card.source)
    links = f"{link(text['folder'], card.link)} · {link('README', f'{card.link}/README.md')}"
    return f"{escape(card.title)}{text['stop']} {links} · {text['source']}: {source} · {escape(card.licence)}"


def _figures(card: Card, shown: dict[str, list[Result]], text: dict[str, str]) -> Iterator[str]:
    """The published figure of each variant beside our own; nothing where none is published."""
    rows = []
    back = {one.variant: one for one in card.reproduced}
    for variant in dict.fromkeys([*shown, *back]):
        figure = card.published.get(variant)
        if figure is None:
            continue
        results = shown.get(variant, [])
        here = next((f"{one.metric} {one.value:.4f}" for one in results if one.value is not None), "")
        random = bool(results) and results[0].weights == "random"
        said = f"{figure.metric} {figure.value:g} ({figure.where})"
        one = back.get(variant)
        comes_back = f"{one.here()}: {one.verdict} ({one.data}, {one.samples:,}; {one.date[:10]})" if one else ""
        rows.append((variant, said, comes_back, here or text["random" if random else "no_figure"]))
    if rows:
        yield from table((text["variant"], text["published"], text["comes_back"], text["here"]), rows)


def _grid(shown: dict[str, list[Result]], language: str) -> Iterator[str]:
    """A row a variant and dtype, a column a target."""
    targets = list(dict.fromkeys(one.target for results in shown.values() for one in results))
    rows = []
    for variant, results in shown.items():
        found = {(one.target, one.dtype): one for one in results}
        dtypes = sorted({one.dtype for one in results}, key=lambda name: (*_DTYPES, name).index(name))
        for dtype in dtypes:
            cells = [_cell(found.get((target, dtype)), language) for target in targets]
            rows.append((variant, dtype, *cells))
    yield from table((TEXT[language]["variant"], "dtype", *targets), rows)


def _cell(one: Result | None, language: str) -> Markdown:
    text = TEXT[language]
    if one is None:
        return Markdown("")
    lines = [
        f"{VERDICTS[language][one.verdict]} {text['rate'].format(rate=rate(one.throughput))}",
        f"p50 {text['unit'].format(value=f'{one.p50:.2f}')}",
    ]
    if one.p99 is not None:
        lines[-1] += f", p99 {text['unit'].format(value=f'{one.p99:.2f}')}"
    if one.value is not None:
        lines.append(f"{escape(one.metric)} {one.value:.4f}")
    if one.agreement is not None:
        lines.append(text["of"].format(share=f"{one.agreement:.2%}", samples=one.samples))
    return Markdown("<br>".join(lines))


def rate(value: float) -> str:
    """Samples a second, with no more digits than mean something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _circumstances(shown: dict[str, list[Result]], text: dict[str, str]) -> Iterator[str]:
    """With which weights, when and on what: a line for all cells that share it."""
    groups: dict[tuple[object, ...], list[Result]] = {}
    for results in shown.values():
        for one in results:
            key = (one.variant, one.weights, one.data, one.batch, one.date[:10], one.host, tuple(one.versions.items()))
            groups.setdefault(key, []).append(one)
    lines: dict[str, None] = {}
    for (variant, *_), results in groups.items():
        one = results[0]
        cells = (
            ""
            if len(results) == len(shown[one.variant])
            else f" ({', '.join(f'{r.target} {r.dtype}' for r in results)})"
        )
        data = text["sample"] if one.data == "sample" else text["other"].format(name=escape(one.data))
        line = text["about"].format(
            variants=escape(f"{variant}{cells}"),
            weights=escape(one.weights),
            data=data,
            batch=one.batch,
            date=escape(one.date[:10]),
            host=escape(one.host),
            versions=escape(", ".join(f"{name} {version}" for name, version in one.versions.items())),
        )
        lines[line] = None
    yield from (f"- {line}" for line in lines)


def _left_out(card: Card, measured: dict[str, list[Result]], text: dict[str, str]) -> Iterator[str]:
    if len(measured) > _VARIANTS:
        yield f"- {text['more'].format(count=len(measured) - _VARIANTS)}"
    missing = card.not_run()
    if missing:
        yield f"- {text['missing'].format(names=escape(text['comma'].join(missing)))}"
    variants = [name for name in card.variants if name not in measured]
    if variants:
        names = text["comma"].join(variants[:_VARIANTS])
        if len(variants) > _VARIANTS:
            names = text["many"].format(names=names, count=len(variants) - _VARIANTS)
        yield f"- {text['variants'].format(names=escape(names))}"
