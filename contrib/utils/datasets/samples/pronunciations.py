"""English words and how they are said, written for this project in the layout of the CMU Pronouncing Dictionary."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.pronunciations import SUFFIX
from utils.datasets.samples.once import written_once
from zoo_core.files import write_text

WRITTEN = {
    "apple": "AE1 P AH0 L",
    "bread": "B R EH1 D",
    "bridge": "B R IH1 JH",
    "butter": "B AH1 T ER0",
    "camera": "K AE1 M ER0 AH0",
    "castle": "K AE1 S AH0 L",
    "chair": "CH EH1 R",
    "city": "S IH1 T IY0",
    "cloud": "K L AW1 D",
    "coffee": "K AA1 F IY0",
    "dance": "D AE1 N S",
    "dragon": "D R AE1 G AH0 N",
    "early": "ER1 L IY0",
    "engine": "EH1 N JH AH0 N",
    "family": "F AE1 M AH0 L IY0",
    "father": "F AA1 DH ER0",
    "finger": "F IH1 NG G ER0",
    "flower": "F L AW1 ER0",
    "garden": "G AA1 R D AH0 N",
    "ghost": "G OW1 S T",
    "green": "G R IY1 N",
    "happy": "HH AE1 P IY0",
    "island": "AY1 L AH0 N D",
    "kitchen": "K IH1 CH AH0 N",
    "knife": "N AY1 F",
    "ladder": "L AE1 D ER0",
    "language": "L AE1 NG G W AH0 JH",
    "letter": "L EH1 T ER0",
    "machine": "M AH0 SH IY1 N",
    "measure": "M EH1 ZH ER0",
    "money": "M AH1 N IY0",
    "mountain": "M AW1 N T AH0 N",
    "music": "M Y UW1 Z IH0 K",
    "night": "N AY1 T",
    "orange": "AO1 R AH0 N JH",
    "paper": "P EY1 P ER0",
    "phone": "F OW1 N",
    "pocket": "P AA1 K AH0 T",
    "question": "K W EH1 S CH AH0 N",
    "river": "R IH1 V ER0",
    "school": "S K UW1 L",
    "ship": "SH IH1 P",
    "singer": "S IH1 NG ER0",
    "station": "S T EY1 SH AH0 N",
    "summer": "S AH1 M ER0",
    "table": "T EY1 B AH0 L",
    "thing": "TH IH1 NG",
    "though": "DH OW1",
    "toy": "T OY1",
    "tree": "T R IY1",
    "village": "V IH1 L AH0 JH",
    "voice": "V OY1 S",
    "water": "W AO1 T ER0",
    "window": "W IH1 N D OW0",
    "yellow": "Y EH1 L OW0",
}
# said by nobody here: int8 is calibrated on them
OTHERS = (
    *("answer", "basket", "candle", "doctor", "evening", "forest", "hammer", "insect", "jacket", "keyboard", "lemon"),
    *(
        "mirror",
        "needle",
        "ocean",
        "pencil",
        "quarter",
        "railway",
        "shoulder",
        "thunder",
        "umbrella",
        "weather",
        "zebra",
    ),
)


def load_words() -> list[str]:
    """Words that are not among those that are validated on."""
    return list(OTHERS)


@written_once
def write_pronunciations(folder: Path) -> None:
    """Write words.dict. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    write_text(folder / f"words{SUFFIX}", "".join(f"{word} {said}\n" for word, said in WRITTEN.items()))
