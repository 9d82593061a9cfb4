"""COCO's format: read as pycocotools reads it; every mistake is named with the entry's id and the field."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.datasets.coco import CocoDetection
from utils.postprocess.labels import coco
from zoo_core.errors import DataError

LABELS = coco()

# A miniature with everything that the published file has: info, licences, segmentations as polygons and as runs, gaps
# in the category ids, a crowd, a picture without objects, an object without height.
CONTENT = {
    "info": {"description": "COCO 2017 Dataset", "version": "1.0", "year": 2017, "contributor": "", "url": ""},
    "licenses": [{"url": "http://creativecommons.org/licenses/by/2.0/", "id": 4, "name": "Attribution License"}],
    "images": [
        {"license": 4, "file_name": "000000397133.jpg", "height": 42, "width": 64, "id": 397133, "coco_url": ""},
        {"license": 4, "file_name": "000000037777.jpg", "height": 23, "width": 35, "id": 37777, "coco_url": ""},
        {"license": 4, "file_name": "000000252219.jpg", "height": 42, "width": 64, "id": 252219, "coco_url": ""},
    ],
    "annotations": [
        {
            "segmentation": [[22.4, 17.0, 28.5, 17.1, 28.5, 24.0]],
            "area": 31.2,
            "iscrowd": 0,
            "image_id": 397133,
            "bbox": [21.7, 17.03, 7.36, 8.9],
            "category_id": 44,
            "id": 82445,
        },
        {
            "segmentation": {"counts": [200, 20, 2468], "size": [42, 64]},
            "area": 20,
            "iscrowd": 1,
            "image_id": 397133,
            "bbox": [4, 0, 12, 30],
            "category_id": 1,
            "id": 900100002299,
        },
        {
            "segmentation": [[1.0, 2.0, 3.0, 2.0, 3.0, 2.0]],
            "area": 0.0,
            "iscrowd": 0,
            "image_id": 252219,
            "bbox": [1.5, 2, 3, 0],
            "category_id": 1,
            "id": 1,
        },
    ],
    "categories": [
        {"supercategory": "kitchen", "id": 44, "name": "bottle"},
        {"supercategory": "person", "id": 1, "name": "person"},
    ],
}


@pytest.fixture
def write(tmp_path):
    """Write a data set with some content; returns its folder."""

    def make(content: object = CONTENT, part: str = "val2017") -> Path:
        (tmp_path / "annotations").mkdir(exist_ok=True)
        (tmp_path / part).mkdir(exist_ok=True)
        for image in CONTENT["images"]:
            Image.new("RGB", (image["width"], image["height"])).save(tmp_path / part / image["file_name"])
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / f"annotations/instances_{part}.json").write_text(text)
        return tmp_path

    return make


def test_a_miniature_of_the_published_files(write):
    root = write()
    samples = CocoDetection(root, LABELS)
    assert [sample.id for sample in samples] == ["000000397133.jpg", "000000037777.jpg", "000000252219.jpg"]
    assert samples[0].data == root / "val2017/000000397133.jpg"
    first, second, third = (sample.truth for sample in samples)
    np.testing.assert_allclose(first.boxes, [[21.7, 17.03, 29.06, 25.93], [4, 0, 16, 30]])
    assert [LABELS[index] for index in first.classes] == ["bottle", "person"]
    assert first.crowd.tolist() == [False, True]
    assert first.areas.tolist() == [31.2, 20]
    assert first.image == 397133
    assert second.boxes.shape == (0, 4)
    assert third.boxes.tolist() == [[1.5, 2, 4.5, 2]]
    assert [sample.id for sample in samples[1:]] == [samples[1].id, samples[2].id]


def test_pycocotools_reads_the_same(write, capsys):
    api = pytest.importorskip("pycocotools.coco").COCO(str(write() / "annotations/instances_val2017.json"))
    for sample in CocoDetection(write(), LABELS):
        found = api.loadAnns(api.getAnnIds(imgIds=sample.truth.image))
        boxes = np.array([entry["bbox"] for entry in found]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        np.testing.assert_allclose(sample.truth.boxes, boxes)
        names = [api.loadCats(entry["category_id"])[0]["name"] for entry in found]
        assert [LABELS[index] for index in sample.truth.classes] == names


def test_whole_numbers_may_be_written_with_a_point(write):
    """As programs write them that keep columns of numbers with gaps; pycocotools takes them for the same numbers."""
    content = copy.deepcopy(CONTENT)
    for kind, fields in (
        ("images", ["id"]),
        ("categories", ["id"]),
        ("annotations", ["id", "image_id", "category_id", "iscrowd"]),
    ):
        for entry in content[kind]:
            entry.update({field: float(entry[field]) for field in fields})
    plain = list(CocoDetection(write(), LABELS))
    for sample, other in zip(CocoDetection(write(content), LABELS), plain, strict=True):
        assert (sample.id, repr(sample.truth)) == (other.id, repr(other.truth))
    content["images"][0]["id"] = 1.5
    with pytest.raises(DataError, match=r"field 'id' is 1\.5; expected a whole number or a text"):
        CocoDetection(write(content), LABELS)


@pytest.mark.parametrize("place", ["val2017", "annotations/val2017", "images/val2017", "images", "annotations"])
@pytest.mark.parametrize("named", [False, True])
def test_where_the_pictures_are_found(write, tmp_path, place, named):
    """Names may begin with the folder's, as in files that several folders share."""
    content = copy.deepcopy(CONTENT)
    for image in content["images"]:
        image["file_name"] = f"{Path(place).name}/{image['file_name']}" if named else image["file_name"]
    root = write(content)
    (root / "val2017").rename(tmp_path / "moved")
    (root / place).mkdir(parents=True, exist_ok=True)
    for picture in (tmp_path / "moved").iterdir():
        picture.rename(root / place / picture.name)
    if place == "annotations":
        (root / "images").mkdir()  # of something else
    samples = CocoDetection(root, LABELS)
    assert [sample.data.parent for sample in samples] == [root / place] * 3
    samples[0].data.unlink()
    with pytest.raises(DataError, match="image 397133: there is no picture") as caught:
        CocoDetection(root, LABELS)
    assert str(root / place) in str(caught.value)


@pytest.mark.parametrize("size", [None, 0, "64"])
def test_what_says_no_size_has_no_boxes_beyond_it(write, caplog, size):
    content = copy.deepcopy(CONTENT)
    for image in content["images"]:
        del image["width"], image["height"]
        if size is not None:
            image.update(width=size, height=size)
    CocoDetection(write(content), LABELS)
    assert "beyond" not in caplog.text


def test_where_the_file_is_found(write, tmp_path):
    root = write()
    file = root / "annotations/instances_val2017.json"
    assert len(CocoDetection(file, LABELS)) == 3
    (root / "annotations/instances_train2017.json").write_text("not looked at")
    assert CocoDetection(root, LABELS).file == file
    (root / "annotations/instances_val2014.json").write_text("{}")
    with pytest.raises(DataError, match=r"found instances_train2017.json, instances_val2014.json, instances_val2017"):
        CocoDetection(root, LABELS)
    flat = tmp_path / "flat"
    flat.mkdir()
    for picture in (root / "val2017").iterdir():
        picture.rename(flat / picture.name)
    file.rename(flat / "labels.json")
    assert len(CocoDetection(flat / "labels.json", LABELS)) == 3
    with pytest.raises(DataError, match="there is no such folder"):
        CocoDetection(tmp_path / "nowhere", LABELS)


MISTAKES = {
    "annotation 82445: field 'bbox' is missing; expected four numbers": ("annotations", 0, "bbox", None),
    "annotation 82445: field 'bbox' is [1, 2, 3]": ("annotations", 0, "bbox", [1, 2, 3]),
    "annotation 82445: field 'bbox' is [1, 2, 3, \"4\"]": ("annotations", 0, "bbox", [1, 2, 3, "4"]),
    "annotation 82445: field 'bbox' is [1, 2, NaN, 4]": ("annotations", 0, "bbox", [1, 2, float("nan"), 4]),
    "annotation 82445: field 'bbox' is [10000": ("annotations", 0, "bbox", [10**400, 2, 3, 4]),
    "annotation 82445: field 'bbox' is [1, 2, 1e+200, 1e+200]; expected a box of finite size": (
        "annotations",
        0,
        "bbox",
        [1, 2, 1e200, 1e200],
    ),
    "annotation 1: field 'area' is 10000": ("annotations", 2, "area", 10**400),
    "annotation 1: field 'bbox' is [1, 2, -3, 4]; expected a width": ("annotations", 2, "bbox", [1, 2, -3, 4]),
    "annotation 1: field 'category_id' is 7; expected the id of a category (44, 1)": (
        "annotations",
        2,
        "category_id",
        7,
    ),
    "annotation 1: field 'category_id' is [1]": ("annotations", 2, "category_id", [1]),
    "annotation 1: field 'image_id' is 5; expected the id of one of the images": ("annotations", 2, "image_id", 5),
    "annotation 1: field 'iscrowd' is 2; expected 0 or 1": ("annotations", 2, "iscrowd", 2),
    "annotation 1: field 'area' is \"big\"": ("annotations", 2, "area", "big"),
    "annotation number 2: field 'id' is missing": ("annotations", 1, "id", None),
    "annotation 82445 stands there twice": ("annotations", 1, "id", 82445),
    "category 44 is 'anvil', which is none of the 80 classes": ("categories", 0, "name", "anvil"),
    "category 44: field 'name' is missing": ("categories", 0, "name", None),
    "image 37777: field 'file_name' is 7": ("images", 1, "file_name", 7),
    "image 37777: there is no picture lost.jpg in": ("images", 1, "file_name", "lost.jpg"),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_is_named(write, said):
    part, number, field, value = MISTAKES[said]
    content = copy.deepcopy(CONTENT)
    content[part][number][field] = value
    if value is None:
        del content[part][number][field]
    with pytest.raises(DataError) as caught:
        CocoDetection(write(content), LABELS)
    assert said in str(caught.value)
    assert "instances_val2017.json" in str(caught.value)


def test_files_of_another_kind(write, tmp_path):
    for text, said in (
        ("{", r"json:1:2: this is not JSON"),
        ("[1]", "an object with images"),
        ("{}", "'images' is missing"),
        ("[" * 200_000, "json: this is not JSON that can be read: maximum recursion depth"),
        (f"[{'9' * 5000}]", "json: this is not JSON that can be read: Exceeds the limit"),
        ('{"images": 5}', "'images' is not a list"),
        ('{"images": [5], "annotations": [], "categories": []}', "image number 1 is 5, an object is expected"),
        ('{"images": [], "annotations": [], "categories": []}', "no images"),
    ):
        with pytest.raises(DataError, match=said):
            CocoDetection(write(text), LABELS)
    (tmp_path / "annotations/instances_val2017.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="this is UTF-16"):
        CocoDetection(tmp_path, LABELS)


def test_the_names_of_cocos_classes():
    assert len(LABELS) == len(set(LABELS)) == 80
    assert (LABELS[0], LABELS[11], LABELS[79]) == ("person", "stop sign", "toothbrush")
