"""Whisper of transformers, and its two graphs: the encoder, and a step of the decoder with its cache."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import WhisperConfig, WhisperForConditionalGeneration

from zoo.libraries.transformers_decoder import Shape, memory_of, settings, step


def whisper(shape: Shape, end: int, start: int) -> Any:
    """A WhisperForConditionalGeneration; the ids are those of the tokens that end and begin a text."""
    make: Any = WhisperConfig  # it takes arguments of every library class, which its signature does not name
    config = make(
        **settings(shape),
        max_target_positions=shape.positions,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=None,
        begin_suppress_tokens=None,
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
