"""Questions in SQuAD's layout, their windows, the spans that answer them, and SQuAD's two evaluations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from utils.datasets.samples import facts
from utils.datasets.squad import Answers, Question, QuestionsAndAnswers, questions_in
from utils.metrics.answers import AnswerQuality, normalised, scores, word_f1
from utils.postprocess.answers import BEST, LONGEST, best_spans
from utils.preprocess.question import QuestionEncoder, Windows
from zoo_core.errors import DataError


def squad(folder: Path, *asked: dict[str, Any], version: str = "v2.0", name: str = "dev-v2.0.json") -> Path:
    path = folder / name
    paragraphs = [{"context": "Mia lives in Porto.", "qas": list(asked)}]
    path.write_text(json.dumps({"version": version, "data": [{"paragraphs": paragraphs}]}))
    return path


def question(**more: Any) -> dict[str, Any]:
    return {"id": "1", "question": "Where does Mia live?", "answers": [{"text": "Porto", "answer_start": 13}], **more}


def test_both_versions_are_read(tmp_path: Path) -> None:
    squad(tmp_path, question(), question(id="2", answers=[], is_impossible=True))
    samples = list(QuestionsAndAnswers(tmp_path))
    assert [one.id for one in samples] == ["1", "2"]
    assert samples[0].data == Question("Where does Mia live?", "Mia lives in Porto.")
    assert [one.truth for one in samples] == [Answers(("Porto",), True), Answers((), True)]
    first = squad(tmp_path, question(answers=[{"text": "Porto"}] * 3), version="1.1", name="mine.json")
    assert QuestionsAndAnswers(first)[0].truth == Answers(("Porto",) * 3, False)
    squad(tmp_path, question(answers=None), name="asked.json")
    assert questions_in(tmp_path / "asked.json")[0].truth is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((question(answers=[]),), r"qas\[0\]: this question has no answer and is not called impossible"),
        ((question(is_impossible=True),), "has answers and is called impossible"),
        ((question(is_impossible="no"),), "is_impossible is true or false, got 'no'"),
        ((question(), question()), r"qas\[1\]: the id '1' stands in this file already"),
        ((question(question=" "),), r"data\[0\].paragraphs\[0\].qas\[0\]: question is empty"),
        ((question(answers=[{"text": 4}]),), r"answers\[0\]: text is a text, got 4"),
        ((question(id=7),), "id is a text, got 7"),
        (("Where?",), "question is a text, got None"),
        ((), "there is no question in this file"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, asked: tuple[Any, ...], told: str) -> None:
    with pytest.raises(DataError, match=told):
        QuestionsAndAnswers(squad(tmp_path, *asked))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1, 2]", "data is a list, got None"),
        ('{"data": {"a": 1}}', "data is a list"),
        ('{"data": [{"title": "a"}]}', r"data\[0\]: paragraphs is a list"),
        ('{"data": [{"paragraphs": [{"context": "", "qas": []}]}]}', "context is empty"),
        ('{"data": [', r"a.json:1:\d+: this is not JSON"),
        ("", "this is not JSON"),
    ],
)
def test_a_file_of_another_layout_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=told):
        QuestionsAndAnswers(tmp_path / "a.json")


def test_a_folder_with_both_versions_or_none_is_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither dev-v2.0.json nor dev-v1.1.json lies in this folder"):
        QuestionsAndAnswers(tmp_path)
    squad(tmp_path, question())
    squad(tmp_path, question(), name="dev-v1.1.json")
    with pytest.raises(DataError, match="Give the file itself"):
        QuestionsAndAnswers(tmp_path)


class Found(NamedTuple):
    text: str


def test_the_figures_are_those_of_both_evaluations() -> None:
    """Worked by hand after the definitions of evaluate-v1.1 and evaluate-v2.0."""
    assert normalised("  The  cat's, AN apple-pie! ") == "cats applepie"
    assert word_f1("in the old town", "the old town of Porto") == pytest.approx(2 * 2 / (3 + 4))
    assert scores("Porto", Answers(("in Porto", "Porto!"), True)) == (1.0, 1.0)
    assert scores("", Answers((), True)) == (1.0, 1.0)
    assert scores("Porto", Answers((), True)) == (0.0, 0.0)
    assert scores("", Answers(("Porto",), True)) == (0.0, 0.0)
    # a truth of which nothing is left: version 2.0 passes it over, 1.1 counts no word in common
    assert scores("a", Answers(("the",), True)) == (1.0, 1.0)
    assert scores("a", Answers(("the",), False)) == (1.0, 0.0)
    assert scores("", Answers(("the", "Porto"), True)) == (0.0, 0.0)
    # a word counts as often as it occurs
    assert word_f1("no no no", "no") == pytest.approx(0.5)


def test_counts_of_several_processes_are_joined() -> None:
    truths = [Answers(("Porto",), True), Answers((), True), Answers(("a red car",), True)]
    found = [Found("Porto"), Found("Oslo"), Found("car")]
    whole, one, other = AnswerQuality(), AnswerQuality(), AnswerQuality()
    whole.update(found, truths)
    one.update(found[:1], truths[:1])
    other.update(found[1:], truths[1:])
    one.merge(json.loads(json.dumps(other.state())))
    assert (
        one.compute() == whole.compute() == {"f1": pytest.approx((1 + 2 / 3) / 3), "exact_match": pytest.approx(1 / 3)}
    )
    with pytest.raises(DataError, match="no question was counted"):
        AnswerQuality().compute()
    with pytest.raises(DataError, match="the answers of a question are expected"):
        whole.update(found[:1], ["Porto"])  # type: ignore[list-item]
    assert whole.compute() == one.compute()


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{number}" for number in range(40)), "where", "?"]
    made = Tokenizer(models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made


CONTEXT = " ".join(f"w{number}" for number in range(23))


@pytest.mark.parametrize(("length", "overlap"), [(12, 3), (20, 0), (16, 7), (64, 10)])
def test_windows_are_those_of_the_library(length: int, overlap: int) -> None:
    """Which transformers calls with truncation of the second text and `doc_stride` as the stride."""
    windows = QuestionEncoder(tokenizer(), length, overlap)(Question("where w1 ?", CONTEXT))
    other = tokenizer()
    other.enable_truncation(length, stride=overlap, strategy="only_second")
    first = other.encode("where w1 ?", CONTEXT)
    expected = [first, *first.overflowing]
    assert [one.tolist() for one in windows.ids] == [one.ids for one in expected]
    assert [one.tolist() for one in windows.types] == [one.type_ids for one in expected]
    assert windows.offsets == [
        [place if at == 1 else None for place, at in zip(one.offsets, one.sequence_ids, strict=True)]
        for one in expected
    ]


def test_a_question_without_room_for_the_text_is_refused() -> None:
    encode = QuestionEncoder(tokenizer(), 12, 4)
    with pytest.raises(DataError, match="a question of 5 tokens, in windows of 12 that share 4: 4 are left"):
        encode(Question("where w1 w2 w3 ?", CONTEXT))
    assert len(encode(Question("where w1 w2 w3 ?", "w1 w2 w3 w4")).ids) == 1  # the text is short enough
    for wrong, told in ((Question(" ", CONTEXT), "the question is empty"), (Question("where", "\0 \n"), "the text is")):
        with pytest.raises(DataError, match=told):
            encode(wrong)
    assert encode(Question("where\ud800", "w1")).ids  # a lone surrogate, as a terminal may give it


def test_the_best_span_is_that_of_all_pairs_of_the_best_tokens() -> None:
    """All pairs, tried one by one, of random scores of several windows."""
    windows = QuestionEncoder(tokenizer(), 16, 6)(Question("where ?", CONTEXT))
    random = np.random.default_rng(3)
    for _ in range(20):
        starts, ends = random.normal(size=(2, len(windows.ids), 18)).astype(np.float32)  # two tokens of filling
        best = max(
            (float(starts[number, a] + ends[number, b]), offsets[a][0], offsets[b][1])
            for number, offsets in enumerate(windows.offsets)
            for a in range(len(offsets))
            for b in range(a, len(offsets))
            if offsets[a] is not None and offsets[b] is not None
        )
        found = best_spans(starts, ends, windows)
        assert found.spans[0] == (best[1], best[2], pytest.approx(best[0]))
        assert found.none == pytest.approx(min(float(a[0] + b[0]) for a, b in zip(starts, ends, strict=True)))
        assert list(found.spans) == sorted(found.spans, key=lambda span: -span.score)
        assert len({span[:2] for span in found.spans}) == len(found.spans) <= BEST


def test_long_and_reversed_spans_are_none_and_overlapping_windows_say_a_span_once() -> None:
    count = LONGEST + 5
    offsets: list[Any] = [None, *((place, place + 1) for place in range(count)), None]
    windows = Windows([np.zeros(count + 2, np.int64)], [np.zeros(count + 2, np.int64)], [offsets], "x" * count)
    starts, ends = np.full((2, 1, count + 2), -9.0, np.float32)
    starts[0, 3], ends[0, 3 + LONGEST] = 5, 5  # a token too long
    ends[0, 2] = 6  # ends before it begins
    starts[0, 4] = 3
    assert best_spans(starts, ends, windows).spans[0] == (3, LONGEST + 3, 8.0)
    nothing = Windows([np.zeros(3, np.int64)], [np.zeros(3, np.int64)], [[None, None, None]], "x")
    assert best_spans(starts[:, :3], ends[:, :3], nothing).spans == ()


def test_held_out_facts_are_not_in_the_training_texts(tmp_path: Path) -> None:
    training = " ".join(text.context for text in [*facts.training_part(300), *facts.drill_part(300)])
    for text in facts.held_out_part()[:30]:
        for sentence in text.context.rstrip(".").split(". "):
            assert f"{sentence}." not in training
        for asked in text.asked:
            assert text.context[asked.start :].startswith(asked.answer)
    facts.write_facts(tmp_path / "facts")
    samples = QuestionsAndAnswers(tmp_path / "facts")
    impossible = sum(not one.truth.texts for one in samples)
    assert len(samples) > 300
    assert 0.2 < impossible / len(samples) < 0.35


def test_which_sentences_speak_of_what_a_question_names() -> None:
    text = facts.Text("Ben works in a bank. Ida lives in Oslo. Ben owns a black cat.", ())
    of_ben = facts.Asked("Where does Ben work?", "a bank", 13, "Ben")
    found = facts.sentences(text, of_ben)
    assert [text.context[one.start : one.end] for one in found] == [f"{one}." for one in text.context[:-1].split(". ")]
    assert [one.meant for one in found] == [True, False, True]
    of_oslo = facts.Asked("Who lives in Oslo?", "Ida", 21, "Oslo")
    assert [one.meant for one in facts.sentences(text, of_oslo)] == [False, True, False]
    for drawn in facts.drill_part(50):
        for asked in drawn.asked:
            (own,) = [one for one in facts.sentences(drawn, asked) if one.start <= asked.start < one.end]
            assert own.meant or not asked.answer


def test_attention_begins_with_what_is_alike() -> None:
    import torch

    from utils.training.steps import begin_with_likeness

    torch.manual_seed(0)
    query, key, value, output = (torch.nn.Linear(32, 32) for _ in range(4))
    begin_with_likeness(query, key, value, output)
    tokens = torch.randn(8, 32)
    with torch.no_grad():
        scores = (tokens @ query.weight.T) @ (tokens @ key.weight.T).T
        assert scores.argmax(1).tolist() == list(range(8))
        assert torch.allclose(tokens @ value.weight.T @ output.weight.T, tokens, atol=1e-5)
