"""Makes sample.safetensors and vocabulary.txt: TextRCNN trained on generated reviews.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL, VOCABULARY

from utils.datasets.samples.reviews import load_split
from utils.preprocess.text import build_vocabulary
from utils.training.text_classification import Recipe, Texts, train
from zoo_core.files import write_text

SAMPLE = MODEL.variant()
UNKNOWN = 1


def main() -> None:
    """Write the vocabulary, train, and write the weights."""
    write_text(VOCABULARY, "\n".join(build_vocabulary([review.sentence for review in load_split()[0]])) + "\n")
    task = SAMPLE.task
    texts = Texts(task.preprocess, task.postprocess, task.padding or (), UNKNOWN)
    train(SAMPLE.build, texts, SAMPLE.sample_weights, Recipe(epochs=3, rate=4e-3))


if __name__ == "__main__":
    main()
