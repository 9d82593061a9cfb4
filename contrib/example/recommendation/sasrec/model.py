"""SASRec: what a person chooses next, by self-attention over what the person chose so far."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.successions import ITEMS, write_successions
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.next_choice import NextChoice

HISTORY, SIZE, BLOCKS = 20, 48, 2  # choices that it sees; of an embedding; of attention
FAR = -1e4  # as good as minus infinity in a softmax, and a number in float16


def build(variant: str) -> Any:
    """history int64 [N, 20], zeros before the first choice, and items int64 [N, candidates] to [N, candidates] logits.

    One head of attention a block, from the present back to the past, and two pointwise layers; norms stand before each,
    of attention before the queries only, as the paper has it.
    """
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.norm2 = nn.LayerNorm(SIZE), nn.LayerNorm(SIZE)
            self.query, self.key, self.value = (nn.Linear(SIZE, SIZE) for _ in range(3))
            self.first, self.second = nn.Linear(SIZE, SIZE), nn.Linear(SIZE, SIZE)
            self.dropout = nn.Dropout(0.2)

        def forward(self, chosen: Any, hidden: Any) -> Any:
            query = self.norm(chosen)
            scores = self.query(query) @ self.key(chosen).transpose(1, 2) / SIZE**0.5
            shares = self.dropout(torch.softmax(scores + hidden, 2))
            found = self.norm2(query + shares @ self.value(chosen))
            return found + self.dropout(self.second(self.dropout(torch.relu(self.first(found)))))

    class SasRec(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.item_embedding = nn.Embedding(1 + ITEMS, SIZE)
            self.position = nn.Parameter(torch.zeros(HISTORY, SIZE))
            self.dropout = nn.Dropout(0.2)
            self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
            self.norm = nn.LayerNorm(SIZE)
            nn.init.normal_(self.item_embedding.weight, std=SIZE**-0.5)
            later = torch.full((HISTORY, HISTORY), FAR).triu(1)
            self.register_buffer("later", later, persistent=False)

        def states(self, history: Any) -> Any:
            """What is known after each choice, [N, 20, size]."""
            there = (history > 0).to(self.position.dtype)
            # nobody attends to what is later, or to what is no choice
            hidden = self.later + (1 - there).unsqueeze(1) * FAR
            there = there.unsqueeze(2)
            chosen = self.dropout(self.item_embedding(history) * SIZE**0.5 + self.position) * there
            for block in self.blocks:
                chosen = block(chosen, hidden) * there
            return self.norm(chosen)

        def forward(self, history: Any, items: Any) -> Any:
            last = self.states(history)[:, -1:]
            return (self.item_embedding(items) @ last.transpose(1, 2)).squeeze(2)

    return SasRec()


PUBLISHED = {"sasrec": Published("hit_rate", 0.8245, "the paper, table III, MovieLens-1M, not these choices")}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(
                    TensorSpec("history", "int64", ("batch", HISTORY)),
                    TensorSpec("items", "int64", ("batch", "candidates")),
                ),
                outputs=(TensorSpec("logits", "float32", ("batch", "candidates")),),
                size={"candidates": 100},
            ),
        ),
        task=NextChoice(items=ITEMS, history=HISTORY),
        sample=SampleData("successions", 1, write_successions, "drawn choices that follow each other"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the choices are drawn by this repository",
        paper="Kang and McAuley, Self-Attentive Sequential Recommendation, 2018",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="recommendation",
    name="sasrec",
    title="SASRec",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("sasrec",),
    make=model,
)
