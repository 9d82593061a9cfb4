"""Makes the weights of crnn_narrow, trained on rendered words that the sample data does not hold.

First on invented words, short ones before all, which teaches the letters; then on words of Python's own documentation
too, which teaches what follows what in English. The weights are good for checking the pipeline, and for nothing else.
Run: python train_sample.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import MODEL

from utils.training.words import Course, rendered
from zoo.training import train_on_words

COURSES = (
    Course(16_000, epochs=8, rate=4e-3, easy=2),
    *(Course(6_000, epochs=3, rate=2e-3, seed=number, english=0.6) for number in (1, 2, 3, 4, 5)),
)

if __name__ == "__main__":
    train_on_words(MODEL.variant("crnn_narrow"), COURSES, rendered)
