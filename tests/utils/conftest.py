"""What several tests of utils need: two real photographs, and folders of images."""

from pathlib import Path

import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from utils.notices import forget


@pytest.fixture(autouse=True)
def notices_begin_anew():
    """Each test is told everything, whatever was said before."""
    forget()


@pytest.fixture(scope="session")
def photos() -> dict[str, Image.Image]:
    """The two photographs that scikit-learn carries, RGB, 640 x 427."""
    data = load_sample_images()
    pairs = zip(data.filenames, data.images, strict=True)
    return {Path(name).stem: Image.fromarray(image) for name, image in pairs}


@pytest.fixture
def tree(tmp_path):
    """Make a tree of small images: tree("cat/a.png", "dog/deep/b.png") gives its root."""

    def make(*names: str) -> Path:
        root = tmp_path / "tree"
        root.mkdir(exist_ok=True)
        for number, name in enumerate(names):
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (6, 4), (number, 0, 0)).save(target)
        return root

    return make
