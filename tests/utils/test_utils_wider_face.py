"""WIDER FACE's own format, on a miniature of it, and the drawn faces that are written in it."""

import hashlib
import zipfile

import numpy as np
import pytest
from PIL import Image

from utils.datasets.references import wider_face
from utils.datasets.samples.faces import PICTURES, WITHOUT_FACES, draw_picture, sample_picture, write_faces
from utils.datasets.wider_face import WiderFace
from zoo_core.errors import DataError

# As published: a space ends each line of faces, and a picture without faces has a line of zeros.
BOXES = """\
0--Parade/0_Parade_marchingband_1_465.jpg
2
345 211 4 4 2 0 0 0 2 0|
331 126 30 40 0 0 0 0 0 1|
0--Parade/0_Parade_Parade_0_452.jpg
0
0 0 0 0 0 0 0 0 0 0|
39--Ice_Skating/39_Ice_Skating_iceskiing_39_380.jpg
3
10 20 30 40 1 0 0 1 1 0|
12 22 0 0 2 0 0 0 0 0|
50 60 20 25 0 1 1 0 0 0|
""".replace("|", " ")
LABELS = """\
# 0--Parade/0_Parade_marchingband_1_465.jpg
345 211 4 4 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 -1.0 0.2
331 126 30 40 338.5 140.25 0.0 352.0 141.0 0.0 345.0 150.0 1.0 339.0 158.0 0.0 351.0 158.5 0.0 0.82
# 0--Parade/0_Parade_Parade_0_452.jpg
# 39--Ice_Skating/39_Ice_Skating_iceskiing_39_380.jpg
10 20 30 40
"""


@pytest.fixture
def wider(tmp_path):
    """Make a miniature: wider(boxes, labels) gives its root."""

    def make(boxes: str = BOXES, labels: str | None = LABELS):
        root = tmp_path / "WIDER"
        for line in BOXES.splitlines():
            if line.endswith(".jpg"):
                target = root / "WIDER_val/images" / line
                target.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (400, 300)).save(target)
        (root / "wider_face_split").mkdir()
        (root / "wider_face_split/wider_face_val_bbx_gt.txt").write_text(boxes)
        if labels is not None:
            (root / "val").mkdir()
            (root / "val/label.txt").write_text(labels)
        return root

    return make


def test_the_published_format(wider, caplog):
    root = wider()
    samples = WiderFace(root)
    assert not [said for said in caplog.messages if "landmarks" in said]
    assert [sample.id for sample in samples] == [line for line in BOXES.splitlines() if line.endswith(".jpg")]
    assert samples[0].data == root / "WIDER_val/images/0--Parade/0_Parade_marchingband_1_465.jpg"
    parade, nobody, skating = (sample.truth for sample in samples)
    assert parade.boxes.tolist() == [[345, 211, 349, 215], [331, 126, 361, 166]]
    assert parade.invalid.tolist() == [False, False]
    assert np.isnan(parade.landmarks[0]).all()
    assert parade.landmarks[1].tolist() == [[338.5, 140.25], [352, 141], [345, 150], [339, 158], [351, 158.5]]
    assert parade.hidden.tolist() == [[False] * 5, [False, False, True, False, False]]
    assert nobody.boxes.shape == (0, 4)
    assert nobody.landmarks.shape == (0, 5, 2)
    assert skating.invalid.tolist() == [True, True, False]
    assert [sample.id for sample in samples[1:]] == [samples[1].id, samples[2].id]


def test_without_landmarks(wider):
    assert all(np.isnan(sample.truth.landmarks).all() for sample in WiderFace(wider(labels=None)))


@pytest.mark.parametrize("change", [("331 126 30 40 0", "331.4 126 30 40 0"), ("331 126 30 40 0", "330 125 30 40 0")])
def test_landmarks_of_a_box_that_is_not_in_the_list_are_said(wider, caplog, change):
    samples = WiderFace(wider(BOXES.replace(*change)))
    assert np.isnan(samples[0].truth.landmarks).all()
    assert "the landmarks of 1 faces are passed over: the other list has no such box as (331.0, 126.0" in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("\n2\n", "\ntwo\n"), r"line 2: got 'two', expected the number of faces of '0--Parade/0_Parade_march"),
        (("331 126 30", "331 126 x"), "line 4: .* something else than numbers"),
        (("331 126 30 40 0 0 0 0 0 1", "331 126 30 40"), "line 4: 4 numbers, expected 10"),
        (("331 126", "nan 126"), "line 4: .* holds infinity or NaN"),
        (("\n2\n", "\n3\n"), "line 5: got .*Are there fewer lines than the number of faces"),
        (("\n3\n", "\n4\n"), "before all 4 faces of 39--Ice"),
        (("_465.jpg", "_466.jpg"), "there is no picture .*_466.jpg"),
    ],
)
def test_a_wrong_list_names_the_line(wider, change, message):
    with pytest.raises(DataError, match=message):
        WiderFace(wider(BOXES.replace(*change, 1)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("338.5 ", ""), r"label.txt, line 3: 18 numbers, expected 4 or 19 or 20"),
        (("338.5", "left"), "label.txt, line 3: .* holds something else than numbers"),
        (("# 0--Parade/0_Parade_march", "# 0--Parade/other"), "other.* is not in"),
        (("# 0--Parade/0_Parade_marchingband_1_465.jpg\n", ""), "line 1: a face comes before the first picture"),
    ],
)
def test_wrong_landmarks_name_the_line(wider, change, message):
    labels = LABELS.replace(*change, 1)
    if change[0] == "338.5 ":
        labels = labels.replace(" 0.82", "")
    with pytest.raises(DataError, match=message):
        WiderFace(wider(labels=labels))


def test_missing_parts_are_named(wider, tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        WiderFace(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="WIDER_val/images: there is no such folder"):
        WiderFace(tmp_path / "empty")
    root = wider()
    (root / "wider_face_split/wider_face_val_bbx_gt.txt").unlink()
    with pytest.raises(DataError, match=r"wider_face_val_bbx_gt\.txt: there is no such file"):
        WiderFace(root)
    (root / "wider_face_split/wider_face_val_bbx_gt.txt").write_text("\n")
    with pytest.raises(DataError, match="this list is empty"):
        WiderFace(root)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples") / "faces"
    write_faces(folder)
    return folder


def test_the_sample_is_read_by_the_same_loader(drawn):
    samples = WiderFace(drawn)
    assert len(samples) == PICTURES
    assert sum(not len(sample.truth.boxes) for sample in samples) >= WITHOUT_FACES
    faces = [sample.truth for sample in samples]
    valid = np.concatenate([~one.invalid for one in faces])
    landmarks = np.concatenate([one.landmarks for one in faces])
    assert np.isnan(landmarks[~valid]).all()
    assert not np.isnan(landmarks[valid]).any()
    assert valid.sum() > 150
    assert np.concatenate([one.hidden for one in faces])[valid].mean() > 0.03
    for sample in samples[:20]:
        with Image.open(sample.data) as picture:
            assert (sample.truth.boxes >= 0).all()
            assert (sample.truth.boxes <= [*picture.size, *picture.size]).all()


def test_the_sample_as_it_was_drawn(drawn):
    _, faces = sample_picture(500_000 + 3)
    truth = WiderFace(drawn)[3].truth
    assert [list(box) for box in truth.boxes] == [[x, y, x + w, y + h] for x, y, w, h in (face.box for face in faces)]
    for face, points, hidden in zip(faces, truth.landmarks, truth.hidden, strict=True):
        if not face.invalid:
            assert np.allclose(points, face.landmarks, atol=1e-3)
            assert tuple(hidden) == face.hidden


def test_a_drawing_depends_on_its_seed_alone():
    digests = [hashlib.sha256(draw_picture(seed, 96, 80, 2)[0].tobytes()).hexdigest() for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_landmarks_lie_where_the_features_are():
    """Seen from the front, the eyes stand above the nose, and the nose above the mouth; left is left."""
    checked = 0
    for seed in range(12):
        for face in draw_picture(seed, 200, 200, 3)[1]:
            if face.pose or face.invalid:
                continue
            left, right, nose, mouth, other = face.landmarks
            assert left[0] < right[0]
            assert mouth[0] < other[0]
            assert max(left[1], right[1]) < nose[1] + 0.1 * face.box[3]
            assert nose[1] < max(mouth[1], other[1])
            checked += 1
    assert checked > 8


def packed(files, archive: str, contents: dict[str, bytes]) -> None:
    files.mkdir(exist_ok=True)
    with zipfile.ZipFile(files / archive, "w") as opened:
        for name, content in contents.items():
            opened.writestr(name, content)


def test_the_authors_archives_become_their_layout(wider, tmp_path) -> None:
    root, files = wider(labels=None), tmp_path / "files"
    pictures = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.jpg")}
    packed(files, wider_face.PICTURES, pictures | {"WIDER_val/images/../../outside.jpg": b"", "readme.txt": b""})
    lists = "wider_face_split/wider_face_val_bbx_gt.txt"
    packed(files, wider_face.LISTS, {lists: BOXES.encode(), "wider_face_split/wider_face_train_bbx_gt.txt": b"no"})
    made = tmp_path / "a/made"
    made.mkdir(parents=True)
    wider_face.arrange(files, made)
    assert len(WiderFace(made)) == 3
    assert sorted(path.name for path in made.rglob("*") if path.is_file()) == sorted(
        [*(path.rpartition("/")[2] for path in pictures), "wider_face_val_bbx_gt.txt"]
    )
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["made"]


def test_archives_that_are_none_and_that_hold_something_else(tmp_path) -> None:
    files = tmp_path / "files"
    packed(files, wider_face.PICTURES, {"other/a.jpg": b""})
    with pytest.raises(DataError, match=r"WIDER_val\.zip holds 0 files"):
        wider_face.arrange(files, tmp_path)
    (files / wider_face.PICTURES).write_bytes(b"PK no zip")
    with pytest.raises(DataError, match=r"WIDER_val\.zip cannot be read"):
        wider_face.arrange(files, tmp_path)
