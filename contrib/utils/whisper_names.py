"""The tensors of Whisper as CTranslate2 names them, by the names of transformers.

In CTranslate2's file, the projections of an attention are one matrix, its rows in the order query, key, value
(`self_attention/linear_0`); of the decoder's attention to the encoder, `attention/linear_0` is the query and `linear_1`
key and value. The last `linear` of each is what comes out of it. `ffn/linear_0` and `linear_1` are the feed-forward
layers. A norm belongs to what stands behind it. The output layer is the embedding of the tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from utils.ctranslate2_file import read_tensors
from zoo_core.errors import DataError

# What transformers calls the parts of a layer, and those of an attention
_FEED = {"ffn/linear_0": "fc1", "ffn/linear_1": "fc2"}
_NORMS = {"self_attention": "self_attn_layer_norm", "attention": "encoder_attn_layer_norm", "ffn": "final_layer_norm"}
_SELF = (("q_proj", "k_proj", "v_proj"), ("out_proj",))
_CROSS = (("q_proj",), ("k_proj", "v_proj"), ("out_proj",))
_ATTENTIONS = {"encoder": {"self_attention": _SELF}, "decoder": {"self_attention": _SELF, "attention": _CROSS}}
_KINDS = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}


def read_whisper(path: Path) -> dict[str, np.ndarray]:
    """The state of transformers' WhisperForConditionalGeneration in a model.bin of CTranslate2, in float32.

    Raises:
        DataError: the file is none, is damaged or quantised, or is of another network.
    """
    tensors = read_tensors(path)
    found: dict[str, np.ndarray] = {}
    for side, attentions in (
        ("encoder", {"self_attention": _SELF}),
        ("decoder", {"self_attention": _SELF, "attention": _CROSS}),
    ):
        top = _Side(path, tensors, side)
        layers = {name.split("/")[1] for name in tensors if name.startswith(f"{side}/layer_") and name.count("/") > 2}
        for number in range(len(layers)):
            found |= _layer(top, number, attentions)
        found |= top.pair("layer_norm", "layer_norm", ("gamma", "beta"))
        found[f"model.{side}.embed_positions.weight"] = top.of("position_encodings/encodings")
    encoder = _Side(path, tensors, "encoder")
    for name in ("conv1", "conv2"):
        found |= encoder.pair(name, name)
    found["model.decoder.embed_tokens.weight"] = _Side(path, tensors, "decoder").of("embeddings/weight")
    return found


class _Side:
    """The tensors of the encoder, or of the decoder."""

    def __init__(self, path: Path, tensors: Mapping[str, np.ndarray], name: str):
        self._path, self._tensors, self.name = path, tensors, name

    def of(self, name: str) -> np.ndarray:
        """A tensor in float32."""
        full = f"{self.name}/{name}"
        if full not in self._tensors:
            raise DataError(f"{self._path}: there is no tensor {full}; this is no Whisper of CTranslate2.")
        tensor = self._tensors[full]
        if tensor.dtype.kind != "f":
            raise DataError(
                f"{self._path}: {full} is {tensor.dtype}: quantised files are not read; take the float16 one."
            )
        return tensor.astype(np.float32)

    def pair(self, name: str, wanted: str, kinds: tuple[str, str] = ("weight", "bias")) -> dict[str, np.ndarray]:
        """Both tensors of a layer by transformers' names."""
        return {f"model.{self.name}.{wanted}.{_KINDS[kind]}": self.of(f"{name}/{kind}") for kind in kinds}


def _layer(side: _Side, number: int, attentions: Mapping[str, tuple[tuple[str, ...], ...]]) -> dict[str, np.ndarray]:
    """Everything of one layer."""
    own, wanted = f"layer_{number}", f"layers.{number}"
    found: dict[str, np.ndarray] = {}
    for name, called in _FEED.items():
        found |= side.pair(f"{own}/{name}", f"{wanted}.{called}")
    for name in (*attentions, "ffn"):
        found |= side.pair(f"{own}/{name}/layer_norm", f"{wanted}.{_NORMS[name]}", ("gamma", "beta"))
    for name, linears in attentions.items():
        attention = f"model.{side.name}.{wanted}.{'self_attn' if name == 'self_attention' else 'encoder_attn'}"
        for place, projections in enumerate(linears):
            for kind in ("weight", "bias"):
                pieces = np.split(side.of(f"{own}/{name}/linear_{place}/{kind}"), len(projections))
                # a key has no bias in Whisper: adding one to every key changes no attention; the file has zeros
                found |= {
                    f"{attention}.{projection}.{kind}": piece
                    for projection, piece in zip(projections, pieces, strict=True)
                    if (projection, kind) != ("k_proj", "bias")
                }
    return found
