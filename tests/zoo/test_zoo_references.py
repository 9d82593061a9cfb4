"""Reference data: listings, terms, digests, interruptions, and the commands; a folder stands for the network."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from utils.datasets.sample import Sample
from zoo import catalogue
from zoo.__main__ import main
from zoo.data import ReferenceData
from zoo.errors import ZooError
from zoo.fetching.mirror import VARIABLE
from zoo.model import Model, Packaged, Pretrained, Published
from zoo.references import NotPlacedError, data_folder, files_of, place_of, reference_folder
from zoo.running.padding import chunks
from zoo.tasks.image_to_image import ImageToImage
from zoo_core.hashing import sha256

HOST = "127.0.0.1:9"  # nothing answers there: what the mirror does not have cannot be had


def arranged(files: Path, folder: Path) -> None:
    for path in sorted(files.rglob("*.txt")):
        (folder / path.name).write_text(path.read_text().upper())


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mirror"))
    for name in "ab":
        path = tmp_path / "mirror" / HOST / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}")
    return tmp_path / "mirror" / HOST


@pytest.fixture
def data(mirror: Path, tmp_path: Path) -> ReferenceData:
    lines = [
        f"http://{HOST}/{name}.txt\t{path.stat().st_size}\t{sha256(path)}\tpart/{name}.txt"
        for name in "ab"
        for path in [mirror / f"{name}.txt"]
    ]
    (tmp_path / "letters.tsv").write_text("\n".join(lines) + "\n")
    return ReferenceData("letters", "Letters", tmp_path / "letters.tsv", arranged, "none", 2)


@pytest.fixture
def model(lenet: Model, data: ReferenceData, mirror: Path) -> Model:
    """LeNet with that data set, and its weights at an address."""
    path = mirror / "net.safetensors"
    path.write_bytes(lenet.sample_weights.read_bytes())
    weights = Pretrained(f"http://{HOST}/net.safetensors", 0.2, sha256(path))
    return replace(lenet, reference=data, pretrained=weights)


@pytest.fixture
def known(model: Model, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The only model that the commands know."""
    monkeypatch.setattr(catalogue, "described", lambda: iter([model]))
    return model


def kept(home: Path) -> list[str]:
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.name.startswith(".tmp"))


def test_it_is_fetched_and_arranged_once(data: ReferenceData, mirror: Path) -> None:
    folder = reference_folder(data)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.txt": "THIS IS A", "b.txt": "THIS IS B"}
    for path in mirror.iterdir():
        path.unlink()
    assert reference_folder(data) == folder == place_of(data)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "http://h/a\t3\tx",
        "http://h/a\tmany\t" + "0" * 64 + "\ta",
        "http://h/a\t-3\t" + "0" * 64 + "\ta",
        "http://h/a\t3\t" + "z" * 64 + "\ta",
        "http://h/a\t3\t" + "0" * 63 + "\ta",
        "http://h/a\t3\t" + "0" * 64 + "\t../a",
        "http://h/a\t3\t" + "0" * 64 + "\t/a",
        "http://h/a\t3\t" + "0" * 64 + "\tpart/b.txt",
        "\t3\t" + "0" * 64 + "\ta",
    ],
)
def test_a_damaged_line_of_a_listing_is_named(data: ReferenceData, line: str) -> None:
    data.listing.write_text(data.listing.read_text() + line + "\n")
    with pytest.raises(ZooError, match=r"letters\.tsv, line 3"):
        files_of(data)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", None])
def test_a_listing_that_says_nothing_is_a_sentence(data: ReferenceData, content: bytes | None) -> None:
    data.listing.unlink() if content is None else data.listing.write_bytes(content)
    with pytest.raises(ZooError, match="letters"):
        files_of(data)


def test_terms_are_accepted_by_the_person_and_once(data: ReferenceData) -> None:
    data = replace(data, terms="letters are for reading")
    with pytest.raises(ZooError, match=r"letters are for reading.*--accept-terms"):
        reference_folder(data)
    assert not place_of(data).exists()
    assert reference_folder(data, accept_terms=True) == reference_folder(data)


@pytest.mark.parametrize("content", [b"this is c", b"this is", b"<!doctype html>no", None])
def test_a_wrong_or_cut_or_missing_file_is_a_sentence_and_nothing_is_half_kept(
    data: ReferenceData, mirror: Path, tmp_path: Path, content: bytes | None
) -> None:
    good = (mirror / "b.txt").read_bytes()
    (mirror / "b.txt").unlink() if content is None else (mirror / "b.txt").write_bytes(content)
    with pytest.raises(ZooError, match=f"Letters.*b.txt.*{VARIABLE}"):
        reference_folder(data)
    assert not place_of(data).exists()
    assert not kept(tmp_path / "home")
    (mirror / "a.txt").unlink()  # what was fetched before the interruption is not asked for again
    (mirror / "b.txt").write_bytes(good)
    assert len(list(reference_folder(data).iterdir())) == 2


def test_files_that_a_person_has_to_place(data: ReferenceData, mirror: Path, tmp_path: Path) -> None:
    lines = data.listing.read_text().splitlines()
    other = hashlib.md5((mirror / "b.txt").read_bytes(), usedforsecurity=False).hexdigest()
    lines[1] = f"http://{HOST}/page\t0\t{other}\tpart/b.txt"  # no size, and the MD5 that its source states
    data.listing.write_text("\n".join(lines))
    data = replace(data, placed="ask for the letters")
    folder = tmp_path / "home/placed/letters/part"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes((mirror / "a.txt").read_bytes())
    (folder / "b.txt").write_text("this is c")
    with pytest.raises(NotPlacedError) as caught:
        reference_folder(data)
    for words in ("ask for the letters", str(folder.parent), "part/b.txt", f"expected {other}"):
        assert words in str(caught.value)
    assert "part/a.txt" not in str(caught.value)
    (folder / "b.txt").unlink()
    with pytest.raises(NotPlacedError, match=r"part/b\.txt \(http.*page\): it is not there"):
        reference_folder(data)
    assert not place_of(data).exists()
    (folder / "b.txt").write_bytes((mirror / "b.txt").read_bytes())
    assert len(list(reference_folder(data).iterdir())) == 2


def test_all_passes_over_what_nobody_has_placed(
    known: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert known.reference
    placed = replace(known, reference=replace(known.reference, placed="ask for the letters"))
    placed = replace(placed, published=Published("top1", 0.9, "nobody"))
    monkeypatch.setattr(catalogue, "described", lambda: iter([placed]))
    assert main(["reproduce", "--all", "--runs", str(tmp_path / "runs")]) == 0
    assert "passed over: Letters is not fetched by a program: ask for the letters" in capsys.readouterr().out
    assert main(["fetch", "--all", "--mirror", str(tmp_path / "other")]) == 2
    assert "ask for the letters" in capsys.readouterr().err


def test_data_that_cannot_be_arranged_leave_nothing(data: ReferenceData) -> None:
    from zoo_core.errors import DataError

    def broken(files: Path, folder: Path) -> None:
        (folder / "half").write_text("half")
        raise DataError("no sense in it")

    with pytest.raises(ZooError, match="cannot be arranged: no sense"):
        reference_folder(replace(data, arrange=broken))
    assert not place_of(data).exists()


def test_reference_as_a_data_path(model: Model, data: ReferenceData, lenet: Model) -> None:
    assert data_folder(model, "reference") == place_of(data)
    assert data_folder(model, Path("elsewhere")) == Path("elsewhere")
    with pytest.raises(ZooError, match="lenet has no reference data"):
        data_folder(lenet, "reference")


def test_the_data_command(known: Model, data: ReferenceData, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    assert "Letters" in capsys.readouterr().out
    assert main(["data", "where", "letters"]) == 0
    assert capsys.readouterr().out.strip() == str(place_of(data))
    assert not place_of(data).exists()
    assert main(["data", "fetch", "letters"]) == 0
    assert place_of(data).is_dir()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["where"], "letters"),
        (["fetch", "nothing"], "no reference data called 'nothing'; there are: letters"),
        (["where", "letters", "nothing"], "called 'nothing'"),
        (["list", "letters"], "takes no names"),
    ],
)
def test_wrong_use_of_the_data_command(
    known: Model, data: ReferenceData, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["data", *words]) == 2
    streams = capsys.readouterr()
    assert said in streams.err
    assert not streams.out
    assert not place_of(data).exists()


def test_fetch_fills_the_cache(known: Model, mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "--all"]) == 0
    assert "weights of lenet (0.2 MB)" in capsys.readouterr().out
    for path in mirror.iterdir():
        path.unlink()
    assert main(["fetch", "--all"]) == 0


def test_a_written_mirror_serves(
    known: Model, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made"
    assert main(["fetch", "--all", "--mirror", str(made)]) == 0
    names = sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())
    assert names == [f"{HOST}/{name}" for name in ("a.txt", "b.txt", "net.safetensors")]
    (made / HOST / "a.txt").write_text("changed")
    assert main(["fetch", "--all", "--mirror", str(made)]) == 0  # mended, from the cache
    monkeypatch.setenv(VARIABLE, str(made))
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "another home"))
    assert main(["fetch", "--all"]) == 0


def test_what_cannot_be_had_is_said_and_the_rest_is_fetched(
    known: Model, data: ReferenceData, mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mirror / "net.safetensors").write_bytes(b"another")
    assert main(["fetch", "--all"]) == 2
    said = capsys.readouterr().err
    assert "1 of 2 could not be had" in said
    assert "weights of lenet" in said
    assert place_of(data).is_dir()


def test_weights_without_a_digest_and_terms_are_sentences(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(model.pretrained, Pretrained)
    assert model.reference
    open_model = replace(
        model, pretrained=replace(model.pretrained, sha256=None), reference=replace(model.reference, terms="ask first")
    )
    monkeypatch.setattr(catalogue, "described", lambda: iter([open_model]))
    for where in ([], ["--mirror", str(tmp_path / "made")]):
        assert main(["fetch", "--all", *where]) == 2
        said = capsys.readouterr().err
        assert "states no digest" in said
        assert "ask first" in said
    assert not list((tmp_path / "made").rglob("*.*"))
    assert main(["fetch", "--all", "--trust", "--accept-terms"]) == 0


def test_a_file_of_a_package_is_mirrored(
    model: Model, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mirror.parent / "packages/net==1.0/net/net.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"network")
    packaged = replace(model, pretrained=Packaged("net==1.0", "net/net.onnx", sha256(path)), reference=None)
    monkeypatch.setattr(catalogue, "described", lambda: iter([packaged]))
    assert main(["fetch", "--all", "--mirror", str(tmp_path / "made")]) == 0
    assert (tmp_path / "made/packages/net==1.0/net/net.onnx").read_bytes() == b"network"


@pytest.mark.parametrize(
    "words", [[], ["no_such_network"], ["--all", "lenet"], ["classification/lenet/lenet"], ["timm"]]
)
def test_wrong_use_of_fetch(mirror: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["fetch", *words]) == 2
    assert "error: " in capsys.readouterr().err


def test_pictures_of_their_own_sizes_are_batches_of_one() -> None:
    samples = [Sample(str(number), None, None) for number in range(5)]
    task = ImageToImage()
    assert [list(one) for size in (1, 4, 16) for one in chunks(task, samples, size)] == [[0], [1], [2], [3], [4]] * 3
