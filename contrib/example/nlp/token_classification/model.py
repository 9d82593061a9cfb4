"""BERT of the transformers library with a tag for each word: persons, places and organisations."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.entities import LABELS, load_split, write_entities
from zoo.family import Family
from zoo.libraries.transformers_config import read_config, text_classifier_of
from zoo.model import Model, Part, SampleData
from zoo.part import IDS_AND_MASK
from zoo.tasks.token_classification import TokenClassification

FOLDER = Path(__file__).resolve().parent
TOKENIZER = FOLDER / "tokenizer.json"
LENGTH = 128


def config(variant: str) -> Path:
    """The file that describes a variant's network."""
    return FOLDER / f"{variant}.json"


def build(variant: str) -> Any:
    """int64 [N, length] ids and attention mask to [N, length, 7] logits."""
    return text_classifier_of(config(variant))


def calibration() -> list[tuple[str, ...]]:
    """The sentences of the training part, for int8 and for pruning."""
    return [sentence.words for sentence in load_split()[0]]


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=IDS_AND_MASK,
                outputs=(TensorSpec("logits", "float32", ("batch", "length", len(LABELS))),),
                size={"length": LENGTH},
            ),
        ),
        task=TokenClassification(TOKENIZER, LABELS, LENGTH, read_config(config(variant))["max_position_embeddings"]),
        sample=SampleData("entities", 1, write_entities, "generated sentences"),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and sentences of this repository: BSD-3-Clause",
        restore=partial(text_classifier_of, config(variant)),
        calibration=calibration,
        paper="Devlin et al., BERT, 2018; Tjong Kim Sang and De Meulder, CoNLL-2003, 2003",
    )


MODEL = Family(
    domain="nlp",
    name="token_classification",
    title="Token classification",
    framework="pytorch",
    folder=FOLDER,
    names=("bert_entities", "bert_base_entities"),
    make=model,
)
