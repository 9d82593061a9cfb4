"""Language models: the beginning of a text in, how it goes on out; a text in, another out is `writing`."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.spec import TensorSpec
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.kinds.folder import CONFIG, TOKENIZER
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.tasks import writing
from zoo.contributing.new.texts import TOKENIZER_LINE, paired, require_folder, tokenizer_of
from zoo.contributing.new.trial import Trial
from zoo.errors import ZooError
from zoo.libraries.transformers_config import class_of
from zoo.libraries.transformers_encoder_decoder import reads_and_writes
from zoo_core.errors import first_line

_USUAL, _WINDOW, _NEW = 512, 512, 64  # positions where nothing is said, tokens of a window, tokens that are written
_TRACED = {"length": 32, "past": 8}
_TRIED = 12  # tokens
_NEAR = 1e-3  # of the largest logit


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on tokens. Raises ZooError if it is no language model, or not one that is run by pieces."""
    asked.require_only()
    require_folder(source, asked.task)
    if reads_and_writes(source.folder / CONFIG):
        return writing.described(source, asked)
    config = paired(source)
    longest = int(getattr(config, "max_position_embeddings", None) or _USUAL)
    end = _end(source, config)
    trial = Trial(source)
    cache, words = _tried(trial, config)
    _require_whole_view(source, config, longest)
    arguments = ["TOKENIZER", f"end={end}", f"longest={longest}", f"cache={cache}"]
    arguments += [f"max_length={_WINDOW}"] if longest > _WINDOW else []
    arguments += [f"most={longest // 4}"] if longest < 4 * _NEW else []
    return Description(
        source=source,
        inputs=(
            TensorSpec("input_ids", "int64", ("batch", "length")),
            TensorSpec("seen", "int64", ("batch", "past")),
            TensorSpec("cache", "float32", ("batch", *cache[:2], "past", cache[2])),
        ),
        outputs=(
            TensorSpec("logits", "float32", ("batch", "length", words)),
            TensorSpec("new", "float32", ("batch", *cache[:2], "length", cache[2])),
        ),
        size=_TRACED,
        static=False,
        gives="logits",
        task=call("TextGeneration", arguments, "task="),
        sample='SampleData("stories", 1, write_stories, "stories that a grammar makes")',
        imports=(
            ("utils.datasets.samples.stories", "write_stories"),
            ("zoo.tasks.text_generation", "TextGeneration"),
        ),
        constants=TOKENIZER_LINE,
        overview=f"scores of {words} tokens that may come next; keys and values of what was read come with them, and "
        "are given back with the next token",
        data="Text files: `DATA/*.txt`. The metric is their perplexity. `--data_path sample` are short stories, made "
        "on first use: they show that the scripts work, and are no measure of a network that knows more.",
    )


def _end(source: Source, config: Any) -> int:
    """The token that ends a text; -1 where there is none."""
    said = getattr(config, "eos_token_id", None)
    if said is not None and tokenizer_of(source).encode("a").ids[-1:] == [said]:
        raise ZooError(
            f"--from {source.text}: {TOKENIZER} puts the token that ends a text ({said}) behind every text, so that "
            "none would go on"
        )
    if isinstance(said, (list, tuple)):
        raise ZooError(f"--from {source.text}: {CONFIG} names several tokens that end a text ({said}), and the zoo one")
    return -1 if said is None else int(said)


def _require_whole_view(source: Source, config: Any, longest: int) -> None:
    """Raise ZooError where a layer looks at some of the tokens before only, and there are more."""
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    window = getattr(config, "sliding_window", None)
    sliding = "sliding_attention" in kinds or (window and not getattr(config, "layer_types", None))
    if kinds - {"full_attention", "sliding_attention"} or (sliding and (window or 0) < longest):
        raise ZooError(
            f"--from {source.text} has layers of {', '.join(sorted(kinds))}, with a window of {window} tokens of "
            f"{longest}, and the zoo's cache is one of full attention. {BY_HAND}"
        )


def _tried(trial: Trial, config: Any) -> tuple[tuple[int, int, int], int]:
    """(tensors, heads, size) of keys and values, and how many tokens there are; read in two pieces, a text has to give
    what the library's own network gives for it in one."""
    source = trial.source
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    cache = (2 * config.num_hidden_layers, int(heads), int(size))
    ids = np.arange(2 * _TRIED, dtype=np.int64).reshape(2, _TRIED) % config.vocab_size
    nothing = [np.zeros((2, 0), np.int64), np.zeros((2, *cache[:2], 0, cache[2]), np.float32)]
    half = _TRIED // 2
    first = trial.require([ids[:, :half], *nothing], BY_HAND)
    if len(first) != 2 or first[1].shape != (2, *cache[:2], half, cache[2]):
        raise ZooError(f"{source.variant} gives {[one.shape for one in first]}; {_EXPECTED}. {BY_HAND}")
    second = trial.require([ids[:, half:], np.ones((2, half), np.int64), first[1]], BY_HAND)
    found = np.concatenate([first[0], second[0]], axis=1)
    own = _own(trial, ids)
    apart = float(np.abs(found - own).max() / np.abs(own).max())
    if not apart <= _NEAR:
        raise ZooError(
            f"{source.variant}, read in two pieces, gives logits that differ from its own by {apart:.1e} of the "
            f"largest: it is no network of full attention over the tokens before. {BY_HAND}"
        )
    return cache, int(found.shape[2])


_EXPECTED = "logits [N, length, words], and keys and values [N, 2 * layers, heads, length, size], are expected"


def _own(trial: Trial, ids: np.ndarray) -> np.ndarray:
    """The logits of the library's own class with the weights of the network that was tried."""
    import torch

    kind = class_of(trial.source.folder / CONFIG)
    try:
        with torch.no_grad():
            return np.asarray(kind.forward(trial.network, input_ids=torch.from_numpy(ids), use_cache=False).logits)
    except Exception as error:
        # each class raises what it likes; all of it means that it does not run so
        raise ZooError(f"{trial.source.variant} does not run: {first_line(error)}. {BY_HAND}") from error
