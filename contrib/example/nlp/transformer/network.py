"""Marian of transformers, and its two graphs: the encoder, and a step of the decoder with its cache."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import MarianConfig, MarianMTModel

from zoo.libraries.transformers_decoder import memory_of, step


class Shape(NamedTuple):
    """The size of a network.

    Attributes:
        words: in the vocabulary.
        width, inner: of a token's vector, and within the feed-forward layers.
        layers, heads: of encoder and decoder each.
        positions: tokens of a text at most.
    """

    words: int
    width: int
    inner: int
    layers: int
    heads: int
    positions: int


def marian(shape: Shape, filling: int, end: int) -> Any:
    """A MarianMTModel; the ids are those of the vocabulary's special tokens. Every text begins with `filling`."""
    make: Any = MarianConfig  # it takes arguments of every library class, which its signature does not name
    config = make(
        vocab_size=shape.words,
        d_model=shape.width,
        encoder_layers=shape.layers,
        decoder_layers=shape.layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=shape.inner,
        decoder_ffn_dim=shape.inner,
        max_position_embeddings=shape.positions,
        activation_function="swish",
        scale_embedding=True,
        # random networks of the library's 0.02 say the same of every text
        init_std=shape.width**-0.5,
        pad_token_id=filling,
        eos_token_id=end,
        forced_eos_token_id=end,
        decoder_start_token_id=filling,
        attn_implementation="eager",  # which ONNX can express at any length
    )
    return MarianMTModel(config)


class Encoder(nn.Module):
    """Ids and mask, int64 [N, source], to the keys and values of the decoder's cross-attention."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.encoder = network.model.encoder
        self.attentions = nn.ModuleList(layer.encoder_attn for layer in network.model.decoder.layers)

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
