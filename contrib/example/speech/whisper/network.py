"""Whisper of transformers, and its two graphs: the encoder, and a step of the decoder with its cache."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

from zoo.libraries.transformers_decoder import memory_of, step


class Shape(NamedTuple):
    """The size of a network.

    Attributes:
        words: in the vocabulary.
        width: of a token's vector; four times as wide within the feed-forward layers.
        layers, heads: of encoder and decoder each.
        positions: tokens of a text at most.
    """

    words: int
    width: int
    layers: int
    heads: int
    positions: int


def whisper(shape: Shape, end: int, start: int) -> Any:
    """A WhisperForConditionalGeneration; the ids are those of the tokens that end and begin a text."""
    make: Any = WhisperConfig  # it takes arguments of every library class, which its signature does not name
    config = make(
        vocab_size=shape.words,
        d_model=shape.width,
        encoder_layers=shape.layers,
        decoder_layers=shape.layers,
        encoder_attention_heads=shape.heads,
        decoder_attention_heads=shape.heads,
        encoder_ffn_dim=4 * shape.width,
        decoder_ffn_dim=4 * shape.width,
        max_target_positions=shape.positions,
        # random networks of the library's 0.02 say the same of every recording
        init_std=shape.width**-0.5,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=None,
        begin_suppress_tokens=None,
        attn_implementation="eager",  # which ONNX can express at any length
    )
    return WhisperForConditionalGeneration(config)


class Encoder(nn.Module):
    """Features, float [N, 80, 3000], to the keys and values of the decoder's cross-attention."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.encoder = network.model.encoder
        self.attentions = nn.ModuleList(layer.encoder_attn for layer in network.model.decoder.layers)

    def forward(self, features: torch.Tensor) -> Any:
        return memory_of(self.attentions, self.encoder(features).last_hidden_state)


class Step(nn.Module):
    """One token of each text, what the encoder gave and the cache, as `step` takes them."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, token: torch.Tensor, memory: torch.Tensor, cache: torch.Tensor) -> tuple[Any, Any]:
        return step(self.network, token, memory, cache)
