"""DETR of transformers as the zoo exports it, and the authors' names of its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig

from zoo.frameworks.torch_file import read_state
from zoo.libraries.transformers import lively

# The authors' name of a piece, and what transformers calls it
_NAMES = (
    (r"^backbone\.0\.body\.", "model.backbone.model."),
    (r"^input_proj\.", "model.input_projection."),
    (r"^query_embed\.", "model.query_position_embeddings."),
    (r"^class_embed\.", "class_labels_classifier."),
    (r"^bbox_embed\.", "bbox_predictor."),
    (r"^transformer\.decoder\.norm\.", "model.decoder.layernorm."),
    (r"^transformer\.", "model."),
    (r"\.linear(\d)\.", r".mlp.fc\1."),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.multihead_attn\.", ".encoder_attn."),
    (r"\.norm1\.", ".self_attn_layer_norm."),
    (r"(decoder\.layers\.\d+)\.norm2\.", r"\1.encoder_attn_layer_norm."),
    (r"\.norm[23]\.", ".final_layer_norm."),
)


class Detr(nn.Module):
    """float32 [N, 3, H, W] and int64 mask [N, H, W] to logits [N, queries, classes + 1] and boxes [N, queries, 4]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What each query sees; boxes are centre x and y, width and height in fractions of the picture.

        It is the library's own forward, but for the queries: repeating them as often as there are pictures is an
        operator that not every runtime computes.
        """
        body = self.network.model
        seen, small = body.backbone(images, mask)[-1]
        filled = small.flatten(1)
        places = body.position_embedding(shape=seen.shape, device=seen.device, dtype=seen.dtype, mask=small)
        places = places.flatten(2).transpose(1, 2)
        pixels = body.input_projection(seen).flatten(2).transpose(1, 2)
        memory = body.encoder(
            inputs_embeds=pixels, attention_mask=filled, spatial_position_embeddings=places
        ).last_hidden_state
        nothing = torch.zeros_like(memory[:, :1])
        found = body.decoder(
            inputs_embeds=nothing + torch.zeros_like(body.query_position_embeddings.weight),
            spatial_position_embeddings=places,
            object_queries_position_embeddings=nothing + body.query_position_embeddings.weight,
            encoder_hidden_states=memory,
            encoder_attention_mask=filled,
        ).last_hidden_state
        return self.network.class_labels_classifier(found), self.network.bbox_predictor(found).sigmoid()


def detr(classes: int, backbone: str) -> Detr:
    """The network of the paper on a backbone of timm, or a narrow one on "sample"."""
    make: Any = DetrConfig  # takes arguments of every library class, which its signature does not name
    config = make(num_labels=classes, backbone=backbone) if backbone != "sample" else _narrow(classes)
    config._attn_implementation = "eager"  # plain operators, which every runtime has
    return Detr(lively(DetrForObjectDetection(config)))


def _narrow(classes: int) -> Any:
    make: Any = ResNetConfig
    backbone = make(
        embedding_size=16,
        hidden_sizes=[16, 32, 48, 64],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage4"],
    )
    make = DetrConfig
    return make(
        num_labels=classes,
        backbone_config=backbone,
        num_queries=20,
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
    )


def from_authors(path: Path) -> Mapping[str, Any]:
    """The tensors of the authors' checkpoint, in the names of `Detr`. Raises ZooError."""
    found: dict[str, Any] = {}
    for name, tensor in read_state(path).items():
        for pattern, wanted in _NAMES:
            name = re.sub(pattern, wanted, name)
        for own, piece in _pieces(name, tensor):
            found[f"network.{own}"] = piece
    return found


def _pieces(name: str, tensor: Any) -> list[tuple[str, Any]]:
    """A tensor, or the three that torch keeps in one for an attention: of queries, keys and values."""
    base, joined, kind = name.rpartition(".in_proj_")
    if not joined:
        return [(name, tensor)]
    return [(f"{base}.{each}_proj.{kind}", piece) for each, piece in zip("qkv", tensor.chunk(3), strict=True)]
