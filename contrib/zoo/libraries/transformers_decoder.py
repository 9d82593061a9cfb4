"""The decoder of transformers' encoder-decoders as a step with a cache, which ONNX can express."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .transformers_config import cache_argument


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


def settings(shape: Shape) -> dict[str, Any]:
    """What a configuration of the library is made of, but for the number of positions and the special tokens."""
    return {
        "vocab_size": shape.words,
        "d_model": shape.width,
        "encoder_layers": shape.layers,
        "decoder_layers": shape.layers,
        "encoder_attention_heads": shape.heads,
        "decoder_attention_heads": shape.heads,
        "encoder_ffn_dim": shape.inner,
        "decoder_ffn_dim": shape.inner,
        # random networks of the library's 0.02 say the same of every sample
        "init_std": shape.width**-0.5,
        "attn_implementation": "eager",  # which ONNX can express at any length
    }


def memory_of(attentions: Iterable[Any], states: Any) -> Any:
    """Keys and values of the decoder's cross-attention, which do not change from step to step.

    Args:
        attentions: of every layer of the decoder, the cross-attention.
        states: what the encoder gave, float [N, source, width].

    Returns:
        float [N, 2 * layers, heads, source, size]; those of a layer are beside each other.
    """
    import torch

    layers = list(attentions)
    names = ("k", "v") if hasattr(layers[0], "k") else ("k_proj", "v_proj")  # T5's, and those of all others
    pairs = [tuple(getattr(one, name)(states) for name in names) for one in layers]
    heads = layers[0].n_heads if names == ("k", "v") else layers[0].num_heads
    return torch.stack([each.unflatten(-1, (heads, -1)).transpose(1, 2) for pair in pairs for each in pair], dim=1)


def step(network: Any, token: Any, memory: Any, cache: Any, mask: Any = None) -> tuple[Any, Any]:
    """What the decoder says behind one more token of each text.

    Args:
        token: int64 [N].
        memory: what `memory_of` gave.
        cache: keys and values of the tokens before, float [N, 2 * layers, heads, past, size].
        mask: of the source, int64 [N, source]; None where all of it counts.

    Returns:
        (logits [N, words]; keys and values of `token`, [N, 2 * layers, heads, 1, size]).
    """
    import torch
    from transformers.cache_utils import DynamicCache, EncoderDecoderCache
    from transformers.modeling_outputs import BaseModelOutput

    own: Any = DynamicCache()
    cross: Any = DynamicCache()
    both = EncoderDecoderCache(own, cross)
    for layer in range(cache.shape[1] // 2):
        own.update(cache[:, 2 * layer], cache[:, 2 * layer + 1], layer)
        cross.update(memory[:, 2 * layer], memory[:, 2 * layer + 1], layer)
        both.is_updated[layer] = True
    # where the keys and values are there, nothing but the shape is looked at
    states = memory.new_zeros((memory.shape[0], memory.shape[3], network.config.d_model))
    given = {} if mask is None else {"attention_mask": mask}
    found = network(
        encoder_outputs=BaseModelOutput(last_hidden_state=states),
        decoder_input_ids=token[:, None],
        use_cache=True,
        **{cache_argument(network.forward): both},
        **given,
    )
    new = [each[:, :, -1:] for layer in own.layers for each in (layer.keys, layer.values)]
    return found.logits[:, 0], torch.stack(new, dim=1)
