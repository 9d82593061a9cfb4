"""Makes sample.safetensors: GraphSAGE trained on other planted partitions than are held out.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from utils.training.node_classification import train

if __name__ == "__main__":
    SAMPLE = MODEL.variant()
    train(SAMPLE.build, SAMPLE.task.preprocess, SAMPLE.sample_weights)
