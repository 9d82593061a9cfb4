"""Marian, MASS and T5 of transformers, and their two graphs: the encoder, and a step of the decoder with its cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    T5Config,
    T5ForConditionalGeneration,
)

from zoo.libraries.transformers_decoder import Shape, memory_of, settings, step


def marian(shape: Shape, filling: int, end: int) -> Any:
    """A MarianMTModel; the ids are those of the vocabulary's special tokens. Every text begins with `filling`."""
    make: Any = MarianConfig  # it takes arguments of every library class, which its signature does not name
    config = make(
        **settings(shape),
        max_position_embeddings=shape.positions,
        activation_function="swish",
        scale_embedding=True,
        pad_token_id=filling,
        eos_token_id=end,
        forced_eos_token_id=end,
        decoder_start_token_id=filling,
    )
    return MarianMTModel(config)


def mass(shape: Shape, filling: int, end: int) -> Any:
    """The network of MASS, which is that of BART: learnt positions, GELU, and a norm behind the embeddings."""
    make: Any = BartConfig
    config = make(
        **settings(shape),
        max_position_embeddings=shape.positions,
        dropout=0.0,
        pad_token_id=filling,
        bos_token_id=filling,
        eos_token_id=end,
        forced_eos_token_id=end,
        decoder_start_token_id=filling,
    )
    return BartForConditionalGeneration(config)


def t5(shape: Shape, filling: int, end: int) -> Any:
    """A T5ForConditionalGeneration, whose positions are a bias of attention by distance."""
    make: Any = T5Config
    config = make(
        vocab_size=shape.words,
        d_model=shape.width,
        d_kv=shape.width // shape.heads,
        d_ff=shape.inner,
        num_layers=shape.layers,
        num_decoder_layers=shape.layers,
        num_heads=shape.heads,
        dropout_rate=0.0,
        pad_token_id=filling,
        eos_token_id=end,
        decoder_start_token_id=filling,
        attn_implementation="eager",
    )
    network = T5ForConditionalGeneration(config)
    modules: Iterable[Any] = network.modules()
    for module in modules:
        if getattr(module, "has_relative_attention_bias", False):
            module._relative_position_bucket = _looked_up(module._relative_position_bucket)
    return network


def _looked_up(bucket: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """The library's number of the bucket of a distance, out of a table: it computes it by a logarithm, which float16
    rounds to another bucket at some distances."""

    def found(relative_position: torch.Tensor, max_distance: int = 128, **rest: Any) -> torch.Tensor:
        # all distances from the largest on have one bucket
        every = torch.arange(-max_distance, max_distance + 1)
        with torch.no_grad():
            table = torch.tensor(bucket(every, max_distance=max_distance, **rest).tolist())
        return table[relative_position.clamp(-max_distance, max_distance) + max_distance]

    return found


class Encoder(nn.Module):
    """Ids and mask, int64 [N, source], to the keys and values of the decoder's cross-attention."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.encoder = network.get_encoder()
        decoder = network.get_decoder()
        if hasattr(decoder, "block"):
            attentions = [block.layer[1].EncDecAttention for block in decoder.block]
        else:
            attentions = [layer.encoder_attn for layer in decoder.layers]
        self.attentions = nn.ModuleList(attentions)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        return memory_of(self.attentions, self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)


class Step(nn.Module):
    """One token of each text, the mask of the source, what the encoder gave and the cache, as `step` takes them."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, token: torch.Tensor, mask: torch.Tensor, memory: torch.Tensor, cache: torch.Tensor
    ) -> tuple[Any, Any]:
        return step(self.network, token, memory, cache, mask)
