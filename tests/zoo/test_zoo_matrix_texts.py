"""The pages of the matrix: titles, licences, host names and addresses are text, and never markup."""

from dataclasses import replace
from typing import Any

import pytest

from zoo.contributing.matrix.collect import Card, Figure
from zoo.contributing.matrix.listing import listing
from zoo.contributing.matrix.page import page
from zoo.contributing.matrix.results import Result

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)> | [x](javascript:alert(3)) `c` **d**\n# e &lt;"
)


def hostile() -> Card:
    names = ("model", "variant", "target", "dtype", "weights", "metric", "date", "host", "data")
    said: dict[str, Any] = dict.fromkeys(names, HOSTILE)
    figures = {"value": 0.5, "agreement": 0.9, "samples": 9, "throughput": 1.0, "p50": 1.0, "p99": None, "batch": 1}
    one = Result(**said, **figures, verdict="pass", versions={HOSTILE: HOSTILE})
    source = HOSTILE + " https://example.org/a(b)<c>\"onclick='alert(4)'"
    texts = {
        "id": HOSTILE,
        "link": HOSTILE,
        "title": HOSTILE,
        "framework": HOSTILE,
        "source": source,
        "licence": HOSTILE,
    }
    published = {HOSTILE: Figure(HOSTILE, 0.5, HOSTILE)}
    return Card(
        **texts, variants=[HOSTILE], possible=[(HOSTILE, HOSTILE)], published=published, fault=HOSTILE, results=[one]
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_are_no_markup_in_markdown(language: str) -> None:
    for card in (hostile(), replace(hostile(), fault="")):
        text = listing([card], language)
        plain = text.replace("<br>", "")
        assert "<" not in plain
        assert "](javascript" not in text.replace("\\](", "")
        assert [line for line in text.splitlines() if line.startswith("#")] == [
            line for line in text.splitlines() if line.startswith(("# ", "## &lt;"))
        ]
        rows = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("| ")]
        assert len({row.count("|") for row in rows}) <= 2, "no text adds a column"


def test_texts_are_no_markup_in_html() -> None:
    text = page([hostile()])
    assert text.count("<script") == 2
    assert text.count("</script") == 2
    assert "<img" not in text
    assert "https://example.org/a" in text


def test_a_model_with_an_address_as_source_is_linked() -> None:
    card = Card("a/b", "../contrib/example/a/b", "B", source="code of https://example.org/net, MIT")
    text = listing([card], "en")
    assert "(https://example.org/net)" in text
    assert "(../contrib/example/a/b/README.md)" in text
