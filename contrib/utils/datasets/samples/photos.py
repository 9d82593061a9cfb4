"""A few real photographs in ImageNet's layout: crops of the two pictures that scikit-learn carries.

They show that a network runs on photographs of any size, and they serve comparisons between runtimes. They
are no measure of a network's quality: two subjects are too few, and a dahlia is not one of ImageNet's
classes.
"""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from utils.datasets.samples.once import written_once

# The WordNet id of what a picture shows. china.jpg shows a pavilion of the Summer Palace in Beijing: palace.
# flower.jpg shows a dahlia; daisy is the nearest class that ImageNet has, not the exact truth.
WNIDS = {"china": "n03877845", "flower": "n11939491"}

# Windows (left, top, right, bottom), in pixels of the 640 x 427 originals, that keep the subject inside.
WINDOWS = {
    "china": ((0, 0, 640, 427), (0, 0, 427, 427), (40, 10, 380, 427), (0, 0, 500, 375)),
    "flower": ((0, 0, 640, 427), (100, 10, 510, 420), (150, 0, 460, 427), (80, 0, 580, 375)),
}

# Longer sides in pixels: below the usual crop of 224, odd, usual in ImageNet, larger than the original.
SIDES = (160, 333, 500, 701)

ATTRIBUTION = """\
The photographs below this folder are crops of china.jpg and flower.jpg, as scikit-learn bundles them. What
its README says of the two:

china.jpg   Creative Commons, https://creativecommons.org/licenses/by/2.0/
            Attribution: danielbuechele, https://www.flickr.com/photos/danielbuechele/
            Retrieved 21 August 2011 by Robert Layton from
            https://www.flickr.com/photos/danielbuechele/6061409035/sizes/z/in/photostream/

flower.jpg  Creative Commons, https://creativecommons.org/licenses/by/2.0/
            Attribution: danielbuechele (so the README; the address that it gives is the account vultilion),
            https://www.flickr.com/photos/vultilion/
            Retrieved 21 August 2011 by Robert Layton from
            https://www.flickr.com/photos/vultilion/6056698931/sizes/z/in/photostream/

Changed: cropped, scaled and compressed again as JPEG. The originals' authors do not endorse this use.
"""


@written_once
def write_photos(folder: Path, names: Mapping[str, str] = WNIDS) -> None:
    """Write 32 JPEGs of varied sizes as <folder>/<class>/<picture>_<window>_<width>x<height>.jpg.

    Beside the class folders stands ATTRIBUTION.txt. The folder appears as a whole. One that already has
    content is left as it is.

    Args:
        folder: where to.
        names: the class of each picture, "china" and "flower"; by default their WordNet ids.

    Raises:
        DataError: the folder cannot be written.
    """
    (folder / "ATTRIBUTION.txt").write_text(ATTRIBUTION, encoding="utf-8")
    for name, picture in originals().items():
        target = folder / names[name]
        target.mkdir()
        for number, window in enumerate(WINDOWS[name]):
            for side in SIDES:
                crop = _scaled(picture.crop(window), side)
                crop.save(target / f"{name}_{number}_{crop.width}x{crop.height}.jpg", quality=90)


def originals() -> dict[str, Image.Image]:
    """Picture name → RGB image."""
    from sklearn.datasets import load_sample_images

    data = load_sample_images()
    names = [Path(file).stem for file in data.filenames]
    return {name: Image.fromarray(image) for name, image in zip(names, data.images, strict=True) if name in WNIDS}


def _scaled(image: Image.Image, side: int) -> Image.Image:
    factor = side / max(image.size)
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)
