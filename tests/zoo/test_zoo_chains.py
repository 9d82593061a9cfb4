"""ocr/read: every detector, direction and recogniser of the zoo in a chain, and what cannot be one."""

from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue, index
from zoo.ahead import wanted
from zoo.contributing.check import changes
from zoo.errors import ZooError
from zoo.loading import beside
from zoo.tasks.text_reading import TextReading
from zoo.weights import asked_for, find_again, find_weights, in_short

READ = catalogue.load("ocr/read")
NETWORKS = beside(str(READ.folder / "model.py"), "model").networks()
DETECTORS, DIRECTIONS, RECOGNISERS = (list(NETWORKS[kind]) for kind in ("det", "direction", "rec"))
# Every variant of every family that deals with text, but the chains themselves
VARIANTS = [
    (one, name)
    for one in [
        *(one for one in catalogue.ids() if one.startswith("ocr/") and one != READ.id),
        "classification/cnn_direction",
    ]
    for name in catalogue.load(one).variants
]


@pytest.mark.parametrize(
    "variant",
    [
        *(f"{one}+crnn_narrow" for one in DETECTORS),
        *(f"dbnet_resnet18_narrow+{one}" for one in RECOGNISERS),
        *(f"ppocrv6_det+{one}+english_g2" for one in DIRECTIONS),
    ],
)
def test_every_network_can_be_in_a_chain(variant: str) -> None:
    model = READ.variant(variant)
    halves = variant.split("+")
    assert [one.variant for one in model.members.values()] == halves
    assert list(model.members) == (["det", "rec"] if len(halves) == 2 else ["det", "direction", "rec"])
    assert [one.inputs for one in model.parts] == [part.inputs for one in model.members.values() for part in one.parts]
    assert {part.name.partition("_")[0] for part in model.parts} == set(model.members)
    own = {one.framework for one in model.members.values()}
    assert model.framework == (own.pop() if len(own) == 1 else "mixed")
    assert isinstance(model.task, TextReading)
    assert (model.task.turning is None) == (len(halves) == 2)


@pytest.mark.parametrize(("family", "variant"), VARIANTS)
def test_whatever_reads_or_finds_text_is_a_half_or_refused(family: str, variant: str) -> None:
    kind = next((kind for kind, names in NETWORKS.items() if variant in names), "")
    asked = {"det": f"{variant}+crnn_narrow", "rec": f"ppocrv6_det+{variant}"}.get(kind, "")
    if asked:
        assert READ.variant(asked).variant == asked
    refused = {
        "det": f"ppocrv6_det+{variant}",
        "rec": f"{variant}+crnn_narrow",
        "direction": f"{variant}+crnn_narrow",
    }.get(kind, f"{variant}+crnn_narrow")
    with pytest.raises(ZooError, match=f"'{variant}' is no (detector|recogniser) that can be in a chain: these are "):
        READ.variant(refused)
    assert kind or variant == "ppocrv6_read", "a network that can be in no chain"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("dbnet", "a variant is DETECTOR.RECOGNISER or DETECTOR.DIRECTION.RECOGNISER"),
        ("a+b+c+d", "a variant is DETECTOR.RECOGNISER"),
        ("dbnet_resnet18+nobody", "'nobody' is no recogniser that can be in a chain: these are .*english_g2"),
        ("nobody+crnn_narrow", "'nobody' is no detector that can be in a chain: these are .*ppocrv6_det"),
        ("crnn_narrow+dbnet_resnet18", "'crnn_narrow' is no detector .*; 'dbnet_resnet18' is no recogniser"),
        ("ppocrv6_det+crnn+crnn", "'crnn' is no network that tells a direction .*cnn_direction"),
    ],
)
def test_what_is_no_chain_is_said(asked: str, words: str) -> None:
    with pytest.raises(ZooError, match=f"ocr/read has no variant '{asked.replace('+', '.')}'; .*{words}"):
        READ.variant(asked)


def test_names() -> None:
    assert len({name for names in NETWORKS.values() for name in names}) == sum(map(len, NETWORKS.values()))
    assert READ.default_variant == READ.variants[0] == "dbnet_crnn"
    assert [one.variant for one in READ.variant("ctpn_cnnctc").members.values()] == ["ctpn_narrow", "cnnctc_narrow"]
    family, variant = catalogue.find("ocr/read/ppocrv6_det+english_g2")
    assert (family.id, variant) == ("ocr/read", "ppocrv6_det+english_g2")


def test_pp_ocrs_own_chain_is_one_of_them() -> None:
    own = catalogue.load("ocr/ppocr").variant("ppocrv6_read")
    assert READ.variant("ppocrv6_det+ppocr_direction+ppocrv6_rec").task == own.task


def test_each_network_has_its_own_weights() -> None:
    model = READ.variant("dbnet_crnn")
    found = find_weights(model, None)
    assert {name: one.kind for name, one in found.members.items()} == {"det": "sample", "rec": "sample"}
    again = find_weights(model, asked_for(found.to_json()))
    assert (again.sha256, len(again.sha256)) == (found.sha256, 64)
    random = find_weights(model, "random")
    assert (random.kind, random.sha256) == ("random", "")
    alone = find_weights(model, f"rec={model.members['det'].sample_weights}")
    assert [one.kind for one in alone.members.values()] == ["sample", "file"]
    assert asked_for(alone.to_json()) == f"det=sample,rec={model.members['det'].sample_weights}"
    assert alone.sha256 != found.sha256


@pytest.mark.parametrize(
    ("variant", "asked", "words"),
    [
        (
            "dbnet_crnn",
            "some.pth",
            r"consists of several networks \(det, rec\): --weights is built.*rec=FILE; got some",
        ),
        ("dbnet_crnn", "rec=nowhere.pth", r"rec: .* there is no file nowhere\.pth"),
        ("deeptext_narrow+crnn_narrow", None, r"det: .*deeptext_narrow .*no published weights.*--weights det=random"),
        ("ppocrv6_det+crnn_narrow", "sample", "det: ocr/ppocr has no sample weights"),
    ],
)
def test_weights_that_cannot_be_had_name_their_network(variant: str, asked: str | None, words: str) -> None:
    with pytest.raises(ZooError, match=words):
        find_weights(READ.variant(variant), asked)


def test_what_is_fetched_are_the_weights_of_each() -> None:
    found = wanted([READ.variant("ppocrv6_det+english_g2"), READ.variant("ppocrv6_det+crnn_narrow")])
    assert [one.name for one in found] == ["weights of ppocrv6_det", "weights of english_g2"]


def test_a_detector_of_two_graphs_places_texts_in_a_turned_photograph(tmp_path: Path) -> None:
    """DeepText takes pictures as their EXIF entry says; what is cut out must be of the same."""
    from PIL import Image

    task: Any = READ.variant("deeptext_narrow+crnn_narrow").task
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.new("RGB", (60, 40), (9, 9, 9)).save(tmp_path / "a.jpg", exif=exif)
    arrays, meta = task.preprocess(tmp_path / "a.jpg")
    assert [array.dtype.name for array in arrays] == ["float32", "int64", "uint8"]
    assert arrays[2].shape == (60, 40, 3)
    assert (meta.size, task.finding.transform.fit(arrays[2])) == ((40, 60), meta)


def test_a_chain_is_checked_again_where_a_network_of_it_changes(root: Path) -> None:
    folder = "contrib/example/ocr/read"
    for changed in ("contrib/example/ocr/crnn/model.py", "contrib/example/classification/cnn_direction/model.py"):
        why = changes.reasons(root, [changed], [folder], {})
        assert why[folder].text == f"{changed} changed, of a model that it is made of"
    assert changes.reasons(root, ["contrib/example/classification/lenet/model.py"], [folder], {}) == {}


def test_the_list_of_models_knows_a_new_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "home", lambda: tmp_path)
    model = '"""A."""\nfrom pathlib import Path\nfrom zoo.family import Family\n'
    for name, names, more in (("whole", "names()", "made_of=('a/*',)"), ("half", "('one',)", "")):
        folder = tmp_path / "example" / "a" / name
        folder.mkdir(parents=True)
        code = "def names():\n    return sorted(one.name for one in Path(__file__).parents[1].iterdir())\n\n"
        fields = f"domain='a', name='{name}', title='A', framework='onnx', folder=Path(__file__).parent"
        made = f"MODEL = Family({fields}, names={names}, make=None, {more})\n"
        (folder / "model.py").write_text(model + code + made)
    found = {one.id: list(one.variants) for one in index.entries(tmp_path / "example")}
    assert found == {"a/half": ["one"], "a/whole": ["half", "whole"]}
    shutil.copytree(tmp_path / "example/a/half", tmp_path / "example/a/new")
    found = {one.id: list(one.variants) for one in index.entries(tmp_path / "example")}
    assert found["a/whole"] == ["half", "new", "whole"]


def test_the_key_of_a_file_is_kept_for_the_network_that_it_is_of() -> None:
    model = READ.variant("dbnet_crnn")
    file = model.members["rec"].sample_weights
    found = find_weights(model, f"rec={file}", key="state_dict")
    assert [one.key for one in found.members.values()] == ["", "state_dict"]
    assert find_again(model, found.to_json()) == found
    assert in_short(found.to_json()) == f"det=sample,rec={file.name}"
    with pytest.raises(ZooError, match=r"--weights_key state_dict .* names no file of det or rec; .*rec=FILE"):
        find_weights(model, "det=sample", key="state_dict")


def test_an_export_is_found_again_by_the_weights_of_each_network() -> None:
    model = READ.variant("dbnet_crnn")
    importlib.import_module("zoo.api.load")
    opening: Any = sys.modules["zoo.api.load"]
    mixed = {"weights": find_weights(model, "rec=random").to_json(), "input_size": None}
    has = {one: opening._has(model, mixed, one) for one in (None, "rec=random", "random", "built", "sample")}
    assert has == {None: True, "rec=random": True, "random": False, "built": False, "sample": False}
    assert opening._has(model, {"weights": find_weights(model, None).to_json()}, "sample")
    from zoo.exporting.export import ExportOptions

    assert opening._further(model, mixed, ExportOptions(int8=True)).weights == "det=sample,rec=random"


def test_without_network_the_way_on_is_of_the_half(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(ZooError) as raised:
        find_weights(READ.variant("ppocrv6_det+crnn_narrow"), "pretrained")
    said = str(raised.value)
    assert "--weights det=PATH" in said
    assert "--weights det=random." in said
    assert "--variant" not in said
    assert ".." not in said


def test_what_a_figure_depends_on_knows_the_halves() -> None:
    folders = [one.name for one in READ.variant("dbnet_crnn").folders]
    assert folders == ["read", "crnn", "dbnet"]
    assert READ.variant("ppocrv6_det+crnn_narrow").origin == "onnx and pytorch"


def test_two_networks_of_one_name_and_a_broken_folder_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    model = beside(str(READ.folder / "model.py"), "model")
    clear = (model._found.cache_clear, model.chains.cache_clear)
    whole = catalogue.load

    def load(one: str) -> Any:
        if one == "ocr/ctpn":
            raise ModuleNotFoundError("No module named 'torchlost'")
        return replace(whole("ocr/crnn"), name="cnnctc") if one == twice else whole(one)

    twice = ""
    monkeypatch.setattr(catalogue, "load", load)
    try:
        for one in clear:
            one()
        assert "dbnet_crnn" in model.names()
        assert "ctpn_crnn" not in model.names()
        assert "ocr/ctpn could not be described: No module named 'torchlost'" in model.explain("ctpn_crnn")
        twice = "ocr/cnnctc"
        for one in clear:
            one()
        with pytest.raises(ZooError, match=r"both have a recogniser .*a chain names networks by their variants alone"):
            model.names()
    finally:
        for one in clear:
            one()
