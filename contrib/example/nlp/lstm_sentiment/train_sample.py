"""Makes sample.safetensors and vocabulary.txt: LSTM sentiment network trained on generated reviews.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL, VOCABULARY

from utils.training.text_classification import Recipe
from zoo.training import train_on_reviews

if __name__ == "__main__":
    train_on_reviews(MODEL.variant(), Recipe(epochs=3, rate=4e-3), VOCABULARY)
