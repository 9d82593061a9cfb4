"""Marian of transformers, and its two graphs: the encoder, and a step of the decoder with its cache."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import MarianConfig, MarianMTModel
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput


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
    settings: dict[str, Any] = dict(
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
    return MarianMTModel(MarianConfig(**settings))


class Encoder(nn.Module):
    """Ids and mask, int64 [N, source], to the keys and values of the decoder's cross-attention, which do not change
    from step to step: [N, 2 * layers, heads, source, size]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.encoder = network.model.encoder
        self.attentions = nn.ModuleList(layer.encoder_attn for layer in network.model.decoder.layers)
        self.heads = network.config.decoder_attention_heads

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        attentions: Any = self.attentions
        found = [project(states) for one in attentions for project in (one.k_proj, one.v_proj)]
        return torch.stack([each.unflatten(-1, (self.heads, -1)).transpose(1, 2) for each in found], dim=1)


class Step(nn.Module):
    """One token of each text, int64 [N], to logits [N, words] and to its own keys and values, [N, 2 * layers, heads, 1,
    size]. mask: of the source, int64 [N, source]. memory: what the encoder gave. cache: keys and values of the tokens
    before, [N, 2 * layers, heads, past, size]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, token: torch.Tensor, mask: torch.Tensor, memory: torch.Tensor, cache: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        own, cross = DynamicCache(), DynamicCache()
        both = EncoderDecoderCache(own, cross)
        for layer in range(cache.shape[1] // 2):
            own.update(cache[:, 2 * layer], cache[:, 2 * layer + 1], layer)
            cross.update(memory[:, 2 * layer], memory[:, 2 * layer + 1], layer)
            both.is_updated[layer] = True
        # where the keys and values are there, nothing but the shape is looked at
        states = memory.new_zeros((memory.shape[0], memory.shape[3], self.network.config.d_model))
        found = self.network(
            encoder_outputs=BaseModelOutput(last_hidden_state=states),
            attention_mask=mask,
            decoder_input_ids=token[:, None],
            cache=both,
            use_cache=True,
        )
        layers: Any = own.layers
        new = [each[:, :, -1:] for layer in layers for each in (layer.keys, layer.values)]
        return found.logits[:, 0], torch.stack(new, dim=1)
