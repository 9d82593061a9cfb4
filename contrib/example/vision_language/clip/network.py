"""CLIP of transformers, and its two towers as the zoo exports them."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import CLIPConfig, CLIPModel

from zoo.libraries.transformers import lively

_NEVER = -1e4  # a logit of attention, which float16 holds


class Shape(NamedTuple):
    """The size of a network.

    Attributes:
        side, patch: of pictures and of the squares that they are cut into, in pixels.
        seen, read: width of the tower of pictures, and of that of sentences.
        layers, heads: of each tower.
        words, length: ids in the vocabulary, and of a sentence.
        width: of the common vectors.
    """

    side: int
    patch: int
    seen: int
    read: int
    layers: int
    heads: int
    words: int
    length: int
    width: int


def clip(shape: Shape) -> Any:
    """A CLIPModel with random values. The last two ids begin and end a sentence."""
    both = {"num_hidden_layers": shape.layers, "num_attention_heads": shape.heads, "projection_dim": shape.width}
    vision = {"image_size": shape.side, "patch_size": shape.patch, "hidden_size": shape.seen}
    text = {
        "vocab_size": shape.words,
        "max_position_embeddings": shape.length,
        "hidden_size": shape.read,
        "bos_token_id": shape.words - 2,
        "eos_token_id": shape.words - 1,
    }
    config = CLIPConfig(
        text_config={**both, **text, "intermediate_size": 4 * shape.read},
        vision_config={**both, **vision, "intermediate_size": 4 * shape.seen},
        projection_dim=shape.width,
    )
    config._attn_implementation = "eager"  # plain operators, which every runtime has
    return lively(CLIPModel(config))


class Looking(nn.Module):
    """Pictures float32 [N, 3, S, S] to vectors of length 1, [N, width]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found = self.network.get_image_features(pixel_values=images).pooler_output
        return nn.functional.normalize(found, dim=1)


class Reading(nn.Module):
    """Sentences, int64 ids [N, length], to vectors [N, width], whose length is the network's scale of logits.

    It is the library's own forward without its reshaping of the ids, behind which the batch has no name.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        tower, length = self.network.text_model, ids.shape[1]
        later = torch.full((length, length), _NEVER).triu(1)[None, None]  # a word sees none that comes after it
        seen = tower.encoder(inputs_embeds=tower.embeddings(input_ids=ids), attention_mask=later).last_hidden_state
        words = tower.final_layer_norm(seen)
        # the first word that ends the sentence, as a sum, so that sizes stay known
        ends = ids == self.network.config.text_config.eos_token_id
        first = torch.where(ends & (ends.long().cumsum(dim=1) == 1), 1.0, 0.0)
        found = self.network.text_projection((words * first[..., None]).sum(dim=1))
        return nn.functional.normalize(found, dim=1) * self.network.logit_scale.exp()
