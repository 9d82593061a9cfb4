"""Running an exported model needs neither torch nor paddle: using utils does not import them."""

import os
import subprocess
import sys
from pathlib import Path

import utils

CONTRIB = Path(utils.__file__).parents[1]
HEAVY = (
    "torch",
    "torchvision",
    "paddle",
    "sklearn",
    "scipy",
    "onnx",
    "onnxruntime",
    "rich",
    "tqdm",
    "engine",
    "zoo",
)

CODE = """
import importlib, pkgutil, sys
import utils
names = [module.name for module in pkgutil.walk_packages(utils.__path__, "utils.")]
for name in names:
    importlib.import_module(name)
import numpy as np
from PIL import Image
from utils.draw.classification import draw_ranking
from utils.postprocess.labels import imagenet
from utils.postprocess.pytorch.classification import TopK
from utils.preprocess.pytorch.classification import IMAGENET
photo = Image.new("RGB", (300, 200))
(array,), meta = IMAGENET(photo)
ranking = TopK(imagenet())([np.arange(1000.0)[None]], [meta])[0]
draw_ranking(photo, ranking, imagenet())
print(len(names), *sorted(set(sys.argv[1:]) & {name.partition(".")[0] for name in sys.modules}))
"""


def test_utils_loads_nothing_heavy():
    environ = {**os.environ, "PYTHONPATH": str(CONTRIB)}
    done = subprocess.run([sys.executable, "-c", CODE, *HEAVY], env=environ, capture_output=True, text=True, check=True)
    count, *loaded = done.stdout.split()
    assert int(count) > 20
    assert loaded == []
