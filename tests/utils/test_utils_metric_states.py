"""Every metric takes its own counts out of a file, and says of anything else in a sentence that it is not that."""

from __future__ import annotations

import base64
import copy
import importlib
import inspect
import json
import math
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import utils.metrics
from utils.datasets.face_attributes import Head
from utils.metrics.answers import AnswerQuality
from utils.metrics.base import Metric
from utils.metrics.classification import TopKAccuracy
from utils.metrics.cut_out import CutOutIou
from utils.metrics.depth import RelativeDepth
from utils.metrics.detection import CocoAveragePrecision
from utils.metrics.embedding import EmbeddingQuality
from utils.metrics.enhancement import SpeechQuality
from utils.metrics.entities import EntityF1
from utils.metrics.face import FaceMetric
from utils.metrics.face_attributes import AttributeAccuracy
from utils.metrics.face_identity import FaceIdentity
from utils.metrics.face_points import PointsError
from utils.metrics.face_quality import QualityError
from utils.metrics.image_generation import PixelDistance
from utils.metrics.instances import CocoMaskPrecision, encoded
from utils.metrics.keypoints import KeypointPrecision
from utils.metrics.links import LinkQuality
from utils.metrics.matting import MatteError
from utils.metrics.nodes import NodeAccuracy
from utils.metrics.notes import FrameNotes
from utils.metrics.people import PeoplePrecision
from utils.metrics.perplexity import Perplexity
from utils.metrics.pitch import RawPitch
from utils.metrics.pronunciation import PhonemeErrors
from utils.metrics.ranking import ClickMetrics
from utils.metrics.recommendation import HitRate, TopItems
from utils.metrics.restoration import RestorationQuality
from utils.metrics.retrieval import RetrievalQuality
from utils.metrics.returns import MeanReturn
from utils.metrics.segmentation import MeanIoU
from utils.metrics.similarity import SimilarityCorrelation
from utils.metrics.speech_recognition import WordErrors
from utils.metrics.tagging import TagAuc
from utils.metrics.text_classification import AccuracyAndF1
from utils.metrics.text_detection import TextDetectionMetric
from utils.metrics.text_reading import TextReadingMetric
from utils.metrics.text_recognition import WordAccuracy
from utils.metrics.translation import TranslationQuality
from utils.metrics.verification import EqualErrorRate
from utils.metrics.voice_activity import ChunkDetection
from zoo_core.errors import DataError


def _clicks(*scores: float) -> dict[str, Any]:
    return {
        "samples": len(scores),
        "scores": base64.b64encode(np.array(scores, "<f8").tobytes()).decode(),
        "labels": base64.b64encode(np.packbits(np.arange(len(scores)) % 2 == 0).tobytes()).decode(),
    }


def _direction(*values: float) -> str:
    vector = np.array(values)
    return base64.b64encode((vector / np.linalg.norm(vector)).astype("<f4").tobytes()).decode()


def _pairs() -> dict[str, Any]:
    """Two folds, each with a pair of one person and one of two."""
    one, other = _direction(3, 4), _direction(4, 3)
    place = [
        [[0, 0, True], [1, 0, False]],
        [[0, 0, True], [2, 1, True]],
        [[2, 1, True], [3, 1, False]],
        [[1, 0, False], [3, 1, False]],
    ]
    vectors = (one, one, other, _direction(-1, 0))
    return {
        "faces": {
            f"{index}.jpg": [vector, told] for index, (vector, told) in enumerate(zip(vectors, place, strict=True))
        }
    }


def _boxes() -> dict[str, Any]:
    first = {"image": 1, "truth": [[1, 2, 5, 6, 1, 0, 16]], "found": [[1.0, 2.0, 5.0, 6.5, 1, 0.9]]}
    return {"pictures": [first, {"image": "b.jpg", "truth": [], "found": [[0.0, 0.0, 3.0, 3.0, 0, 0.4]]}]}


def _masks() -> dict[str, Any]:
    mask = np.zeros((8, 6), bool)
    mask[2:6, 1:5] = True
    first = {"image": 1, "size": [6, 8], "truth": [encoded(mask)], "found": [encoded(~mask)]}
    second = {"image": "b.jpg", "size": [6, 8], "truth": [], "found": [encoded(mask)]}
    return {"boxes": _boxes(), "masks": [first, second]}


def _pictures() -> dict[str, Any]:
    rows = np.array([[0.1, 0.9], [0.5, 0.2], [1.0, 0.0]])
    side = {"sums": rows.sum(axis=0).tolist(), "products": (rows.T @ rows).tolist()}
    return {"pictures": 3, "generated": side, "real": side}


_PERSON = {
    "image": 7,
    "person": 1,
    "truth": [[1, 1, 2, 4, 5, 2, 0, 0, 6, 6, 30, 0]],
    "found": [1.0, 1, 0.9, 4, 5, 0.8, 0.7],
}
_FACE = {"truth": [[0.0, 0.0, 9.0, 9.0, 0]], "found": [[0.0, 0.0, 9.0, 8.0, 0.9]]}

# What makes each metric, and counts of it
STATES: dict[type, tuple[Callable[[], Metric], dict[str, Any]]] = {
    TopKAccuracy: (lambda: TopKAccuracy(10), {"samples": 9, "top1": 4, "top5": 7}),
    CutOutIou: (CutOutIou, {"sum": 2.5, "objects": 4}),
    RelativeDepth: (RelativeDepth, {"count": 3, "abs_rel": [0.7], "delta1": [2.25]}),
    CocoAveragePrecision: (lambda: CocoAveragePrecision(2), _boxes()),
    EmbeddingQuality: (
        EmbeddingQuality,
        {"queries": {"q": [[1.0, 0.5], {"a": 1}]}, "documents": {"a": [1.0, 0.0], "b": [0.5, 0.25]}},
    ),
    SpeechQuality: (
        SpeechQuality,
        {"samples": 2, "si_sdr": [2, 31.0, 9.0], "stoi": [2, 1.8, 1.2], "pesq": [1, 3.0, 2.0]},
    ),
    EntityF1: (EntityF1, {"right": 3, "found": 5, "there": 4, "words": 20, "right_words": 17}),
    FaceMetric: (FaceMetric, {"pictures": [_FACE], "landmarks": {"faces": 3, "located": 2, "error": 0.2}}),
    AnswerQuality: (AnswerQuality, {"questions": 4, "exact": 2, "overlap": [2.5]}),
    AttributeAccuracy: (lambda: AttributeAccuracy((Head("mask", ("no", "yes")),)), {"mask": [5, 3]}),
    FaceIdentity: (FaceIdentity, _pairs()),
    PointsError: (lambda: PointsError(5), {"errors": [0.02, 0.3, 0.05]}),
    QualityError: (
        QualityError,
        {"faces": 3, "measured": 2, "sums": {"yaw": [6.0], "pitch": [1.5], "roll": [0.5], "points": [0.25]}},
    ),
    PixelDistance: (PixelDistance, _pictures()),
    CocoMaskPrecision: (lambda: CocoMaskPrecision(2), _masks()),
    KeypointPrecision: (lambda: KeypointPrecision(("nose", "left_eye")), {"people": [_PERSON]}),
    PeoplePrecision: (
        lambda: PeoplePrecision(("nose", "left_eye")),
        {"pictures": [{"image": _PERSON["image"], "truth": _PERSON["truth"], "found": [_PERSON["found"]]}]},
    ),
    MatteError: (MatteError, {"count": 2, "sums": [[0.5], [0.25], [12.0]]}),
    NodeAccuracy: (NodeAccuracy, {"graphs": 2, "nodes": 9, "right": 5, "fractions": [1.25]}),
    FrameNotes: (FrameNotes, {"both": 3, "told": 4, "annotated": 6}),
    Perplexity: (Perplexity, {"nats": [12.5], "tokens": 6, "bytes": 20}),
    RawPitch: (RawPitch, {"frames": 9, "near": 5, "nearer": 3, "chroma": 7}),
    PhonemeErrors: (PhonemeErrors, {"words": 4, "wrong": 2, "edits": 3, "phonemes": 20}),
    ClickMetrics: (ClickMetrics, _clicks(0.2, 0.6, 0.9)),
    HitRate: (HitRate, {"samples": 5, "hits": 3, "gains": [1.5]}),
    TopItems: (TopItems, {"samples": 4, "recalls": [1.5], "gains": [1.25]}),
    LinkQuality: (LinkQuality, {"graphs": 2, "areas": [1.5], "precisions": [1.25]}),
    RetrievalQuality: (
        RetrievalQuality,
        {"queries": {"q": [[1.0, 0.5], {"a": 1}]}, "documents": {"a": [1.0, 0.0], "b": [0.5, 0.25]}},
    ),
    RestorationQuality: (RestorationQuality, {"count": 2, "psnr": [61.0], "ssim": [1.5]}),
    MeanReturn: (
        lambda: MeanReturn(-10, 10),
        {"episodes": 3, "mean": 2.0, "squares": 6.0, "least": 0.5, "most": 3.5},
    ),
    MeanIoU: (lambda: MeanIoU(2), {"confusion": [[5, 1], [2, 7]]}),
    SimilarityCorrelation: (
        SimilarityCorrelation,
        {"pairs": {"a:1": [3.0, 0.5], "a:2": [1.0, 0.1], "a:3": [5.0, 0.9]}, "waiting": {"b:1": [1, 4.0, [0.5, 0.25]]}},
    ),
    WordErrors: (WordErrors, {"edits": 3, "words": 12, "wrong": 2, "recordings": 4}),
    TagAuc: (lambda: TagAuc(("jazz", "rock")), {"jazz": _clicks(0.1, 0.8, 0.3), "rock": _clicks(0.5, 0.7, 0.2)}),
    AccuracyAndF1: (lambda: AccuracyAndF1(2), {"samples": 15, "confusion": [[5, 1], [2, 7]]}),
    TextDetectionMetric: (TextDetectionMetric, {"images": 2, "there": 5, "found": 4, "matched": 3}),
    TextReadingMetric: (TextReadingMetric, {"images": 2, "there": 5, "found": 4, "matched": 3}),
    WordAccuracy: (lambda: WordAccuracy("ab"), {"words": 4, "right": 3, "edits": 2, "characters": 11}),
    TranslationQuality: (TranslationQuality, {"pairs": [["a b c", "a b d"], ["x", "x"]]}),
    EqualErrorRate: (
        EqualErrorRate,
        {"speakers": ["ann", "ann", "bob"], "vectors": [[0.6, 0.8], [0.8, 0.6], [-1.0, 0.0]]},
    ),
    ChunkDetection: (ChunkDetection, {"speech": [0.9, 0.4], "pauses": [0.1, 0.5, 0.2]}),
}
_WITHOUT_PAIRS = (
    SimilarityCorrelation,
    EqualErrorRate,
    AttributeAccuracy,
    FaceIdentity,
    RetrievalQuality,
    EmbeddingQuality,
)  # whose figures are NaN where there is nothing to compare
_WRONG = (None, "x", "1", -1, 1.5, True, math.nan, math.inf, -math.inf, 10**400, 2**63, 1e300, [], {}, [[]])
_FOREIGN: tuple[Any, ...] = (None, "x", 3, [], {}, [1], {"samples": 3}, {"hits": 1, "total": 2}, [["a", 1]], {"": None})


def damaged(value: Any) -> Iterator[Any]:
    """`value` with one thing changed, at every place within it."""
    yield from _WRONG
    if isinstance(value, dict):
        yield value | {"more": 1}
        for key, one in value.items():
            yield {name: other for name, other in value.items() if name != key}
            yield from (value | {key: wrong} for wrong in damaged(one))
    if isinstance(value, list):
        yield [*value, *value[:1], 7]
        for place, one in enumerate(value):
            yield value[:place] + value[place + 1 :]
            yield from ([*value[:place], wrong, *value[place + 1 :]] for wrong in damaged(one))


def test_every_metric_stands_here() -> None:
    found = set()
    for module in pkgutil.iter_modules(utils.metrics.__path__, "utils.metrics."):
        for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if one.__module__ == module.name and {"merge", "state", "update"} <= set(dir(one)) and name != "Metric":
                found.add(one)
    assert found == set(STATES)


@pytest.mark.parametrize("kind", STATES, ids=lambda kind: kind.__name__)
def test_its_own_counts_are_taken_as_they_are(kind: type) -> None:
    make, state = STATES[kind]
    metric = make()
    metric.merge(json.loads(json.dumps(state)))
    assert json.loads(json.dumps(metric.state())) == json.loads(json.dumps(state))
    _require_sound(metric)
    empty = make()
    empty.merge(json.loads(json.dumps(empty.state())))
    with pytest.raises(DataError):
        empty.compute()


def _require_sound(metric: Metric) -> None:
    for info in metric.infos:
        figure = metric.compute().get(info.name)
        unknown = figure is None or (isinstance(metric, _WITHOUT_PAIRS) and math.isnan(figure))
        assert unknown or info.low - 1e-6 <= figure <= info.high + 1e-6


@pytest.mark.parametrize("kind", STATES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("state", _FOREIGN, ids=str)
def test_foreign_counts_are_a_sentence(kind: type, state: Any) -> None:
    with pytest.raises(DataError, match=r"not |no "):
        STATES[kind][0]().merge(state)


def _refuses(metric: Metric, state: Any) -> bool:
    try:
        metric.merge(state)
    except DataError:
        return True
    return False


@pytest.mark.parametrize("kind", STATES, ids=lambda kind: kind.__name__)
def test_damaged_counts_are_a_sentence_and_change_nothing(kind: type) -> None:
    """What is not refused gives figures that can be: a count more or less cannot be told from a true one."""
    make, state = STATES[kind]
    refused = 0
    for wrong in damaged(state):
        metric = make()
        metric.merge(state)
        before = copy.deepcopy(metric.state())
        if _refuses(metric, wrong):
            refused += 1
            assert metric.state() == before
            continue
        alone = make()
        alone.merge(wrong)
        try:
            _require_sound(alone)
        except DataError:
            continue
    assert refused > 15
