"""g2p_en, which says how an English word is pronounced, in two graphs."""

from functools import partial
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.pronunciations import CONSONANTS, VOWELS
from utils.datasets.references import LISTINGS, cmudict
from utils.datasets.samples.pronunciations import load_words, write_pronunciations
from utils.generation import Search
from utils.npz_file import read_npz
from zoo.catalogue import beside
from zoo.errors import ZooError
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.pronunciation import Pronunciation

# in the order of the source's ids; its alphabet has UW without a stress, too
LETTERS = ("<pad>", "<unk>", "</s>", *ascii_lowercase)
SOUNDS = sorted([*(f"{vowel}{stress}" for vowel in VOWELS for stress in "012"), *CONSONANTS, "UW"])
PHONEMES = ("<pad>", "<unk>", "<s>", "</s>", *SOUNDS)
SIZE, LENGTH = 256, 24
# the source says twenty phonemes of a word at most
SEARCH = Search(start=2, end=3, filling=0, most=22)
NAMES = {"enc_emb": "letters.weight", "dec_emb": "phonemes.weight", "fc_w": "output.weight", "fc_b": "output.bias"}
GATES = {"w_ih": "weight_ih", "w_hh": "weight_hh", "b_ih": "bias_ih", "b_hh": "bias_hh"}


def build(variant: str) -> Any:
    """Both halves; letters int64 to a state, a phoneme int64 and a state to logits [N, 74] and the next state."""
    return beside(__file__, "network").G2p(len(LETTERS), len(PHONEMES))


def convert(path: Path) -> dict[str, Any]:
    """The authors' arrays: enc_emb and dec_emb are the tables, fc_w and fc_b the last layer, enc_w_ih and so on the
    gates of the two GRUs (reset, update, new), as PyTorch has them."""
    found: dict[str, Any] = {}
    for name, array in read_npz(path).items():
        half, _, kind = name.partition("_")
        if name in NAMES:
            found[NAMES[name]] = array
        elif half in ("enc", "dec") and kind in GATES:
            found[f"encoder.{GATES[kind]}_l0" if half == "enc" else f"decoder.{GATES[kind]}"] = array
        else:
            raise ZooError(f"{path}: {name} is no array of this network")
    return found


PARTS = (
    Part(
        name="encoder",
        module=lambda network: beside(__file__, "network").Encoder(network),
        inputs=(TensorSpec("letters", "int64", ("batch", "length")),),
        outputs=(TensorSpec("memory", "float32", ("batch", SIZE)),),
        size={"length": LENGTH},
    ),
    Part(
        name="step",
        module=lambda network: beside(__file__, "network").Step(network),
        inputs=(TensorSpec("phoneme", "int64", ("batch",)), TensorSpec("state", "float32", ("batch", SIZE))),
        outputs=(
            TensorSpec("logits", "float32", ("batch", len(PHONEMES))),
            TensorSpec("new", "float32", ("batch", SIZE)),
        ),
    ),
)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=PARTS,
        task=Pronunciation(LETTERS, PHONEMES, unknown=1, end=2, search=SEARCH),
        sample=SampleData("pronunciations", 1, write_pronunciations, "words written for this project"),
        source="written for this repository after the weights of Kyubyong/g2p",
        licence="BSD-3-Clause; the authors' weights: Apache-2.0",
        paper="Park and Kim, g2pE, 2019; Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014",
        calibration=load_words,
        pretrained=Pretrained(
            "https://raw.githubusercontent.com/Kyubyong/g2p/c6439c274c42b9724a7fee1dc07ca6a4c68a0538/g2p_en/checkpoint20.npz",
            3.3,
            "b8af35e4596d8dd5836dfd3fe9b2ba4f97b9c311efe8879544cbcfcbd566d8c6",
            licence="Apache-2.0",
            convert=convert,
        ),
        published=Published(
            "per",
            0.1012,
            "measured with the authors' program, g2p_en 2.1.0, on these words; they publish none",
            decimals=4,
        ),
        reference=ReferenceData(
            "cmudict_every20th",
            "CMU Pronouncing Dictionary, every twentieth word",
            LISTINGS / "cmudict.tsv",
            cmudict.arrange,
            "BSD-2-Clause",
            5875,
        ),
    )


MODEL = Family(
    domain="nlp",
    name="g2p",
    title="g2p_en",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("g2p_en",),
    make=model,
)
