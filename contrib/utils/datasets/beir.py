"""Retrieval data in BEIR's layout: corpus.jsonl, queries.jsonl, and in qrels/ which documents answer which query.

A line of corpus.jsonl is {"_id", "title", "text"}, one of queries.jsonl {"_id", "text"}; a row of qrels/test.tsv is
query-id, corpus-id and score with tabs between them, under a header. Source: Thakur et al., BEIR, 2021.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.datasets.tsv import require_fields, rows_of
from utils.text_file import read_lines
from zoo_core.errors import DataError

CORPUS, QUERIES = "corpus.jsonl", "queries.jsonl"
# What people score on comes first
JUDGEMENTS = ("qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv", "qrels.tsv")
HEADER = ["query-id", "corpus-id", "score"]


class Query(str):
    """A text that asks."""


class Document(str):
    """A text that may answer."""


class Judged(NamedTuple):
    """What is known of a query or a document.

    Attributes:
        name: its id.
        grades: of a query, how well documents answer it, by their ids, above 0; None for a document.
    """

    name: str
    grades: Mapping[str, int] | None


class Retrieval(Listed):
    """A sample a query that somebody judged documents for, then one a document: id "query <id>" or "document <id>",
    data a `Query` or `Document` (title and text of it, a space between them), truth `Judged`.

    Args:
        root: the folder.

    Raises:
        DataError: a file is missing, a line is no JSON object with its fields, an id stands twice, a score is no whole
            number, or a judgement names a query or a document that there is not; names the line.
    """

    def __init__(self, root: str | Path) -> None:
        folder = Path(root)
        queries, corpus = _texts(folder / QUERIES, titled=False), _texts(folder / CORPUS, titled=True)
        grades = _grades(_judgements(folder), queries, corpus)
        self._samples = [
            *(Sample(f"query {name}", Query(queries[name]), Judged(name, found)) for name, found in grades.items()),
            *(Sample(f"document {name}", Document(text), Judged(name, None)) for name, text in corpus.items()),
        ]


def is_retrieval(root: Path) -> bool:
    """Whether a folder has this layout."""
    return root.is_dir() and (root / CORPUS).exists()


def _texts(path: Path, titled: bool) -> dict[str, str]:
    """The texts of a file by their ids."""
    found: dict[str, str] = {}
    for number, content in _lines(path):
        name, text = content.get("_id"), content.get("text")
        title = content.get("title", "") if titled else ""
        if not isinstance(name, str) or not name or not isinstance(text, str) or not isinstance(title, str):
            raise DataError(f'{path}, line {number}: expected {{"_id": text, "text": text}}, got {content!r:.80}.')
        if name in found:
            raise DataError(f"{path}, line {number}: the id {name!r:.60} stands in this file already.")
        found[name] = f"{title} {text}".strip()
        if not found[name]:
            raise DataError(f"{path}, line {number}: the text of {name!r:.60} is empty.")
    if not found:
        raise DataError(f"{path}: there is no text in this file.")
    return found


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            try:
                content = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path}, line {number}: this is not JSON: {error}.") from error
            if not isinstance(content, dict):
                raise DataError(f"{path}, line {number}: a JSON object is expected, got {line.strip()!r:.60}.")
            yield number, content


def _judgements(folder: Path) -> Path:
    check_folder(folder)
    for name in JUDGEMENTS:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{folder}: there is no {' or '.join(JUDGEMENTS)}, which says which document answers which query.")


def _grades(path: Path, queries: Mapping[str, str], corpus: Mapping[str, str]) -> dict[str, Mapping[str, int]]:
    """Of each query with a judgement, the documents that answer it; a score of 0 or less says that one does not."""
    rows = list(rows_of(path))
    if rows[0][1] != HEADER:
        raise DataError(f"{path}, line {rows[0][0]}: the header is {' '.join(HEADER)}, got {rows[0][1]!r:.80}.")
    found: dict[str, dict[str, int]] = {}
    seen: set[tuple[str, str]] = set()
    for row in rows[1:]:
        require_fields(path, row, len(HEADER))
        number, (query, document, said) = row
        for kind, name, known in (("query", query, queries), ("document", document, corpus)):
            if name not in known:
                raise DataError(f"{path}, line {number}: there is no {kind} {name!r:.60}.")
        try:
            grade = int(said)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: the score is a whole number, got {said!r:.40}.") from error
        if (query, document) in seen:
            raise DataError(f"{path}, line {number}: query {query!r:.40} and document {document!r:.40} stand twice.")
        seen.add((query, document))
        grades = found.setdefault(query, {})
        if grade > 0:
            grades[document] = grade
    if not any(found.values()):
        raise DataError(f"{path}: no document answers any query, by these judgements.")
    return {query: MappingProxyType(grades) for query, grades in found.items()}
