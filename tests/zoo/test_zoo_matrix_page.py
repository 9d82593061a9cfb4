"""doc/models.html in a browser, and its size for many models."""

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.browser import Browser, opened
from zoo import catalogue
from zoo.contributing.matrix import collect
from zoo.contributing.matrix.collect import Card, Figure
from zoo.contributing.matrix.page import in_script, page
from zoo.contributing.matrix.results import Result

ROOT = Path(__file__).resolve().parents[2]
TARGETS = [("torch", "float32"), ("onnx", "float32"), ("onnx", "float16"), ("openvino", "float32"), ("cpu", "float32")]
HOSTILE = "</script><img src=x onerror=document.title='hacked'> <b>&lt;"


def result(model: str, variant: str, target: str, dtype: str, **changes: Any) -> Result:
    fields: dict[str, Any] = {
        "weights": "sample", "metric": "top1", "value": 0.5, "agreement": 1.0, "samples": 100, "verdict": "pass",
        "throughput": 100.0, "p50": 2.0, "p99": None, "batch": 16, "date": "2024-05-01",
        "host": "Test, 2 cores", "versions": {"onnxruntime": "1.2.3"},
    }  # fmt: skip
    return Result(model, variant, target, dtype, **(fields | changes))


def many(models: int = 150, variants: int = 2500) -> list[Card]:
    """Made-up cards, every variant measured in five cells on a day of its own, with forty different pictures."""
    rng = random.Random(0)
    pictures = ["data:image/webp;base64," + base64.b64encode(rng.randbytes(3000)).decode() for _ in range(40)]
    possible = [*TARGETS, *((name, dtype) for name in ("ascend", "cuda", "sdaa") for dtype in ("float32", "float16"))]
    cards = []
    left = variants
    for number in range(models):
        count = max(left // 2, 1) if number < 6 else left // (models - number)
        left -= count
        name = f"domain{number % 11}/network_with_a_name_{number}"
        names = [f"variant_{index}_of_a_long.name_in1k_{number}" for index in range(count)]
        own = [one for variant in names for one in _run(rng, name, variant)]
        cards.append(
            Card(
                name, f"../contrib/example/{name}", f"Network {number}", "pytorch", "https://example.org/a/network",
                "Apache-2.0 (the weights), BSD-3-Clause (the code)", names, possible,
                {one: Figure("top1", round(rng.random(), 4), "the library's table, ImageNet val") for one in names},
                pictures[number % 40], results=own,
            )
        )  # fmt: skip
    return cards


def _run(rng: random.Random, model: str, variant: str) -> list[Result]:
    shared = {
        "date": f"2024-{rng.randrange(12) + 1:02}-{rng.randrange(28) + 1:02}",
        "host": f"A processor of a long name, 2 cores, load {rng.randrange(30) / 10}",
        "samples": rng.randrange(1000),
    }
    return [
        result(
            model, variant, target, dtype, **shared,
            value=rng.random(), agreement=rng.random(), throughput=rng.random() * 1e4, p50=rng.random() * 1e3,
            p99=rng.random() * 1e3,
        )
        for target, dtype in TARGETS
    ]  # fmt: skip


def test_150_models_with_2500_variants_take_less_than_a_megabyte() -> None:
    cards = many()
    assert sum(len(card.variants) for card in cards) == 2500
    assert len(page(cards).encode()) < 1_000_000


def test_each_picture_stands_in_the_page_once() -> None:
    assert page(many(80, 80)).count("data:image/webp;base64,") == 40


def test_the_page_needs_nothing_else() -> None:
    text = page(many(2, 2))
    assert "src=" not in text
    assert "http" not in text.replace("https://example.org", "").replace("http-equiv", "")
    assert "default-src 'none'" in text


@pytest.mark.parametrize("text", [HOSTILE, "<!--<script>", "]]>", "\u2028", '"', "\\", "]]>&quot;"])
def test_json_in_a_script_survives(text: str) -> None:
    made = in_script({"a": text})
    assert not set("<>&\u2028\u2029") & set(made)
    assert json.loads(made) == {"a": text}


def test_the_picture_of_a_model_is_small() -> None:
    shown = {one: collect.picture(catalogue.load(one).variant()) for one in ("classification/resnet", "nlp/textcnn")}
    assert shown["nlp/textcnn"] == ""
    assert 500 < len(shown["classification/resnet"]) < 8000


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened(tmp_path_factory.mktemp("browser")) as made:
        yield made


def some() -> list[Card]:
    """Three models: a family of two measured variants out of three, one that failed, and one that was not run."""
    possible = [*TARGETS, ("cuda", "float32")]
    a = [result("image/a", "a1", target, dtype, throughput=10.0, value=0.7) for target, dtype in TARGETS]
    a += [result("image/a", "a2", "onnx", "float32", throughput=90.0, weights="random", value=None, date="2025-01-01")]
    b = [result("text/b", "b1", "onnx", "float16", throughput=50.0, verdict="FAIL")]
    published = {"a1": Figure("top1", 0.75, "the paper"), "a2": Figure("top1", 0.8, "the paper")}
    picture = collect.picture(catalogue.load("classification/lenet").variant())
    return [
        Card("image/a", "../contrib/example/image/a", "A", "pytorch", "https://example.org/a", "MIT",
             ["a1", "a2", "a3"], possible, published, picture, results=a),
        Card("text/b", "../contrib/example/text/b", "B", "paddle", "a paper", "BSD", ["b1"], possible, results=b),
        Card("text/c", "../contrib/example/text/c", "C", "pytorch", "a paper", "BSD", ["c1", "c2"], possible),
    ]  # fmt: skip


TABLE = (
    "return [...document.querySelectorAll('article[data-model=\"{}\"] .body tbody tr')].map((row) => "
    "[...row.cells].map((one) => one.firstChild ? one.firstChild.textContent : '').join(' ').trim())"
)


def test_a_card_shows_targets_as_cells_and_what_was_not_run(browser: Browser, tmp_path: Path) -> None:
    browser.show(tmp_path / "models.html", page(some()))
    assert browser.run(TABLE.format("image/a")) == ["torch 10/s", "onnx 10/s 10/s", "openvino 10/s", "cpu 10/s"]
    text = browser.run("return document.querySelector('article').innerText")
    for part in ("Not run: cuda.", "top1 0.75", "top1 0.7\n", "MIT", "Test, 2 cores", "onnxruntime 1.2.3"):
        assert part in text
    links = browser.run("return [...document.querySelectorAll('article a')].map((one) => one.getAttribute('href'))")
    folder = "../contrib/example/image/a"
    assert links[:4] == [folder, f"{folder}/README.md", f"{folder}/model.py", "https://example.org/a"]
    width = browser.run("return document.querySelector('img').naturalWidth")
    assert width > 0, "the picture is one that a browser can read"
    assert "zoo run text/c" in browser.run("return document.querySelector('[data-model=\"text/c\"]').innerText")


def test_variants_are_chosen_and_compared(browser: Browser, tmp_path: Path) -> None:
    browser.show(tmp_path / "models.html", page(some()))
    browser.run(
        "const one = document.querySelector('article select'); one.value = '1'; one.dispatchEvent(new Event('input'))"
    )
    assert browser.run(TABLE.format("image/a")) == ["onnx 90/s"]
    assert "none (random weights)" in browser.run("return document.querySelector('article').innerText")
    browser.run("document.querySelectorAll('article details').forEach((one) => { one.open = true })")
    rows = "return [...document.querySelectorAll('article details tbody tr')].map((row) => row.innerText)"
    browser.run("return new Promise((done) => setTimeout(done, 50))")
    assert [row.split("\t")[0] for row in browser.run(rows)] == ["a1", "a2"]
    assert "a3" in browser.run("return document.querySelector('article details:last-child').innerText")


def test_search_filters_and_order(browser: Browser, tmp_path: Path) -> None:
    browser.show(tmp_path / "models.html", page(some()))
    everything = ["image/a", "text/b", "text/c"]
    assert browser.shown() == everything
    assert browser.run("return document.getElementById('shown').textContent") == "3 of 3 models"
    for control, value, expected in [
        ("search", "BSD paddle", ["text/b"]),
        ("search", "a3", ["image/a"]),
        ("domain", "text", ["text/b", "text/c"]),
        ("target", "cpu", ["image/a"]),
        ("dtype", "float16", ["image/a", "text/b"]),
        ("verdict", "FAIL", ["text/b"]),
        ("verdict", "not run", ["text/c"]),
    ]:
        browser.set(control, value)
        assert browser.shown() == expected, (control, value)
        browser.set(control, "")
    browser.set("target", "cpu")
    browser.set("verdict", "not run")
    assert browser.shown() == ["text/b", "text/c"]
    browser.set("target", "")
    browser.set("verdict", "")
    browser.set("order", "rate")
    assert browser.shown()[0] == "image/a"
    browser.set("order", "")
    assert browser.shown() == everything


def test_a_variant_that_is_searched_for_is_shown(browser: Browser, tmp_path: Path) -> None:
    browser.show(tmp_path / "models.html", page(some()))
    browser.set("search", "a2")
    assert browser.run("return document.querySelector('article select').value") == "1"
    assert browser.run(TABLE.format("image/a")) == ["onnx 90/s"]


def test_both_languages(browser: Browser, tmp_path: Path) -> None:
    browser.show(tmp_path / "models.html", page(some()))
    for language, title, part in [("zh", "模型", "未运行：cuda。"), ("en", "Models", "Not run: cuda.")]:
        browser.run("document.getElementById('language').click(); return new Promise((done) => setTimeout(done, 200))")
        assert browser.run("return document.documentElement.lang") == language
        assert browser.run("return document.title") == title
        assert part in browser.run("return document.querySelector('article').innerText")


def test_narrow_screens_need_no_sideways_scrolling(browser: Browser, tmp_path: Path) -> None:
    cards = some()
    long = "a_very_long_name_of_a_variant.with_many_parts_in22k_ft_in1k_384"
    own = [replace(one, variant=long) for one in cards[0].results]
    cards[0] = replace(cards[0], id="classification/" + "x" * 60, variants=[long, "other"], results=own)
    for width in (390, 1280):
        browser.show(tmp_path / "models.html", page(cards), width)
        assert browser.run("return innerWidth") == width
        assert browser.run("return document.documentElement.scrollWidth") <= width


def test_texts_are_no_markup_in_the_browser(browser: Browser, tmp_path: Path) -> None:
    model = some()[0]
    own = [
        replace(
            one, metric=HOSTILE, host=HOSTILE, data=HOSTILE, weights=HOSTILE, versions={HOSTILE: HOSTILE}, date=HOSTILE
        )
        for one in model.results
    ]
    changed = replace(
        model, id=HOSTILE, link=HOSTILE, title=HOSTILE, framework=HOSTILE, source=f"javascript:alert(1) {HOSTILE}",
        licence=HOSTILE, fault=HOSTILE, results=own, variants=["a1", HOSTILE],
        published={"a1": Figure(HOSTILE, 0.5, HOSTILE)}, picture="",
    )  # fmt: skip
    browser.show(tmp_path / "models.html", page([changed]))
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    browser.run("return new Promise((done) => setTimeout(done, 100))")
    assert browser.run("return document.title") == "Models"
    assert browser.run("return document.querySelectorAll('img, article b b, article script').length") == 0
    assert HOSTILE in browser.run("return document.querySelector('article').textContent")
    links = browser.run("return [...document.querySelectorAll('article a')].map((one) => one.protocol)")
    assert set(links) == {"file:"}


def test_the_page_of_many_models_works(browser: Browser, tmp_path: Path) -> None:
    browser.show(tmp_path / "models.html", page(many()))
    assert len(browser.shown()) == 150
    browser.set("search", "variant_3_of_a_long.name_in1k_0")
    assert browser.shown() == ["domain0/network_with_a_name_0"]
    assert browser.run("return document.querySelector('article:not([hidden]) select').selectedOptions[0].text") == (
        "variant_3_of_a_long.name_in1k_0"
    )
