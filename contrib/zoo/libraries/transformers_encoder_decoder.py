"""transformers' encoder-decoders of texts as a config.json describes them, in two graphs: encoder, and decoder's step.

Both are made of what the library's own classes do when they generate, so that one way serves Marian, BART, T5 and
whatever else keeps the keys and values of tokens.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from zoo.libraries.transformers_config import State, cache_argument, class_of, network_of
from zoo.libraries.transformers_decoder import step
from zoo.libraries.translator import encoder_and_step
from zoo.part import Part


class Kept(NamedTuple):
    """What is kept of a token: keys and values of every layer of the decoder, beside each other (`tensors`)."""

    tensors: int
    heads: int
    size: int

    def states(self, name: str, length: str | int) -> TensorSpec:
        """Of `length` tokens."""
        return TensorSpec(name, "float32", ("batch", self.tensors, self.heads, length, self.size))


def reads_and_writes(config: Path) -> bool:
    """Whether the class that a config.json names reads one text and writes another."""
    auto = importlib.import_module("transformers.models.auto.modeling_auto")
    return class_of(config).__name__ in auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES.values()


def encoder_decoder_of(config: Path, state: State | None = None) -> Any:
    """The whole network, as transformers has it.

    Args:
        config: the file that `save_pretrained` wrote.
        state: names and tensors of a checkpoint; None for random values.

    Raises:
        ZooError: the file names no class of transformers, or `state` does not fit it.
    """
    return network_of(config, state)


def parts_of(kept: Kept, words: int, length: int) -> tuple[Part, Part]:
    """Encoder and step of such a network.

    Args:
        words: in the decoder's vocabulary.
        length: tokens of a text that are looked at.
    """
    return encoder_and_step(encoder_of, step_of, kept.states, words, length)


def encoder_of(network: Any) -> Any:
    """Ids and mask, int64 [N, source], to keys and values of cross-attention, [N, 2 * layers, heads, source, size].

    They are what the decoder keeps after a first token, whichever that is: nothing of the token is in them.
    """
    import torch
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache
    from transformers.modeling_outputs import BaseModelOutput

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: Any, mask: Any) -> Any:
            states = self.network.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
            cross: Any = DynamicCache()
            self.network(
                encoder_outputs=BaseModelOutput(last_hidden_state=states),
                attention_mask=mask,
                decoder_input_ids=torch.zeros_like(ids[:, :1]),
                use_cache=True,
                **{cache_argument(self.network.forward): EncoderDecoderCache(DynamicCache(), cross)},
            )
            return torch.stack([each for layer in cross.layers for each in (layer.keys, layer.values)], dim=1)

    return Encoder()


def step_of(network: Any) -> Any:
    """A token of each text, the mask of the source, what the encoder gave, and the keys and values of the tokens
    before, to logits and the token's own keys and values."""
    import torch

    class Step(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, token: Any, mask: Any, memory: Any, cache: Any) -> Any:
            return step(self.network, token, memory, cache, mask)

    return Step()
