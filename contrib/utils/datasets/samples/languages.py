"""Sentences of everyday life in twelve languages, written for this project."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.languages import SUFFIX
from utils.datasets.samples.once import written_once
from zoo_core.files import write_text

WRITTEN = {
    "de": ("Morgen früh fahren wir mit dem Zug nach Hause.", "Das Wasser im See ist noch ziemlich kalt."),
    "en": ("We are taking the train home tomorrow morning.", "The water in the lake is still rather cold."),
    "es": ("Mañana por la mañana volvemos a casa en tren.", "El agua del lago todavía está bastante fría."),
    "fr": ("Demain matin, nous rentrons à la maison en train.", "L'eau du lac est encore assez froide."),
    "it": ("Domani mattina torniamo a casa in treno.", "L'acqua del lago è ancora piuttosto fredda."),
    "ja": ("明日の朝、電車で家に帰ります。", "湖の水はまだかなり冷たいです。"),
    "ko": ("내일 아침에 우리는 기차를 타고 집에 갑니다.", "호수의 물은 아직 꽤 차갑습니다."),
    "nl": ("Morgenochtend gaan we met de trein naar huis.", "Het water in het meer is nog behoorlijk koud."),
    "pl": ("Jutro rano wracamy pociągiem do domu.", "Woda w jeziorze jest jeszcze dość zimna."),
    "pt": ("Amanhã de manhã voltamos para casa de comboio.", "A água do lago ainda está bastante fria."),
    "ru": ("Завтра утром мы поедем домой на поезде.", "Вода в озере ещё довольно холодная."),
    "zh": ("明天早上我们坐火车回家。", "湖里的水还很冷。"),
}


@written_once
def write_languages(folder: Path) -> None:
    """Write a file a language. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    for code, sentences in WRITTEN.items():
        write_text(folder / f"{code}{SUFFIX}", "".join(f"{sentence}\n" for sentence in sentences))
