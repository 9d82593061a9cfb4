"""Data sets of texts, tables and small lists for the fuzzer: what lies in the folder, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.fuzz.loader import Loader
from tests.fuzz.mutate import JSON, TEXT

_POINTS = {"bbox": [1, 2, 9, 9], "area": 80.0, "keypoints": [2, 3, 2, 0, 0, 0], "num_keypoints": 1}
_MASK = {"bbox": [1, 2, 9, 9], "area": 80.0, "segmentation": [[1, 2, 10, 2, 10, 11]]}
_LENGTHS = {"size": [16, 24], "counts": [100, 20, 264]}


def _coco(*entries: dict[str, Any], **category: Any) -> str:
    """A file of COCO's layout about a.png."""
    numbered = [{"id": number, "image_id": 1, "category_id": 1} | one for number, one in enumerate(entries)]
    image = {"id": 1, "file_name": "a.png", "width": 24, "height": 16}
    return json.dumps({"images": [image], "annotations": numbered, "categories": [{"id": 1, "name": "one"} | category]})


def _files(
    read: Callable[[Path], Any],
    texts: Mapping[str, str],
    damaged: tuple[str, ...] = (),
    pictures: tuple[str, ...] = (),
    sounds: tuple[str, ...] = (),
    mutators: Any = TEXT,
) -> Loader:
    """A loader of a folder with some text files, all of which are damaged where `damaged` names none."""

    def write(folder: Path) -> None:
        for name in (*texts, *pictures, *sounds):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name in pictures:
            Image.new("RGB", (24, 16)).save(folder / name)
        for name in sounds:
            import soundfile

            soundfile.write(folder / name, np.zeros(1600), 16000)

    return Loader(write, damaged or tuple(texts), mutators, read)


def _squad(folder: Path) -> None:
    from utils.datasets.squad import QuestionsAndAnswers, questions_in

    questions_in(folder / "dev-v2.0.json")
    QuestionsAndAnswers(folder)


def _conll(folder: Path) -> None:
    from utils.datasets.conll import TaggedSentences

    TaggedSentences(folder)


def _beir(folder: Path) -> None:
    from utils.datasets.beir import Retrieval

    Retrieval(folder)


def _turns(folder: Path) -> None:
    from utils.datasets.rttm import SpeechRecordings

    SpeechRecordings(folder)


def _histories(folder: Path) -> None:
    from utils.datasets.histories import Histories

    Histories(folder, 9)


def _interactions(folder: Path) -> None:
    from utils.datasets.interactions import Interactions

    Interactions(folder, 3, 9)


def _choices(folder: Path) -> None:
    from utils.datasets.leave_one_out import LeaveOneOut

    LeaveOneOut(folder, 5, 9)


def _translations(folder: Path) -> None:
    from utils.datasets.parallel import ParallelCorpus

    ParallelCorpus(folder, ("en", "de"))


def _polyphones(folder: Path) -> None:
    from utils.datasets.polyphones import LabelledPolyphones

    LabelledPolyphones(folder, ["zhang3", "chang2"])


def _pronunciations(folder: Path) -> None:
    from utils.datasets.pronunciations import Pronunciations

    Pronunciations(folder)


def _tu_graphs(folder: Path) -> None:
    from utils.datasets.tu_graphs import TuGraphs

    for graph in TuGraphs(folder, ("C", "O"), (1, -1)):
        assert graph.truth in (0, 1)


def _languages(folder: Path) -> None:
    from utils.datasets.languages import SentencesByLanguage

    SentencesByLanguage(folder, ["de", "en"])


def _sung(folder: Path) -> None:
    from utils.datasets.vocadito import notes, pitches

    pitches(folder)
    notes(folder)


def _people(folder: Path) -> None:
    from utils.datasets.coco_keypoints import CocoKeypoints

    CocoKeypoints(folder / "a.json", ("nose", "ear"))


def _masks(folder: Path) -> None:
    from utils.datasets.coco_instances import CocoInstances

    CocoInstances(folder / "a.json", ("one",))


def _attributes(folder: Path) -> None:
    from utils.datasets.face_attributes import FaceAttributes, Head

    FaceAttributes(folder, [Head("gender", ("male", "female")), Head("age", ("0-2", "70+"))])


def _pairs(folder: Path) -> None:
    from utils.datasets.face_pairs import FacePairs

    FacePairs(folder)


def _points(folder: Path) -> None:
    from utils.datasets.face_points import FacePoints

    FacePoints(folder, 2)


def _quality(folder: Path) -> None:
    from utils.datasets.face_quality import FaceQualities

    FaceQualities(folder)


def _music(folder: Path) -> None:
    from utils.datasets.music_tags import MusicTags

    MusicTags(folder, ("rock", "choir"))


def _transcripts(folder: Path) -> None:
    from utils.datasets.libri_speech import Transcribed

    Transcribed(folder)


def _table(folder: Path) -> None:
    from utils.columns import column, columns

    for name in columns(folder / "a.csv"):
        list(column(folder / "a.csv", name))


_QUESTION = {"id": "1", "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0}], "is_impossible": False}
_SQUAD = {"version": "v2.0", "data": [{"title": "t", "paragraphs": [{"context": "Ada wrote it.", "qas": [_QUESTION]}]}]}
_NODES = "1\n1\n1\n2\n2\n"
_FAIRFACE = "file,age,gender,race,service_test\na.png,0-2,Male,White,True\n"
LABEL_FILES: dict[str, Loader] = {
    "squad": _files(_squad, {"dev-v2.0.json": json.dumps(_SQUAD)}, mutators=JSON),
    "conll": _files(_conll, {"test.txt": "-DOCSTART- -X- O O\n\nAda NNP B-NP B-PER\nwrote VBD B-VP O\n\nIt PRP O O\n"}),
    "beir": _files(
        _beir,
        {
            "corpus.jsonl": '{"_id": "d1", "title": "t", "text": "one"}\n{"_id": "d2", "title": "", "text": "two"}\n',
            "queries.jsonl": '{"_id": "q1", "text": "which"}\n',
            "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td2\t1\n",
        },
    ),
    "turns": _files(_turns, {"a.rttm": "SPEAKER a 1 0.010 0.050 <NA> <NA> one <NA> <NA>\n"}, sounds=("a.wav",)),
    "histories": _files(_histories, {"m.txt": "1 2\n1 3\n1 4\n", "m.test.negative": "(1,4)\t7\t8\n"}),
    "interactions": _files(_interactions, {"train.txt": "0 1 2\n1 5\n", "test.txt": "0 4 6\n1 7\n"}),
    "choices": _files(
        _choices, {"m.test.rating": "0\t3\t5\t9\n1\t2\t5\t9\n", "m.test.negative": "(0,3)\t1\n(1,2)\t4\n"}
    ),
    "translations": _files(_translations, {"a.tsv": "good food\tgutes Essen\na view\teine Sicht\n"}),
    "translations by line": _files(_translations, {"a.en": "good food\na view\n", "a.de": "gutes Essen\nSicht\n"}),
    "polyphones": _files(_polyphones, {"a.sent": "他▁长▁得很高\n▁长▁江\n", "a.lb": "zhang3\nchang2\n"}),
    "pronunciations": _files(_pronunciations, {"a.dict": ";;; x\nabout AH0 B AW1 T # y\nabout(2) B AW1 T\n"}),
    "graphs with classes": _files(
        _tu_graphs,
        {
            "M_A.txt": "1, 2\n2, 1\n2, 3\n4, 5\n",
            "M_graph_indicator.txt": _NODES,
            "M_graph_labels.txt": "1\n-1\n",
            "M_node_labels.txt": "0\n1\n0\n0\n1\n",
        },
    ),
    "languages": _files(_languages, {"de.txt": "Guten Tag\n", "en.txt": "Good day\n\nHello\n"}),
    "sung": _files(
        _sung,
        {"Annotations/F0/a_f0.csv": "0.0,0\n0.01,220.5\n", "Annotations/Notes/a_notesA1.csv": "0.0,220.5,0.4\n"},
        sounds=("Audio/a.wav",),
    ),
    "people": _files(
        _people, {"a.json": _coco(_POINTS, keypoints=["nose", "ear"])}, pictures=("a.png",), mutators=JSON
    ),
    "masks": _files(
        _masks, {"a.json": _coco(_MASK, _MASK | {"segmentation": _LENGTHS})}, pictures=("a.png",), mutators=JSON
    ),
    "attributes": _files(_attributes, {"attributes.txt": "a.png 0 1\nb.png -1 0\n"}, pictures=("a.png", "b.png")),
    "attributes in a table": _files(_attributes, {"fairface_label_val.csv": _FAIRFACE}, pictures=("a.png",)),
    "pairs of faces": _files(
        _pairs,
        {"pairs.txt": "2\t1\n" + "x\t1\t2\nx\t1\ty\t1\n" * 2, "landmarks.txt": "x/x_0001.jpg " + "1 2 " * 5 + "\n"},
        pictures=("x/x_0001.jpg", "x/x_0002.jpg", "y/y_0001.jpg"),
    ),
    "points of faces": _files(
        _points, {"a.pts": "version: 1\nn_points: 2\n{\n2.5 3\n4 5\n}\n"}, pictures=("a.png",)
    ),
    "quality of faces": _files(_quality, {"a.txt": "1.5 -2 0 " + "3 4 " * 5}, pictures=("a.png",)),
    "tags": _files(
        _music,
        {"annotations_final.csv": '"clip_id"\t"rock"\t"choir"\t"mp3_path"\n"1"\t"1"\t"0"\t"a.wav"\n'},
        sounds=("a.wav",),
    ),
    "transcripts": _files(_transcripts, {"1/2/1-2.trans.txt": "1-2-0 HELLO THERE\n"}, sounds=("1/2/1-2-0.flac",)),
    "table": _files(_table, {"a.csv": 'name,text\none,"good, food"\ntwo,view\n'}),
}  # fmt: skip
