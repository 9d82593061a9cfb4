"""Makes sample.safetensors: UNet++ on a narrow LCNet, trained on drawn scenes.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from utils.training.segmentation import SEED, fit
from zoo.training import finish

SAMPLE = MODEL.variant()


def main() -> None:
    """Train, print the figures on scenes that training never saw, write the weights as float16."""
    import torch

    torch.manual_seed(SEED)
    start = time.perf_counter()
    network = SAMPLE.build()
    fit(network, SAMPLE.task.preprocess, scenes=1200, steps=2400, batch=12, rate=5e-3)
    finish(SAMPLE, network, "scenes", start)


if __name__ == "__main__":
    main()
