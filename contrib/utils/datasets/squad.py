"""Questions about texts and their answers, in the layout of SQuAD 1.1 and 2.0.

{"version": …, "data": [{"paragraphs": [{"context": …, "qas": [{"id", "question", "answers": [{"text": …}, …]}]}]}]}. In
2.0, `is_impossible` says that the text does not answer a question, which has no answers then. Source: Rajpurkar et al.,
SQuAD, 2016; Rajpurkar, Jia, Liang, Know What You Don't Know, 2018.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_json
from zoo_core.errors import DataError

FILES = ("dev-v2.0.json", "dev-v1.1.json")
LAYOUT = '{"version": …, "data": [{"paragraphs": [{"context": …, "qas": […]}]}]}'


class Question(NamedTuple):
    """A question, and the text that answers it, or does not."""

    question: str
    context: str


class Answers(NamedTuple):
    """What is right for a question.

    Attributes:
        texts: any of them is; none where the text does not answer the question.
        second: whether the file is of version 2.0, which scores answers of articles and marks only otherwise.
    """

    texts: tuple[str, ...]
    second: bool


class QuestionsAndAnswers(Listed):
    """A sample a question: id its own, data a `Question`, truth `Answers`.

    Args:
        root: the file, or a folder with one of `FILES`.

    Raises:
        DataError: no such file, no JSON, another layout (which says where), a text or a question that is empty, an id
            that stands twice, a question without an answer that the file does not call impossible, or the reverse.
    """

    def __init__(self, root: str | Path) -> None:
        path = _found(Path(root))
        self._samples = list(_samples(path, answered=True))


def questions_in(path: Path) -> list[Sample]:
    """The questions of a file without truths; answers may be missing."""
    return list(_samples(path, answered=False))


def _found(root: Path) -> Path:
    if root.is_file():
        return root
    check_folder(root)
    found = [root / name for name in FILES if (root / name).is_file()]
    if len(found) != 1:
        names = " and ".join(path.name for path in found) or f"neither {' nor '.join(FILES)}"
        raise DataError(f"{root}: {names} lies in this folder; one of them is expected. Give the file itself.")
    return found[0]


def _samples(path: Path, answered: bool) -> Iterator[Sample]:
    content = read_json(path, LAYOUT)
    articles = _member(path, content, "data", list, "the file")
    second = str(content.get("version", "")).lower().lstrip("v").startswith("2")
    seen: set[str] = set()
    for article_number, article in enumerate(articles):
        place = f"data[{article_number}]"
        for number, paragraph in enumerate(_member(path, article, "paragraphs", list, place)):
            here = f"{place}.paragraphs[{number}]"
            context = _text(path, paragraph, "context", here)
            for asked_number, asked in enumerate(_member(path, paragraph, "qas", list, here)):
                inner = f"{here}.qas[{asked_number}]"
                question = Question(_text(path, asked, "question", inner).strip(), context)
                name = _text(path, asked, "id", inner)
                if name in seen:
                    raise DataError(f"{path}, {inner}: the id {name!r:.60} stands in this file already.")
                seen.add(name)
                truth = Answers(_answers(path, asked, inner), second) if answered else None
                yield Sample(name, question, truth)
    if not seen:
        raise DataError(f"{path}: there is no question in this file. Expected {LAYOUT}.")


def _answers(path: Path, asked: dict[str, Any], place: str) -> tuple[str, ...]:
    answers = _member(path, asked, "answers", list, place)
    texts = tuple(_text(path, one, "text", f"{place}.answers[{number}]") for number, one in enumerate(answers))
    impossible = asked.get("is_impossible", False)
    if not isinstance(impossible, bool):
        raise DataError(f"{path}, {place}: is_impossible is true or false, got {impossible!r:.40}.")
    if impossible == bool(texts):
        told = "has answers and is called impossible" if impossible else "has no answer and is not called impossible"
        raise DataError(
            f"{path}, {place}: this question {told}. A question that the text does not answer has an empty list of "
            'answers and "is_impossible": true.'
        )
    return texts


def _member(path: Path, holder: Any, name: str, kind: type, place: str) -> Any:
    found = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(found, kind):
        wanted = "a list" if kind is list else "a text"
        raise DataError(f"{path}, {place}: {name} is {wanted}, got {found!r:.60}. Expected {LAYOUT}.")
    return found


def _text(path: Path, holder: Any, name: str, place: str) -> str:
    found: str = _member(path, holder, name, str, place)
    if not found.strip():
        raise DataError(f"{path}, {place}: {name} is empty.")
    return found
