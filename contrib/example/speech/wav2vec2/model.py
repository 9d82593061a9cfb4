"""wav2vec 2.0 with a CTC head, which hears letters in the samples of a recording."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.spoken_sentences import write_spoken_sentences
from zoo.family import Family
from zoo.libraries.transformers import loaded
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.speech_ctc import CtcSpeech

# In the order of the published networks' vocabulary; "|" is the space.
LETTERS = ("<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ")
# variant: width, layers, heads, channels of the convolutions, width of the feed-forward layers, groups of positions
SIZES = {"tiny": (64, 2, 4, 32, 128, 8), "base": (768, 12, 12, 512, 3072, 16)}


# What only training needs, to hide steps; some files of the library hold it
HIDING = "wav2vec2.masked_spec_embed"


def build(variant: str, state: dict[str, Any] | None = None) -> Any:
    """float32 [N, samples] at 16 kHz, mean 0 and deviation 1, to float32 [N, steps, 32] logits; a step is 20 ms. With
    `state` loaded by the library's own mapping of names, else with random values."""
    import transformers

    width, layers, heads, channels, wide, groups = SIZES[variant]
    make: Any = transformers.Wav2Vec2Config  # its signature does not name what every configuration takes
    config = make(
        vocab_size=len(LETTERS),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=wide,
        conv_dim=(channels,) * 7,
        num_conv_pos_embedding_groups=groups,
        # random networks of the library's 0.02 say the same of every recording
        initializer_range=width**-0.5,
        attn_implementation="eager",
        mask_time_prob=0.0,
    )
    kind = transformers.Wav2Vec2ForCTC
    if state is None:
        network: Any = kind(config)
    else:
        own = {name: value for name, value in state.items() if name != HIDING}
        network = loaded(kind, variant, config=config, state_dict=own)
    whole = network.forward
    network.forward = lambda input_values: whole(input_values=input_values).logits
    return network


PUBLISHED = {"base": Published("wer", 0.034, "facebook/wav2vec2-base-960h, LibriSpeech test-clean, not these weights")}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        restore=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input_values", "float32", ("batch", "samples")),),
                outputs=(TensorSpec("logits", "float32", ("batch", "steps", len(LETTERS))),),
                size={"samples": 24_000},
            ),
        ),
        task=CtcSpeech(LETTERS),
        sample=SampleData("spoken_sentences", 1, write_spoken_sentences, "sentences that a program speaks"),
        source="transformers, Wav2Vec2ForCTC",
        licence="Apache-2.0 (transformers); the sample is computed by espeak-ng (GPL-3.0, a program that is used, not "
        "part of this)",
        paper="Baevski et al., wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations, 2020",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="speech",
    name="wav2vec2",
    title="wav2vec 2.0",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SIZES),
    make=model,
)
