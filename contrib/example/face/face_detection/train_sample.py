"""Makes sample.safetensors: a narrow FaceDetection, trained on drawn faces that the sample data do not hold.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from model import MODEL, SHAPES

from utils.datasets.samples.faces import draw_picture
from utils.training.anchors import anchor_loss
from utils.training.faces import Lesson, learn_faces
from zoo.training import finish

SAMPLE = MODEL.variant()

PICTURES, MOST = 800, 6  # MOST: faces a picture
LESSON = Lesson(steps=450, batch=12, rate=4e-3)
SIDE = SHAPES[SAMPLE.variant].width
LARGEST = 0.42  # half a head's height, in pictures: as large as in sample pictures that are scaled to fit the input


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """float16 [pictures, 3, SIDE, SIDE], and float32 [pictures, faces, 5]: class (-1 where there is no face), centre x,
    y, width, height in pixels. One picture in ten has no face."""
    inputs, truth = np.empty((PICTURES, 3, SIDE, SIDE), np.float16), np.full((PICTURES, MOST, 5), -1, np.float32)
    for seed in range(PICTURES):
        faces = 0 if seed % 10 == 9 else 1 + seed % MOST
        picture, found = draw_picture(seed, SIDE, SIDE, faces, largest=LARGEST)
        inputs[seed] = SAMPLE.task.preprocess(picture)[0][0]
        for place, face in enumerate(found):
            left, top, width, height = face.box
            truth[seed, place] = (0, left + width / 2, top + height / 2, width, height)
    return inputs, truth


def main() -> None:
    """Train, print the figures on pictures that training never saw, write the weights as float16."""
    import torch

    torch.manual_seed(LESSON.seed)
    start = time.perf_counter()
    inputs, truth = drawn()
    print(f"{PICTURES} pictures drawn, {time.perf_counter() - start:.0f} s", flush=True)
    task: Any = SAMPLE.task
    network = SAMPLE.build().to(memory_format=torch.channels_last)

    def loss_of(batch: Any, chosen: np.ndarray) -> Any:
        """The loss of the detectors with anchors; half of the batches are mirrored."""
        faces = torch.from_numpy(truth[chosen])
        if chosen[0] % 2:
            batch, faces = batch.flip(3), faces.clone()
            faces[..., 1] = SIDE - faces[..., 1]
        return anchor_loss(task.faces.objects, network(batch.contiguous(memory_format=torch.channels_last)), faces)

    learn_faces(network, list(network.parameters()), inputs, loss_of, LESSON)
    finish(SAMPLE, network, "pictures", start)


if __name__ == "__main__":
    main()
