"""Retrieval in BEIR's layout: what is read, what is refused, and figures after the definitions of trec_eval."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from utils.datasets.beir import Document, Judged, Query, Retrieval, is_retrieval
from utils.datasets.sts import Side
from utils.metrics.embedding import EmbeddingQuality
from utils.metrics.retrieval import RetrievalQuality, figures
from utils.metrics.similarity import SimilarityCorrelation
from zoo_core.errors import DataError

CORPUS = (
    {"_id": "d1", "title": "Bread", "text": "is baked."},
    {"_id": "d2", "title": "", "text": "Trains are late."},
    {"_id": "d3", "text": "Soup."},
)
QUERIES = ({"_id": "q1", "text": "what is baked"}, {"_id": "q2", "text": "late"}, {"_id": "q3", "text": "unjudged"})
ROWS = ("query-id\tcorpus-id\tscore", "q1\td1\t2", "q1\td3\t1", "q1\td2\t0", "q2\td2\t1")


def beir(folder: Path, corpus: Any = CORPUS, queries: Any = QUERIES, rows: Any = ROWS) -> Path:
    (folder / "qrels").mkdir(exist_ok=True)
    for name, lines in (("corpus.jsonl", corpus), ("queries.jsonl", queries)):
        said = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (folder / name).write_text("".join(f"{line}\n" for line in said), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_queries_with_judgements_come_first_and_documents_have_their_titles(tmp_path: Path) -> None:
    samples = list(Retrieval(beir(tmp_path)))
    assert [one.id for one in samples] == ["query q1", "query q2", "document d1", "document d2", "document d3"]
    assert [str(one.data) for one in samples[2:]] == ["Bread is baked.", "Trains are late.", "Soup."]
    assert isinstance(samples[0].data, Query)
    assert isinstance(samples[2].data, Document)
    assert [one.truth for one in samples[1:3]] == [Judged("q2", {"d2": 1}), Judged("d1", None)]
    assert samples[0].truth.grades == {"d1": 2, "d3": 1}
    assert is_retrieval(tmp_path)
    assert not is_retrieval(tmp_path / "corpus.jsonl")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"corpus": (*CORPUS, CORPUS[0])}, r"corpus.jsonl, line 4: the id 'd1' stands in this file already"),
        ({"corpus": ("{",)}, r"corpus.jsonl, line 1: this is not JSON"),
        ({"corpus": ("[]",)}, r"line 1: a JSON object is expected, got '\[\]'"),
        ({"corpus": ({"_id": 1, "text": "a"},)}, "line 1: expected"),
        ({"corpus": ({"_id": "d1"},)}, "line 1: expected"),
        ({"corpus": ({"_id": "d1", "text": " "},)}, "line 1: the text of 'd1' is empty"),
        ({"corpus": ()}, "there is no text in this file"),
        ({"queries": ({"_id": "q1", "text": ["a"]},)}, "queries.jsonl, line 1"),
        ({"rows": ROWS[1:]}, r"test.tsv, line 1: the header is query-id corpus-id score, got \['q1'"),
        ({"rows": (*ROWS, "q1\td9\t1")}, "line 6: there is no document 'd9'"),
        ({"rows": (*ROWS, "q9\td1\t1")}, "line 6: there is no query 'q9'"),
        ({"rows": (*ROWS, "q1\td1\t2")}, "line 6: query 'q1' and document 'd1' stand twice"),
        ({"rows": (*ROWS, "q2\td1\tyes")}, "line 6: the score is a whole number, got 'yes'"),
        ({"rows": (*ROWS, "q2 d1 1")}, "line 6: 1 fields, expected 3"),
        ({"rows": (ROWS[0], "q1\td1\t0")}, "no document answers any query"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Retrieval(beir(tmp_path, **wrong))


def test_missing_files_are_named(tmp_path: Path) -> None:
    beir(tmp_path)
    (tmp_path / "qrels" / "test.tsv").rename(tmp_path / "qrels" / "other.tsv")
    with pytest.raises(DataError, match=r"there is no qrels/test.tsv or qrels/dev.tsv"):
        Retrieval(tmp_path)
    (tmp_path / "queries.jsonl").unlink()
    with pytest.raises(DataError, match=r"queries.jsonl: this file cannot be read"):
        Retrieval(tmp_path)


class Found(NamedTuple):
    vector: np.ndarray


def counted(metric: Any, vectors: dict[str, Any], grades: dict[str, dict[str, int]]) -> Any:
    for name, vector in vectors.items():
        truth = Judged(name, grades.get(name)) if name.startswith("q") else Judged(name, None)
        metric.update([Found(np.array(vector, np.float32))], [truth])
    return metric


def test_figures_worked_by_hand() -> None:
    """Of d1 (grade 2), d3 (grade 1): found at places 2 and 3."""
    ndcg, *recalls = figures(["d2", "d1", "d3"], {"d1": 2, "d3": 1}, "q1")
    assert ndcg == pytest.approx((2 / math.log2(3) + 1 / math.log2(4)) / (2 / math.log2(2) + 1 / math.log2(3)))
    assert recalls == [0, 1, 1]
    assert figures(["q1", "d1"], {"d1": 1}, "q1") == (1, 1, 1, 1)  # a document that is the query itself


def reference(vectors: dict[str, Any], grades: dict[str, dict[str, int]]) -> dict[str, float]:
    """The same with all documents in one sorted list."""
    found = []
    for query, known in grades.items():
        known = {name: grade for name, grade in known.items() if grade > 0}
        if not known:
            continue
        scores = {name: float(np.dot(vectors[query], vector)) for name, vector in vectors.items() if name[0] == "d"}
        order = sorted(sorted(scores, reverse=True), key=lambda name: -scores[name])
        gain = sum(known.get(name, 0) / math.log2(place + 2) for place, name in enumerate(order[:10]))
        best = sorted(known.values(), reverse=True)[:10]
        ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(best))
        recalls = [len(set(order[:depth]) & set(known)) / len(known) for depth in (1, 10, 100)]
        found.append([gain / ideal, *recalls])
    names = ("ndcg_at_10", "recall_at_1", "recall_at_10", "recall_at_100")
    return dict(zip(names, np.mean(found, axis=0), strict=True))


def test_figures_of_many_documents_with_equal_scores() -> None:
    random = np.random.default_rng(0)
    vectors = {f"d{number}": random.integers(-1, 2, 3) for number in range(300)}
    vectors |= {f"q{number}": random.integers(-2, 3, 3) for number in range(20)}
    grades = {
        f"q{number}": {f"d{one}": int(random.integers(0, 3)) for one in random.permutation(300)[:40]}
        for number in range(20)
    }
    metric = counted(RetrievalQuality(), vectors, grades_above(grades))
    assert metric.compute() == pytest.approx(reference(vectors, grades))
    assert [info.name for info in metric.infos] == list(metric.compute())


def grades_above(grades: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    return {query: {one: grade for one, grade in known.items() if grade > 0} for query, known in grades.items()}


def test_counts_of_several_processes_are_joined() -> None:
    vectors = {"d1": [1, 0], "d2": [0, 1], "q1": [1, 0.1], "q2": [1, 0]}
    grades = {"q1": {"d1": 1}, "q2": {"d2": 1}}
    whole = counted(EmbeddingQuality(), vectors, grades)
    one = counted(EmbeddingQuality(), {"d1": [1, 0], "q2": [1, 0]}, grades)
    other = counted(EmbeddingQuality(), {"d2": [0, 1], "q1": [1, 0.1]}, grades)
    joined = EmbeddingQuality()
    for part in (one, other):
        joined.merge(json.loads(json.dumps(part.state())))
    assert joined.compute() == whole.compute()
    assert whole.compute()["recall_at_1"] == 0.5
    with pytest.raises(DataError, match="query q2 was counted here and there"):
        joined.merge(one.state())
    for wrong in ({"queries": {}}, {"queries": {"q": 1}, "documents": {}}, {"queries": [], "documents": []}):
        with pytest.raises(DataError, match="not the counts of a retrieval"):
            RetrievalQuality().merge(wrong)
    assert all(math.isnan(value) for value in counted(RetrievalQuality(), {"d1": [1, 0]}, {}).compute().values())
    with pytest.raises(DataError, match="no text was counted"):
        RetrievalQuality().compute()


def test_a_text_that_comes_twice_counts_nothing() -> None:
    metric = counted(RetrievalQuality(), {"d1": [1, 0]}, {})
    for truths, told in (
        ([Judged("d2", None), Judged("d1", None)], "document 'd1' comes a second time"),
        ([Judged("q", {}), Judged("q", {})], "query 'q' comes a second time"),
        ([Judged("d2", None), "d3"], "the id of a query or of a document"),
    ):
        with pytest.raises(DataError, match=told):
            metric.update([Found(np.ones(2))] * 2, truths)
    assert list(metric.state()["documents"]) == ["d1"]


def test_the_kind_of_truth_chooses_the_metric() -> None:
    metric = EmbeddingQuality()
    assert metric.infos == SimilarityCorrelation.infos
    with pytest.raises(DataError, match="no sentence was counted"):
        metric.compute()
    metric = EmbeddingQuality()
    metric.update([Found(np.ones(2))], [Side("1", 1, 3.0)])
    with pytest.raises(DataError, match="pair, side and score"):
        metric.update([Found(np.ones(2))], [Judged("d1", None)])
    metric = counted(EmbeddingQuality(), {"d1": [1, 0]}, {})
    assert metric.infos[0].name == "ndcg_at_10"
