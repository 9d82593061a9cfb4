"""RT-DETR and D-FINE of transformers as the zoo exports them: cut where the best places are chosen."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import (
    DFineConfig,
    DFineForObjectDetection,
    HGNetV2Config,
    RTDetrConfig,
    RTDetrForObjectDetection,
    RTDetrResNetConfig,
)

from zoo.libraries.transformers import lively, loaded

State = dict[str, Any]

_FURTHEST = 16.0  # of a logit: behind it, float32 knows no other probability than 0 or 1
_OUTSIDE = 1e4  # the logit of a place without an anchor, which the library has at the end of float32


def _resnet(depths: list[int], sizes: list[int], kind: str, stem: int = 64) -> Any:
    make: Any = RTDetrResNetConfig  # takes arguments of every library class, which its signature does not name
    return make(depths=depths, hidden_sizes=sizes, layer_type=kind, embedding_size=stem, out_indices=[2, 3, 4])


def _narrow(backbone: Any, channels: list[int], classes: int, queries: int) -> dict[str, Any]:
    return {
        "num_labels": classes,
        "num_queries": queries,
        "backbone_config": backbone,
        "encoder_in_channels": channels,
        "encoder_hidden_dim": 32,
        "encoder_ffn_dim": 64,
        "encoder_attention_heads": 4,
        "d_model": 32,
        "decoder_in_channels": [32, 32, 32],
        "decoder_ffn_dim": 64,
        "decoder_layers": 2,
        "decoder_attention_heads": 4,
        "hidden_expansion": 0.5,
    }


def rt_detr(variant: str, classes: int, queries: int, state: State | None = None) -> Any:
    """The network of a variant, with `state` loaded by the library's own mapping of names, else with random values."""
    options: dict[str, Any] = {"num_labels": classes, "num_queries": queries}
    if variant == "rtdetr_r18vd":
        backbone = _resnet([2, 2, 2, 2], [64, 128, 256, 512], "basic")
        options |= {"backbone_config": backbone, "encoder_in_channels": [128, 256, 512]}
        options |= {"hidden_expansion": 0.5, "decoder_layers": 3}
    elif variant == "rtdetr_sample":
        backbone = _resnet([1, 1, 1, 1], [16, 24, 32, 48], "basic", stem=16)
        options = _narrow(backbone, [24, 32, 48], classes, queries)
    config = RTDetrConfig(**options)
    return _made(RTDetrForObjectDetection, variant, config, state)


def d_fine(variant: str, classes: int, queries: int, state: State | None = None) -> Any:
    """As `rt_detr`."""
    make: Any = HGNetV2Config
    backbone = make(
        stem_channels=[3, 8, 16],
        stage_in_channels=[16, 24, 32, 48],
        stage_mid_channels=[8, 8, 16, 16],
        stage_out_channels=[24, 32, 48, 64],
        hidden_sizes=[24, 32, 48, 64],
        stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[2, 2, 2, 2],
        out_indices=[2, 3, 4],
    )
    config = DFineConfig(**_narrow(backbone, [32, 48, 64], classes, queries), depth_mult=0.34)
    return _made(DFineForObjectDetection, variant, config, state)


def _made(kind: Any, variant: str, config: Any, state: State | None) -> Any:
    config._attn_implementation = "eager"  # plain operators, which every runtime has
    return lively(kind(config)) if state is None else loaded(kind, variant, config=config, state_dict=state)


class Proposing(nn.Module):
    """Pictures float32 [N, 3, S, S] to what the second part needs, and how good each place is."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network.model

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Memory [N, places, D], features [N, places, D], best logit of a class [N, places], boxes' logits [N, places,
        4]: centre x and y, width and height. Places are those of the finest map, row by row, then the next ones'."""
        network = self.network
        mask = torch.ones_like(images[:, 0])
        seen = [one for one, _ in network.backbone(images, mask)]
        projected = [project(one) for project, one in zip(network.encoder_input_proj, seen, strict=True)]
        maps = network.encoder(projected).last_hidden_state
        levels = [project(one) for project, one in zip(network.decoder_input_proj, maps, strict=True)]
        memory = torch.cat([one.flatten(2).transpose(1, 2) for one in levels], dim=1)
        shapes = tuple((int(one.shape[2]), int(one.shape[3])) for one in levels)
        anchors, inside = network.generate_anchors(shapes, device=memory.device, dtype=memory.dtype)
        features = network.enc_output(inside.to(memory.dtype) * memory)
        scores = network.enc_score_head(features).amax(dim=2)
        boxes = network.enc_bbox_head(features) + anchors.clamp(max=_OUTSIDE)
        return memory, features, scores, boxes.clamp(-_FURTHEST, _FURTHEST)


class Deciding(nn.Module):
    """The chosen places to objects.

    Args:
        network: the whole network.
        shapes: height and width of each map.
    """

    def __init__(self, network: Any, shapes: tuple[tuple[int, int], ...]) -> None:
        super().__init__()
        self.decoder = network.model.decoder
        self.shapes = shapes

    def forward(
        self, memory: torch.Tensor, features: torch.Tensor, boxes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Memory [N, places, D]; of the chosen, features [N, queries, D] and boxes' logits [N, queries, 4]: to logits
        [N, queries, classes] and boxes [N, queries, 4], centre x and y, width and height in fractions."""
        shapes = torch.tensor(self.shapes)
        starts = torch.cat([shapes.new_zeros(1), shapes.prod(1).cumsum(0)[:-1]])
        found = self.decoder(
            inputs_embeds=features,
            encoder_hidden_states=memory,
            reference_points=boxes,
            spatial_shapes=shapes,
            spatial_shapes_list=list(self.shapes),
            level_start_index=starts,
        )
        return found.intermediate_logits[:, -1], found.intermediate_reference_points[:, -1]
