"""Question answering: what the network is given of a long text, what becomes of its scores, and who asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from utils.datasets.squad import Question
from utils.postprocess.answers import Span
from zoo.catalogue import load
from zoo.running.padding import stacked
from zoo.tasks.question_answering import AT_ONCE, Answer, QuestionAnswering
from zoo_core.errors import DataError

SENTENCE = "Leo drives a red lorry. Nora owns a white bird. Mia has a flat in Porto. "
LONG = Question("Where does Mia live?", SENTENCE * 9 + "Anna lives in Lyon.")
SHORT = Question("What does Leo drive?", "Leo drives a red lorry.")


@pytest.fixture
def task() -> Any:
    return load("nlp/question_answering").variant().task


class Network:
    """Scores that say which token a score is of, and which window: so nothing can be mixed up unseen."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def __call__(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        ids, mask, types = arrays
        assert ids.shape == mask.shape == types.shape
        assert (ids[mask == 0] == 0).all()
        assert (types[mask == 0] == 0).all()
        self.rows.append(len(ids))
        scores = (ids * 100 + np.arange(ids.shape[1]) + types).astype(np.float32)
        return [scores, -scores]


def run(task: Any, network: Any, *asked: Question) -> tuple[list[np.ndarray], list[Any]]:
    rows, metas = zip(*(task.preprocess(one) for one in asked), strict=True)
    return task.run({"": network}, stacked(list(rows), task.padding, [])), list(metas)


def test_windows_of_a_batch_are_what_each_would_be_alone(task: Any) -> None:
    network = Network()
    together, metas = run(task, network, SHORT, LONG, replace_question(LONG))
    assert sum(network.rows) == sum(len(meta.ids) for meta in metas) > 3
    for number, one in enumerate((SHORT, LONG, replace_question(LONG))):
        (alone, _), (meta,) = run(task, Network(), one)
        for place, ids in enumerate(meta.ids):
            expected = ids * 100 + np.arange(len(ids)) + meta.types[place]
            np.testing.assert_array_equal(alone[0, place, : len(ids)], expected)
            np.testing.assert_array_equal(together[0][number, place, : len(ids)], expected)


def replace_question(asked: Question) -> Question:
    return asked._replace(question="Who lives in Lyon?")


def test_a_very_long_text_is_given_in_pieces(task: Any) -> None:
    network = Network()
    _, (meta,) = run(task, network, Question("Who?", SENTENCE * 150))
    assert len(meta.ids) > 2 * AT_ONCE
    assert max(network.rows) == AT_ONCE
    assert sum(network.rows) == len(meta.ids)


def scored(meta: Any, window: int, words: str, none: float = 0.0) -> list[np.ndarray]:
    """Scores that choose `words` in a window, and elsewhere what `none` says."""
    scores = np.full((2, 1, len(meta.ids), max(map(len, meta.ids))), -5, np.float32)
    scores[..., 0] = none / 2
    begin = meta.context.rindex(words) if window else meta.context.index(words)
    offsets = meta.offsets[window]
    first = next(place for place, span in enumerate(offsets) if span and span[0] == begin)
    last = next(place for place, span in enumerate(offsets) if span and span[1] == begin + len(words))
    scores[0, 0, window, first] = scores[1, 0, window, last] = 2
    return list(scores)


def test_the_answer_is_cut_out_of_the_text_with_its_capitals(task: Any) -> None:
    _, meta = task.preprocess(LONG)
    last = len(meta.ids) - 1
    (found,) = task.postprocess(scored(meta, last, "Anna"), [meta])
    assert found.text == "Anna"
    assert found.span[:2] == (LONG.context.index("Anna"), LONG.context.index("Anna") + 4)
    assert task.describe(found, 1) == f"Anna (read in {last + 1} windows)"
    assert task.to_json(found)["best_span"] == {"start": found.span.start, "end": found.span.end, "score": 4.0}
    assert task.draw(LONG, found).width == 512


def test_no_answer_is_said_where_every_window_says_so(task: Any) -> None:
    _, meta = task.preprocess(LONG)
    outputs = scored(meta, 0, "Porto", none=9)
    (found,) = task.postprocess(outputs, [meta])
    assert (found.text, found.none) == ("", 9.0)
    assert task.describe(found, 1).startswith("no answer in this text")
    assert task.draw(LONG, found).width == 512
    for scores in outputs:
        scores[0, 0, 0] = -1.0  # one window does not
    assert task.postprocess(outputs, [meta])[0].text == "Porto"
    always = replace(task, may_be_none=False)
    assert always.postprocess(scored(meta, 0, "Porto", none=9), [meta])[0].text == "Porto"
    assert "with none" in task.source_identity != always.source_identity


def test_equal_scores_are_no_tie(task: Any) -> None:
    _, meta = task.preprocess(SHORT)
    (found,) = task.postprocess(scored(meta, 0, "a red lorry", none=4), [meta])
    assert found.text == "a red lorry"  # transformers says none only where its score is higher


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ([np.full((1, 1, 20), np.nan, np.float32)] * 2, "NaN or infinity"),
        ([np.zeros((1, 1, 3), np.float32)] * 2, "another model"),
        ([np.zeros((1, 20), np.float32)] * 2, "another model"),
        ([np.zeros((1, 1, 20), np.float32), np.zeros((1, 2, 20), np.float32)], "another model"),
    ],
)
def test_outputs_that_say_nothing_of_tokens_are_refused(task: Any, outputs: list[np.ndarray], told: str) -> None:
    _, meta = task.preprocess(SHORT)
    with pytest.raises(DataError, match=told):
        task.postprocess(outputs, [meta])


def test_who_asks(task: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Who drives?\nLeo drives\na van.\n")
    paragraphs = [{"context": text, "qas": [{"id": text, "question": "Who?"}]} for text in ("one", "two")]
    (tmp_path / "b.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    assert task.preprocess(tmp_path / "a.txt")[1].context == "Leo drives\na van.\n"
    mine = task.worded(["Why?", "When?"])
    assert [one.data for one in mine.samples_in(tmp_path / "a.txt")] == [
        Question(asked, "Who drives?\nLeo drives\na van.\n") for asked in ("Why?", "When?")
    ]
    assert [(one.id, one.data) for one in task.samples_in(tmp_path / "b.json")] == [
        ("b.json:one", Question("Who?", "one")),
        ("b.json:two", Question("Who?", "two")),
    ]
    assert [one.data for one in mine.samples_in(tmp_path / "b.json")][1:3] == [
        Question("When?", "one"),
        Question("Why?", "two"),
    ]
    assert len({one.id for one in mine.samples_in(tmp_path / "b.json")}) == 4
    for wrong in ("Who drives?", "Who drives?\n \n", "\nLeo drives a van."):
        (tmp_path / "c.txt").write_text(wrong)
        with pytest.raises(DataError, match=r"c.txt: a text file holds the question in its first line"):
            task.preprocess(tmp_path / "c.txt")


def test_other_lengths_share_less(task: Any) -> None:
    short = task.adapted(24, 1)
    assert (short.max_length, short.overlap) == (24, 8)
    assert task.adapted(500, 1).max_length == task.longest == 48
    assert len(short.preprocess(LONG)[1].ids) > len(task.preprocess(LONG)[1].ids)


def test_a_tie_is_one_to_both_runtimes() -> None:
    red, lorry, far = Span(0, 3, 5.0), Span(4, 9, 4.999), Span(20, 22, 1.0)
    one = Answer("red", red, (red, lorry, far), -3.0, 1)
    two = Answer("lorry", lorry, (lorry._replace(score=5.0), red._replace(score=4.999)), -3.0, 1)
    three = Answer("x", far, (far, red, lorry), -3.0, 1)
    none = Answer("", red, (red, lorry), 5.001, 1)
    check = QuestionAnswering.tied
    assert check(None, one, two, 1e-3)  # type: ignore[arg-type]
    assert not check(None, one, two, 1e-5)  # type: ignore[arg-type]
    assert not check(None, one, three, 1e-3)  # type: ignore[arg-type]
    assert not check(None, one, none, 1e-3)  # type: ignore[arg-type]
    assert check(None, replace(one, none=5.001), none, 1e-3)  # type: ignore[arg-type]
