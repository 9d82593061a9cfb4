"""Rendered words: pictures of single words in several fonts and colours, blurred, noisy, a little crooked.

The words of the sample data are English words and numbers. Training never sees any of them: it reads invented words
(`training_word`).
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from utils.datasets.samples.drawn import Drawn
from utils.datasets.samples.lettering import FACES, cased, ground, invented, lettered, noisy, number, two_colours
from utils.datasets.samples.once import written_once

SEED = 20250311
TRAINING = 2000  # words to calibrate on or to train on
NUMBERS = 60
LIST_FILE = "gt.txt"

_WORDS = """
able about above across action address after again agree air always amber ancient animal answer apple april arch area
arrive artist autumn avenue bakery balance bank basket beach bicycle bird black blue boat book border bottle branch
bread breakfast bridge bright broken brown builder butter button cabin cafe camera candle captain carpet castle centre
chain chair change cheese cherry chicken child circle city clean clever clock closed cloud coast coffee cold colour
comfort copper corner cotton country cousin cover cream crossing crystal curtain daily dance danger daughter december
deep delivery desk diamond dinner direct doctor dolphin double dragon dream drink drive early earth east easy eight
electric empty engine entrance equal evening exit express factory family farmer fast feather february fence field
finger fire fish flower forest forward fountain fresh friday friend fruit future galaxy gallery garage garden gate
gentle ginger giraffe glass gold grand grape green grocery guest guitar harbour harvest health heart heavy hello
helmet history holiday honey horizon hospital hotel house hundred hungry iceberg important island jacket january jewel
journey juice july jungle kettle kitchen kiwi knife ladder lake language lantern large laundry lemon letter library
light lobby local london lucky machine magazine magic maple march market meadow medicine metal midnight milk million
mirror modern monday money monkey morning mountain museum music narrow nature nine north november number ocean october
office olive onion open orange orchard oxygen packet paint palace paper parking parrot pencil pepper pharmacy photo
piano picture pilot planet platform pocket police post potato power private public purple puzzle quality quarter queen
question quick quiet rabbit radio railway rainbow ready repair river rocket round royal safety salmon saturday school
science season second september seven shadow silver simple sixty sleep slow smooth soap south spring square station
stone street student sugar summer sunday table taxi theatre thunder ticket tiger tomato tower traffic travel umbrella
united valley village violet visitor wagon water weather welcome west whale wheel white window winter wizard wonder
wood yellow young zebra zero
"""
ENGLISH = tuple(_WORDS.split())


def held_out() -> tuple[str, ...]:
    """The texts of the sample data, in small letters: every word of ENGLISH, and some numbers."""
    random = np.random.RandomState(SEED)
    return ENGLISH + tuple(number(random) for _ in range(NUMBERS))


HELD_OUT = frozenset(held_out())


def training_word(random: np.random.RandomState) -> str:
    """An invented word or a number, in small letters, that the sample data does not hold."""
    while (word := invented(random)) in HELD_OUT:
        pass
    return word


def render_word(text: str, random: np.random.RandomState) -> Image.Image:
    """One picture, RGB, about as high as the word: what a text detector would cut out."""
    mask = lettered(text, FACES[random.randint(len(FACES))], random.randint(22, 54))
    stretched = (max(round(mask.width * random.uniform(0.85, 1.2)), 1), mask.height)
    mask = mask.resize(stretched, Image.Resampling.BICUBIC)
    mask = mask.rotate(random.uniform(-3, 3), Image.Resampling.BICUBIC, expand=True)
    left, top, right, bottom = random.randint(1, 7, 4)
    coverage = np.pad(np.asarray(mask, np.float32), ((top, bottom), (left, right)))[:, :, None] / 255
    paper, ink = two_colours(random, contrast=70)
    pixels = ground(coverage.shape[1], coverage.shape[0], paper, random.uniform(0, 45), random)
    pixels = pixels * (1 - coverage) + ink * coverage
    sigma = random.uniform(0, 18)
    blur = random.uniform(0, 0.035) * mask.height
    return noisy(np.asarray(noisy(pixels, 0, random).filter(ImageFilter.GaussianBlur(blur)), np.float32), sigma, random)


def training_pictures() -> Drawn[Image.Image]:
    """Pictures of words that the sample data does not hold, to calibrate on or to train on."""

    def draw(number: int) -> Image.Image:
        random = np.random.RandomState(number)
        return render_word(training_word(random), random)

    return Drawn(draw, range(TRAINING))


@written_once
def write_words(folder: Path) -> None:
    """Write the sample data: <folder>/images/<nnnn>.jpg, and gt.txt with a line "path<TAB>word" for each.

    This is the list that the published text recognition data sets are made from. The folder appears as a whole. One
    that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    random = np.random.RandomState(SEED + 1)
    (folder / "images").mkdir()
    lines = []
    for index, word in enumerate(held_out()):
        text = cased(word, random)
        path = f"images/{index:04}.jpg"
        render_word(text, random).save(folder / path, quality=85)
        lines.append(f"{path}\t{text}\n")
    (folder / LIST_FILE).write_text("".join(lines), encoding="utf-8")
