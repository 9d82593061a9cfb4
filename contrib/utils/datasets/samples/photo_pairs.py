"""Crops of two photographs, and smaller ones made of them: a sample for networks that enlarge or repair pictures.

They show that a pipeline runs on photographs; eight crops of two pictures are no measure of a network.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from utils.datasets.restoration import SEEN, TRUE
from utils.datasets.samples.once import written_once
from utils.datasets.samples.photos import ATTRIBUTION, originals

SIDE = 192  # divided by 2, 3 and 4
# The upper left corners of the crops, in pixels of the 640 x 427 originals.
CORNERS = ((40, 10), (180, 60), (300, 120), (420, 200))


@written_once
def write_photo_pairs(folder: Path, scale: int = 1) -> None:
    """Write HR/<picture>_<number>.png and, for a scale above 1, LR with the same crops made smaller (bicubic).

    Raises:
        DataError: the folder cannot be written.
    """
    (folder / "ATTRIBUTION.txt").write_text(ATTRIBUTION, encoding="utf-8")
    for part in (TRUE, SEEN)[: 2 if scale > 1 else 1]:
        (folder / part).mkdir()
    for name, picture in originals().items():
        for number, (left, top) in enumerate(CORNERS):
            crop = picture.crop((left, top, left + SIDE, top + SIDE))
            crop.save(folder / TRUE / f"{name}_{number}.png")
            if scale > 1:
                small = crop.resize((SIDE // scale, SIDE // scale), Image.Resampling.BICUBIC)
                small.save(folder / SEEN / f"{name}_{number}.png")
