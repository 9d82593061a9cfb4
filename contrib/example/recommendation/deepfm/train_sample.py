"""Makes sample.safetensors: DeepFM trained on rows of the click log that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL

from utils.datasets.samples.clicks import HELD_OUT_ROWS, HELD_OUT_SEED, TRAINING_SEED, Clicks, draw
from utils.files import atomic_write

SEED, ROWS, EPOCHS, BATCH, RATE, DECAY = 0, 600_000, 3, 1024, 3e-3, 1e-5


def prepared(clicks: Clicks) -> list[Any]:
    """The network's inputs for the rows, by the model's own preprocessing, and the labels."""
    import torch

    rows = [MODEL.task.preprocess(row)[0] for row in clicks.rows]
    arrays = [*map(np.stack, zip(*rows, strict=True)), clicks.labels.astype(np.float32)[:, None]]
    return [torch.from_numpy(array) for array in arrays]


def main() -> None:
    """Train, print AUC and log loss on rows that training never saw, beside the best possible; write the weights."""
    import torch
    from safetensors.torch import save_file
    from sklearn.metrics import log_loss, roc_auc_score

    torch.manual_seed(SEED)
    start = time.perf_counter()
    *inputs, targets = prepared(draw(ROWS, TRAINING_SEED))
    network = MODEL.build("deepfm")
    steps = EPOCHS * -(-ROWS // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
    held_out = draw(HELD_OUT_ROWS, HELD_OUT_SEED)
    *held_out_inputs, _ = prepared(held_out)
    for epoch in range(EPOCHS):
        for chosen in torch.randperm(ROWS).split(BATCH):
            logits = network(*(column[chosen] for column in inputs))
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.4f}, {time.perf_counter() - start:.0f} s")
    state = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    network.load_state_dict(state)
    with torch.inference_mode():
        scores = network(*held_out_inputs).double().sigmoid().numpy()[:, 0]
    for name, measure in (("AUC", roc_auc_score), ("log loss", log_loss)):
        best = measure(held_out.labels, held_out.probabilities)
        print(
            f"{name} on {HELD_OUT_ROWS} held-out rows: {measure(held_out.labels, scores):.4f}, best possible {best:.4f}"
        )
    print(f"{time.perf_counter() - start:.0f} s in all")
    with atomic_write(MODEL.sample_weights) as temporary:
        save_file(state, str(temporary))


if __name__ == "__main__":
    main()
