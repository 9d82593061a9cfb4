"""GTCRN, which takes noise off speech."""

from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS, speechbrain_mixtures
from utils.datasets.samples.noisy_sentences import write_noisy_sentences
from utils.preprocess.stft import BINS
from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.torch_file import read_state
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.speech_enhancement import SpeechEnhancement

REPOSITORY = "Xiaobin-Rong/gtcrn/3862c44808dca492ea5a8a145d2dc2a1028d08c8"
# By variant, what it was trained on: the authors' file, MB, SHA-256
FILES = {
    "gtcrn_dns3": ("dns3", 0.6, "a630d992cf792daf4ce2bb5bcf9c4d389f740a8f09c6e0971184697fe6371b79"),
    "gtcrn_vctk": ("vctk", 0.7, "a0f0e04421d9fc1efe734d44191f5dc4b973ce59d6546af8d64ad9167e2a9944"),
}
MIXTURES = ReferenceData(
    "speechbrain_mixtures",
    "SpeechBrain's test recordings, mixed",
    LISTINGS / "speechbrain_mixtures.tsv",
    speechbrain_mixtures.arrange,
    "Apache-2.0 (the repository)",
    180,
    other="the published figure is of other recordings",
)


def build() -> Any:
    """[N, 3, frames, 257] float32 (magnitude, real and imaginary part) to [N, 2, frames, 257]."""
    return beside(__file__, "network").Gtcrn()


def convert(path: Path) -> dict[str, Any]:
    """The network in the authors' checkpoint, which has the optimiser's state beside it."""
    return dict(read_state(path, "model"))


def model(variant: str) -> Model:
    """What is known of a variant."""
    data, megabytes, digest = FILES[variant]
    return Model(
        build=build,
        parts=(
            Part(
                inputs=(TensorSpec("spectrum", "float32", ("batch", 3, "frames", BINS)),),
                outputs=(TensorSpec("clean", "float32", ("batch", 2, "frames", BINS)),),
                size={"frames": 126},
            ),
        ),
        task=SpeechEnhancement(),
        sample=SampleData("noisy_sentences", 1, write_noisy_sentences, "sentences that a program speaks, in noise"),
        source="written for this repository after the paper; names in the state dict as in the authors' checkpoints",
        licence="BSD-3-Clause; the authors' weights: MIT",
        paper="Rong et al., GTCRN: A Speech Enhancement Model Requiring Ultralow Computational Resources, 2024",
        pretrained=Pretrained(
            f"https://raw.githubusercontent.com/{REPOSITORY}/checkpoints/model_trained_on_{data}.tar",
            megabytes,
            digest,
            convert=convert,
        ),
        published=Published("si_sdr", 18.83, "the authors' readme, VCTK-DEMAND, test, 824 recordings")
        if data == "vctk"
        else None,
        reference=MIXTURES,
    )


MODEL = Family(
    domain="speech",
    name="gtcrn",
    title="GTCRN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(FILES),
    make=model,
)
