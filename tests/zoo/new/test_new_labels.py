"""zoo new: what flags say of classes and pictures fills in what the source leaves open, and never overwrites it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TINY = ("mine_for_test:tiny", "--size", "32", "--channels", "1")
NAMES = ("ash", "beech", "cedar", 'the "d" tree', "elm", "fir, grey", "ginkgo's")


@pytest.fixture
def names(tmp_path: Path) -> Any:
    """Writes names to a file, and gives the flag."""

    def write(*names: str) -> list[str]:
        (tmp_path / "names.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        return ["--labels", str(tmp_path / "names.txt")]

    return write


def test_names_of_classes(made: Any, names: Any) -> None:
    """They are in a file of the folder, whatever characters they have, and what is predicted is called so."""
    assert made.new("classification/trees", *TINY, *names(*NAMES)) == 0
    made.assert_in_style("classification/trees")
    model = made.model("classification/trees")
    assert model.task.labels == model.task.folders == NAMES
    assert {place.name for place in model.sample.folder().iterdir() if place.is_dir()} == set(NAMES[:2])


def test_other_names_make_another_sample(made: Any, names: Any) -> None:
    """Under one name of the folder, and after an edit of the file by hand."""
    assert made.new("classification/trees", *TINY, *names(*NAMES)) == 0
    before = made.model("classification/trees").sample.folder()
    file = made.folder("classification/trees") / "labels.txt"
    file.write_text(file.read_text().replace("ash", "alder"))
    after = made.model("classification/trees").sample.folder()
    assert after != before
    assert (after / "alder").is_dir()
    assert (before / "ash").is_dir()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (NAMES[:6], "--labels has 6 names (ash, …), and --from mine_for_test:tiny tells 7 classes apart"),
        ((*NAMES[:6], "a/b"), "class 7, 'a/b', cannot be the name of a folder"),
        ((*NAMES[:6], "x" * 300), "cannot be the name of a folder"),
        ((*NAMES[:6], "ash"), "line 7: 'ash' stands in line 1 already"),
        ((*NAMES[:3], "", *NAMES[3:]), "line 4: it is empty"),
        ((), "there is no name in it"),
    ],
)
def test_names_that_do_not_fit(made: Any, names: Any, given: tuple[str, ...], said: str) -> None:
    assert said in made.refused(*TINY, *names(*given))


def test_a_file_of_names_that_is_missing_or_no_text(made: Any, tmp_path: Path) -> None:
    assert "cannot be read" in made.refused(*TINY, "--labels", str(tmp_path / "none.txt"))
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in made.refused(*TINY, "--labels", str(tmp_path / "binary.txt"))


@pytest.mark.parametrize(
    ("words", "mean", "std"),
    [
        (("--mean", "0.25"), (0.25,), (0.5,)),
        (("--mean", "0", "--std", "1"), (0.0,), (1.0,)),
    ],
)
def test_numbers_of_pixels(made: Any, words: tuple[str, ...], mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    assert made.new("classification/tiny", *TINY, *words) == 0
    transform = made.model("classification/tiny").task.transform
    assert (transform.mean, transform.std) == (mean, std)


def test_one_number_stands_for_three_channels(made: Any) -> None:
    words = ("--size", "64", "--mean", "0.5", "--std", "0.2,0.3,0.4")
    assert made.new("segmentation/own", "mine_for_test:segmenter", "--task", "segmentation", *words) == 0
    transform = made.model("segmentation/own").task.transform
    assert (transform.mean, transform.std) == ((0.5, 0.5, 0.5), (0.2, 0.3, 0.4))


@pytest.mark.parametrize(
    ("source", "words", "said"),
    [
        (TINY, "--mean 0.1,0.2,0.3", "--mean has 3 numbers, and --from mine_for_test:tiny takes 1 channels"),
        (TINY, "--mean 127.5", "divide those for pixels from 0 to 255 by 255"),
        (TINY, "--std 0", "--std 0: numbers from 1e-06 to 1 are expected"),
        (("torchvision.resnet18",), "--mean 0.5", "normalises with a mean of 0.485, 0.456, 0.406, and --mean is 0.5"),
        (("torchvision.resnet18",), "--std 0.229,0.224,0.3", "normalises with a std of 0.229, 0.224, 0.225, and"),
        (TINY, "--pooling mean", "--task classification has no use for --pooling; it takes --labels, --size"),
    ],
)
def test_contradictions(made: Any, source: tuple[str, ...], words: str, said: str) -> None:
    assert said in made.refused(*source, *words.split())


def test_names_that_the_library_says_otherwise(made: Any, names: Any) -> None:
    """torchvision's weights are of ImageNet; its own names are no contradiction, and are not written again."""
    from utils.postprocess.labels import imagenet

    said = made.refused("torchvision.resnet18", *names(*(f"thing {number}" for number in range(1000))))
    assert "names its classes: number 1 is 'tench', and --labels says 'thing 0'" in said
    assert made.new("classification/small", "torchvision.shufflenet_v2_x0_5", *names(*imagenet())) == 0
    assert not (made.folder("classification/small") / "labels.txt").exists()


def test_what_agrees_with_the_source_is_no_contradiction(made: Any) -> None:
    words = ("--size", "224", "--channels", "3", "--mean", "0.485,0.456,0.406")
    assert made.new("classification/small", "torchvision.shufflenet_v2_x0_5", *words) == 0


def test_numbers_that_are_none(made: Any, capfd: Any) -> None:
    for wrong in ("half", "1,2", ""):
        with pytest.raises(SystemExit) as ended:
            made.new("classification/tiny", *TINY, "--mean", wrong)
        assert ended.value.code == 2


def test_the_licence_is_stated_or_left_to_do(made: Any, capfd: Any) -> None:
    """Either way the text is true, and no placeholder."""
    assert made.new("classification/mine", *TINY, "--licence", 'MIT ("mine")', "--about", "A net of my own.") == 0
    assert "licence" not in capfd.readouterr().out
    assert made.model("classification/mine").licence == 'MIT ("mine")'
    assert "\nA net of my own. tiny as it is in" in (made.folder("classification/mine") / "README.md").read_text()
    made.assert_in_style("classification/mine")
    assert made.new("classification/other", *TINY) == 0
    assert "left to do: mine_for_test:tiny does not say its licence" in capfd.readouterr().out
    assert made.model("classification/other").licence == "not stated by mine_for_test:tiny"


def test_long_texts_keep_the_style(made: Any) -> None:
    words = ("--licence", "a licence of many words, " * 20, "--about", "A sentence of many words. " * 20)
    assert made.new("classification/long", *TINY, *words) == 0
    made.assert_in_style("classification/long")
    assert made.model("classification/long").licence == ("a licence of many words, " * 20).strip()
