"""Makes sample.safetensors: AutoDis trained on rows of the click log that the sample data set does not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from utils.training.click_prediction import train

SAMPLE = MODEL.variant()

if __name__ == "__main__":
    train(SAMPLE.build, SAMPLE.task.preprocess, SAMPLE.sample_weights, rows=900_000)
