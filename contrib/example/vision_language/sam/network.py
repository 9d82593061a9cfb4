"""SAM of transformers, and its two parts: what looks at the picture, and what cuts out by a prompt."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import SamConfig, SamModel

from zoo.libraries.transformers import lively

_KINDS = 4  # of points: outside, inside, and two corners of a box; -1 is none


class Shape(NamedTuple):
    """The size of a network.

    Attributes:
        side: of the input in pixels, cut into squares of 16.
        wide, layers, heads: of the encoder.
        globally: the layers that look at the whole picture; others at windows of 14 squares.
        width: of what the decoder works with.
    """

    side: int
    wide: int
    layers: int
    heads: int
    globally: tuple[int, ...]
    width: int = 256


def sam(shape: Shape) -> Any:
    """A SamModel with random values."""
    narrow = shape.width < 256
    both = {"image_size": shape.side, "patch_size": 16}
    config = SamConfig(
        vision_config={
            **both,
            "hidden_size": shape.wide,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "global_attn_indexes": list(shape.globally),
            "output_channels": shape.width,
            "num_pos_feats": shape.width // 2,
        },
        prompt_encoder_config={**both, "hidden_size": shape.width},
        mask_decoder_config={
            "hidden_size": shape.width,
            "iou_head_hidden_dim": shape.width,
            **({"num_attention_heads": 4, "mlp_dim": 2 * shape.width} if narrow else {}),
        },
    )
    config._attn_implementation = "eager"  # plain operators, which every runtime has
    made = lively(SamModel(config))
    for embedding in (made.shared_image_embedding, made.prompt_encoder.shared_embedding):
        nn.init.normal_(embedding.positional_embedding)  # which the library multiplies by half the width
    made.prompt_encoder.shared_embedding.positional_embedding = made.shared_image_embedding.positional_embedding
    return made


class Looking(nn.Module):
    """Pictures float32 [N, 3, S, S] to what is seen at each square, [N, width, S / 16, S / 16]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.encoder = network.vision_encoder

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.encoder(images).last_hidden_state


class Cutting(nn.Module):
    """What is seen, points float32 [N, P, 2] in pixels of the input and their kinds int64 [N, P], to three masks.

    It is the library's own decoder, for one prompt a picture. Tokens are spread over the batch by addition: repeating
    them as often as there are pictures is an operator that not every runtime computes.
    """

    places: torch.Tensor

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.prompts, self.decoder = network.prompt_encoder, network.mask_decoder
        self.register_buffer("places", network.get_image_wide_positional_embeddings().detach(), persistent=False)

    def forward(
        self, seen: torch.Tensor, points: torch.Tensor, kinds: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [N, 3, S / 4, S / 4], and the IoU that is expected of each mask, [N, 3]."""
        prompts, decoder = self.prompts, self.decoder
        sparse = self._points(points, kinds)[:, None]
        own = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
        tokens = torch.cat([own + torch.zeros_like(sparse[:, :, :1]), sparse], dim=2)
        pictures = seen + prompts.no_mask_embed.weight.reshape(1, -1, 1, 1)
        found, pictures = decoder.transformer(
            point_embeddings=tokens,
            image_embeddings=pictures,
            image_positional_embeddings=self.places + torch.zeros_like(seen),
            attention_similarity=None,
        )
        maps = pictures.transpose(2, 3).reshape(seen.shape)
        maps = decoder.activation(decoder.upscale_layer_norm(decoder.upscale_conv1(maps)))
        maps = decoder.activation(decoder.upscale_conv2(maps))
        kernels = torch.stack(
            [head(found[:, 0, 1 + number]) for number, head in enumerate(decoder.output_hypernetworks_mlps)], dim=1
        )
        masks = (kernels @ maps.flatten(2)).reshape(maps.shape[0], kernels.shape[1], maps.shape[2], maps.shape[3])
        expected = decoder.iou_prediction_head(found[:, 0, 0])
        return masks[:, 1:], expected[:, 1:]  # the first mask is for prompts that leave nothing open

    def _points(self, points: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        """float32 [N, P, width]."""
        side = float(self.prompts.input_image_size)
        places = 2 * ((points + 0.5) / side) - 1
        turned = 2 * torch.pi * (places @ self.prompts.shared_embedding.positional_embedding)
        found = torch.cat([torch.sin(turned), torch.cos(turned)], dim=-1)
        for kind in range(_KINDS):
            found = torch.where((kinds == kind)[..., None], found + self.prompts.point_embed[kind].weight[0], found)
        return torch.where((kinds == -1)[..., None], self.prompts.not_a_point_embed.weight[0], found)
