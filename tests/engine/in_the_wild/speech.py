"""A network of recordings: features of any length, how many frames of each count, and Python's own numbers."""

import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "contrib"))

from engine.tecoinfer_pytorch import TecoInferEngine


class Recogniser:
    def __init__(self, ckpt, target, dtype):
        self.model = TecoInferEngine(
            ckpt=ckpt, input_name=["speech", "speech_lengths"], target=target, batch_size=2, dtype=dtype,
            input_size=[[1, 100, 4], [1]], pass_path="", backend="tvm", model="conformer",
        )  # fmt: skip

    def __call__(self, features):
        longest = max(len(one) for one in features)
        padded = np.stack([np.pad(one, ((0, longest - len(one)), (0, 0))) for one in features])
        lengths = np.array([len(one) for one in features])
        return self.model([padded, lengths])


if __name__ == "__main__":
    recogniser = Recogniser(sys.argv[1], sys.argv[2], sys.argv[3])
    for frames in ((30, 50), (7, 120)):
        scores = recogniser([np.ones((count, 4)) for count in frames])
        print("scores", scores.shape, scores.astype("float32").sum(axis=1).ravel().tolist())
    print("model", recogniser.model.model_name, recogniser.model.input_names)
