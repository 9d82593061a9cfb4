"""LSTM sentiment network on short reviews."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.preprocess.text import read_vocabulary
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.review_classifier import LABELS, review_classifier
from zoo.model import Model

FOLDER = Path(__file__).resolve().parent
VOCABULARY = FOLDER / "vocabulary.txt"


def build(variant: str) -> Any:
    """int64 [N, length] word ids to [N, 2] logits: negative, positive."""
    return beside(__file__, "network").SentimentLSTM(len(read_vocabulary(VOCABULARY)), len(LABELS))


def model(variant: str) -> Model:
    """What is known of the network."""
    return review_classifier(
        VOCABULARY,
        build=partial(build, variant),
        source="written for this repository",
        paper="Hochreiter and Schmidhuber, Long Short-Term Memory, 1997",
    )


MODEL = Family(
    domain="nlp",
    name="lstm_sentiment",
    title="LSTM sentiment network",
    framework="pytorch",
    folder=FOLDER,
    names=("lstm_sentiment",),
    make=model,
)
