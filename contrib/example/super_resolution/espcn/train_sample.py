"""Makes sample.safetensors and those of the other scales: ESPCN trained on crops of five photographs.

Run: python train_sample.py [espcn_x3]
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from utils.preprocess.image import load_rgb
from utils.training.enlarging import SEED, enlarged_by_pillow, fit
from zoo.training import finish

SAMPLE = MODEL.variant(sys.argv[1] if len(sys.argv) > 1 else None)
COUNT, STEPS, BATCH, RATE = 2000, 10000, 8, 4e-3


def main() -> None:
    """Train, print the figures on crops that training never saw, and those of bicubic enlargement; write the
    weights."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    network = SAMPLE.build().train()
    scale = int(SAMPLE.variant[-1])
    fit(network, scale, count=COUNT, steps=STEPS, batch=BATCH, rate=RATE)
    finish(SAMPLE, network, "crops", start, half=False)
    bicubic = enlarged_by_pillow(scale, SAMPLE.task.metric(), SAMPLE.task.dataset(SAMPLE.data("sample")), load_rgb)
    print("bicubic: " + ", ".join(f"{name} {value:.4f}" for name, value in bicubic.items()))


if __name__ == "__main__":
    main()
