"""Metrics of retrieval by embeddings: nDCG and recall, as trec_eval and BEIR define them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.datasets.beir import Judged
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import are_vectors, fields_of, foreign, is_count
from zoo_core.errors import DataError

_BEST = 10**6  # no grade is higher
DEPTH, RECALLS = 10, (1, 10, 100)
AT_ONCE = 256  # queries that are compared with all documents together: this bounds memory


class RetrievalQuality:
    """nDCG@10 (primary) and recall at 1, 10 and 100 documents, of documents ordered by the product of their embedding
    with the query's; the mean over the queries that some document answers.

    Of equal products, the document whose id is the last by alphabet comes first, as in trec_eval. A document that has
    the query's own id is passed over, as in BEIR. All embeddings are kept: 4 bytes a number.
    """

    infos = (
        MetricInfo(f"ndcg_at_{DEPTH}", "fraction", 0.0, 1.0, True),
        *(MetricInfo(f"recall_at_{depth}", "fraction", 0.0, 1.0, True) for depth in RECALLS),
    )

    def __init__(self) -> None:
        self._queries: dict[str, tuple[np.ndarray, Mapping[str, int]]] = {}
        self._documents: dict[str, np.ndarray] = {}

    def update(self, predictions: Sequence[Any], truths: Sequence[Judged]) -> None:
        """Count one batch: embeddings, as objects with `.vector`, float [D]; and what is known of each text.

        Raises:
            DataError: different lengths, a truth that is no Judged, or a text that was counted before. Nothing of the
                batch has been counted then.
        """
        require_as_many(predictions, truths)
        seen: set[tuple[bool, str]] = set()
        for truth in truths:
            if not isinstance(truth, Judged):
                raise DataError(f"truth {truth!r:.80}: the id of a query or of a document is expected.")
            document = truth.grades is None
            if truth.name in (self._documents if document else self._queries) or (document, truth.name) in seen:
                raise DataError(f"{'document' if document else 'query'} {truth.name!r:.60} comes a second time.")
            seen.add((document, truth.name))
        for prediction, truth in zip(predictions, truths, strict=True):
            vector = np.asarray(prediction.vector, np.float32)
            if truth.grades is None:
                self._documents[truth.name] = vector
            else:
                self._queries[truth.name] = (vector, truth.grades)

    def compute(self) -> dict[str, float]:
        """The figures by their names.

        They are NaN where queries or documents are missing, as in one of several processes that share the texts.
        DataError when nothing was counted.
        """
        if not self._queries and not self._documents:
            raise DataError("no text was counted, so nothing was retrieved. Is the data set empty?")
        found = list(self._of_queries()) if self._documents else []
        if not found:
            return {info.name: math.nan for info in self.infos}
        return dict(zip((info.name for info in self.infos), np.mean(found, axis=0).tolist(), strict=True))

    def _of_queries(self) -> Any:
        """(nDCG, recalls …) of each query that some document answers."""
        names = sorted(self._documents, reverse=True)
        documents = np.stack([self._documents[name] for name in names]).astype(np.float64)
        asked = [(name, *known) for name, known in self._queries.items() if known[1]]
        for piece in range(0, len(asked), AT_ONCE):
            some = asked[piece : piece + AT_ONCE]
            products = np.stack([vector for _, vector, _ in some]).astype(np.float64) @ documents.T
            for (query, _, grades), row in zip(some, products, strict=True):
                yield figures([names[place] for place in _best(row, max(RECALLS) + 1)], grades, query)

    def state(self) -> dict[str, Any]:
        """{"queries": {id: [embedding, {document: grade}]}, "documents": {id: embedding}}."""
        return {
            "queries": {name: [vector.tolist(), dict(grades)] for name, (vector, grades) in self._queries.items()},
            "documents": {name: vector.tolist() for name, vector in self._documents.items()},
        }

    def merge(self, state: dict[str, Any]) -> None:
        """Add what another process counted, as its `state()` gave it; DataError when it is not that."""
        fields = fields_of(state, ("queries", "documents"), "a retrieval")
        if not all(isinstance(one, dict) for one in fields.values()):
            raise foreign("a retrieval", state)
        asked = list(fields["queries"].values())
        if not all(isinstance(one, list) and len(one) == 2 and _are_grades(one[1]) for one in asked):
            raise foreign("a retrieval", state)
        vectors = [*(vector for vector, _ in asked), *fields["documents"].values()]
        own = [*(vector for vector, _ in self._queries.values()), *self._documents.values()]
        if not are_vectors(vectors) or len({len(one) for one in (*own[:1], *vectors)}) > 1:
            raise foreign("a retrieval", state)
        queries = {
            name: (np.array(vector, np.float32), dict(grades)) for name, (vector, grades) in fields["queries"].items()
        }
        documents = {name: np.array(vector, np.float32) for name, vector in fields["documents"].items()}
        for kind, mine, others in (("query", self._queries, queries), ("document", self._documents, documents)):
            twice = [name for name in others if name in mine]
            if twice:
                raise DataError(f"{kind} {twice[0]} was counted here and there.")
        self._queries |= queries
        self._documents |= documents


def _are_grades(grades: Any) -> bool:
    return isinstance(grades, dict) and all(is_count(one) and 0 < one <= _BEST for one in grades.values())


def figures(ranked: Sequence[str], grades: Mapping[str, int], query: str) -> tuple[float, ...]:
    """nDCG at 10 and recalls of one query.

    Args:
        ranked: ids of documents, best first.
        grades: how well documents answer, above 0; at least one.
        query: its id.
    """
    gains = [grades.get(name, 0) for name in ranked if name != query]
    ideal = sorted(grades.values(), reverse=True)
    recalls = (sum(gain > 0 for gain in gains[:depth]) / len(ideal) for depth in RECALLS)
    return (_discounted(gains[:DEPTH]) / _discounted(ideal[:DEPTH]), *recalls)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    """The places of the `count` largest, best first; of equals, the first."""
    if len(scores) > count:
        least = np.partition(scores, -count)[-count]
        kept = np.flatnonzero(scores >= least)
        return kept[np.argsort(-scores[kept], kind="stable")][:count]
    return np.argsort(-scores, kind="stable")
