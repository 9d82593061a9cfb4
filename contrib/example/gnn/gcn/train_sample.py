"""Makes the weights of `gcn` and `gat`, trained on other planted partitions than are held out.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from utils.training.node_classification import train

VARIANTS = ("gcn", "gat")  # those of the small graphs; train_citations.py is the one of papers

if __name__ == "__main__":
    for name in VARIANTS:
        print(f"{name}:")
        variant = MODEL.variant(name)
        train(variant.build, variant.task.preprocess, variant.sample_weights)
