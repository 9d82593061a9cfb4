"""Makes sample.safetensors and sample_gae_citeseer.safetensors: graph auto-encoders trained on 85 % of the citations of
Cora or Citeseer.

Adam at 0.01, 200 epochs, as in the paper; no held-out citation is looked at before the end. The papers are fetched, or
come from TECO_ZOO_MIRROR. Run: python train_sample.py gae_cora gae_citeseer
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from utils.training.steps import save_weights
from zoo.references import reference_folder

SEED, EPOCHS, RATE = 0, 200, 0.01


def train(variant: str) -> None:
    """Train, print the figures on the held-out citations, write the weights."""
    import torch

    start = time.perf_counter()
    model = MODEL.variant(variant)
    (papers,) = model.task.dataset(reference_folder(model.reference))
    arrays, meta = model.task.preprocess(papers.data)
    features, adjacency = (torch.from_numpy(array)[None] for array in arrays)
    joined = (adjacency > 0).float()
    # there are so many pairs without a citation that both kinds count alike only with this weight
    weight = (joined.numel() - joined.sum()) / joined.sum()
    torch.manual_seed(SEED)
    network = model.build()
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    for epoch in range(1, EPOCHS + 1):
        logits = network(features, adjacency)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, joined, pos_weight=weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if epoch % 50 == 0:
            print(f"epoch {epoch}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s", flush=True)
    with torch.inference_mode():
        logits = network(features, adjacency).numpy()
    metric = model.task.metric()
    metric.update(model.task.postprocess([logits], [meta]), [papers.truth])
    print(", ".join(f"{name} {value:.4f}" for name, value in metric.compute().items()))
    save_weights(network, model.sample_weights, half=False)


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        train(asked)
