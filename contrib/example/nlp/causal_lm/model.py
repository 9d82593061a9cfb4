"""Small language models: Llama and Qwen2 of the transformers library, which write on from the beginning of a text."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.stories import write_stories
from zoo.family import Family
from zoo.libraries.transformers_config import language_model_of, read_config
from zoo.model import Model, Part, SampleData
from zoo.tasks.text_generation import TextGeneration

FOLDER = Path(__file__).resolve().parent
TOKENIZER = FOLDER / "tokenizer.json"
BEGIN, END, WORDS, POSITIONS = 0, 1, 512, 256
LENGTH, PAST = 32, 8  # tokens that the network is traced with
CONFIGS = {"llama_stories": FOLDER / "llama.json", "qwen2_stories": FOLDER / "qwen2.json"}


def build(variant: str) -> Any:
    """Tokens, which of those before count, and their keys and values, to logits and keys and values."""
    return language_model_of(CONFIGS[variant])


def model(variant: str) -> Model:
    """What is known of a variant."""
    said = read_config(CONFIGS[variant])
    size = said["hidden_size"] // said["num_attention_heads"]
    cache = (2 * said["num_hidden_layers"], said["num_key_value_heads"], size)
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("input_ids", "int64", ("batch", "length")),
                    TensorSpec("seen", "int64", ("batch", "past")),
                    TensorSpec("cache", "float32", ("batch", *cache[:2], "past", cache[2])),
                ),
                outputs=(
                    TensorSpec("logits", "float32", ("batch", "length", WORDS)),
                    TensorSpec("new", "float32", ("batch", *cache[:2], "length", cache[2])),
                ),
                size={"length": LENGTH, "past": PAST},
                static=False,
            ),
        ),
        task=TextGeneration(TOKENIZER, END, POSITIONS, cache),
        sample=SampleData("stories", 1, write_stories, "stories that a grammar makes"),
        source="transformers",
        licence="Apache-2.0 (transformers); the weights and stories of this repository: BSD-3-Clause",
        paper="Touvron et al., LLaMA, 2023; Yang et al., Qwen2 Technical Report, 2024",
    )


MODEL = Family(
    domain="nlp",
    name="causal_lm",
    title="Causal language model",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(CONFIGS),
    make=model,
)
