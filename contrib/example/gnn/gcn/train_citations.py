"""Makes the weights of `gcn_cora` and `gcn_citeseer`: GCN trained as the paper trains it, on the 20
labelled papers of each topic of Cora or Citeseer.

Adam at 0.01, 200 epochs, dropout 0.5, weight decay 5e-4 on the first layer only; no test node is looked at before the
end. The papers are fetched, or come from TECO_ZOO_MIRROR. Run: python train_citations.py cora citeseer
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import CITATIONS, MODEL

from utils.metrics.nodes import NodeAccuracy
from utils.training.steps import save_weights
from zoo.references import reference_folder

SEED, EPOCHS, RATE, DECAY = 0, 200, 0.01, 5e-4


def train(name: str) -> None:
    """Train, print the accuracy on the 1,000 test nodes, write the weights."""
    import torch

    model = MODEL.variant(f"gcn_{name}")
    (papers,) = model.task.dataset(reference_folder(CITATIONS[name]))
    arrays, meta = model.task.preprocess(papers.data)
    features, adjacency = (torch.from_numpy(array)[None] for array in arrays)
    known = torch.from_numpy(papers.data.known)
    told = known >= 0
    torch.manual_seed(SEED)
    network = model.build()
    for layer in (network.first, network.second):
        torch.nn.init.xavier_uniform_(layer.weight)
    groups = [
        {"params": network.first.parameters(), "weight_decay": DECAY},
        {"params": network.second.parameters(), "weight_decay": 0.0},
    ]
    optimiser = torch.optim.Adam(groups, lr=RATE)
    for epoch in range(1, EPOCHS + 1):
        loss = torch.nn.functional.cross_entropy(network(features, adjacency)[0, told], known[told])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if epoch % 50 == 0:
            print(f"epoch {epoch}: loss {loss.item():.4f}", flush=True)
    network.eval()
    with torch.inference_mode():
        logits = network(features, adjacency).numpy()
    metric = NodeAccuracy()
    metric.update(model.task.postprocess([logits], [meta]), [papers.truth])
    print(", ".join(f"{name} {value:.4f}" for name, value in metric.compute().items()))
    save_weights(network, model.sample_weights, half=False)


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        train(asked)
