"""MiniLM-L6 as sentence-transformers runs it: BERT, the mean over the tokens, and the length set to 1."""

from __future__ import annotations

import torch
from transformers import BertConfig, BertModel


class SentenceEncoder(BertModel):
    """Ids and attention mask, int64 [N, L], to embeddings [N, 384] of length 1. All tokens are of type 0.

    The names of the parameters are those of the published file, the unused pooler among them.
    """

    def __init__(self, config: BertConfig | None = None) -> None:
        # the config.json of all-MiniLM-L6-v2, as far as it differs from BERT's defaults
        config = config or BertConfig(
            hidden_size=384, intermediate_size=1536, num_attention_heads=12, num_hidden_layers=6
        )
        config._attn_implementation = "eager"  # plain operators, which every runtime has
        super().__init__(config)
        # the file holds this buffer, which transformers does not keep any more
        self.embeddings.register_buffer("position_ids", self.embeddings.position_ids, persistent=True)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Published as Pooling (mean) and Normalize of sentence-transformers."""
        # not a cast, which the conversion to float16 would leave at float32
        real = torch.where(attention_mask > 0, 1.0, 0.0).unsqueeze(2)
        # 0 where a token may be looked at, and very small where it may not
        bias = (1.0 - real).transpose(1, 2).unsqueeze(1) * torch.finfo(torch.float32).min
        tokens = self.encoder(self.embeddings(input_ids=input_ids), attention_mask=bias).last_hidden_state
        mean = (tokens * real).sum(dim=1) / real.sum(dim=1)
        return torch.nn.functional.normalize(mean, dim=1)
