"""CenterFace's pre- and postprocessing, the face metric, and the drawn result."""

import numpy as np
import pytest
from PIL import Image

from utils.datasets.wider_face import Faces
from utils.draw.face import draw_faces
from utils.metrics.face import FaceMetric, agreement
from utils.postprocess.pytorch.face import CenterFaceDecoder, FoundFaces
from utils.preprocess.fit import Fit, fit_into
from utils.preprocess.pytorch.face import FaceTransform
from zoo_core.errors import DataError


def found(*boxes, scores=None, size=(200, 200)):
    array = np.array(boxes, np.float32).reshape(-1, 4)
    scores = np.array(scores or np.linspace(0.9, 0.6, len(array)), np.float32)
    points = array[:, None, :2] + (array[:, None, 2:] - array[:, None, :2]) * np.full((1, 5, 2), 0.5, np.float32)
    return FoundFaces(array, scores, points, size)


def truth(*boxes, invalid=None, landmarks=None):
    array = np.array(boxes, np.float32).reshape(-1, 4)
    none = np.full((len(array), 5, 2), np.nan, np.float32)
    bad = np.zeros(len(array), bool) if invalid is None else np.array(invalid)
    return Faces(array, bad, none if landmarks is None else landmarks, np.zeros((len(array), 5), bool))


def test_a_picture_fits_and_keeps_its_proportions(photos):
    picture, fit = fit_into(photos["china"], 320, 320)
    assert picture.size == (320, 320)
    assert fit == Fit((640, 427), (320, 214))
    expected = photos["china"].resize((320, 214), Image.Resampling.BILINEAR)
    assert np.array_equal(np.asarray(picture)[:214], np.asarray(expected))
    assert not np.asarray(picture)[214:].any()
    assert np.allclose(fit.to_original(np.array([[320, 214], [160, 107]])), [[640, 427], [320, 213.5]])


def test_a_picture_of_the_right_size_is_not_touched():
    picture = Image.fromarray(np.random.RandomState(0).randint(0, 256, (64, 96, 3), np.uint8))
    fitted, fit = fit_into(picture, 64, 96)
    assert np.array_equal(np.asarray(fitted), np.asarray(picture))
    assert fit.size == fit.original == (96, 64)


def test_a_line_of_pixels_keeps_one_pixel():
    fitted, fit = fit_into(Image.new("RGB", (5000, 1)), 64, 64)
    assert fitted.size == (64, 64)
    assert fit.size == (64, 1)


def test_values_are_rgb_from_0_to_255(photos):
    (array,), _ = FaceTransform(320, 320)(photos["flower"])
    assert array.dtype == np.float32
    assert array.shape == (3, 320, 320)
    picture, _ = fit_into(photos["flower"], 320, 320)
    assert np.array_equal(array, np.asarray(picture).transpose(2, 0, 1))
    out = (np.empty((3, 320, 320), np.float16),)
    assert FaceTransform(320, 320)(photos["flower"], out)[0] is out or np.array_equal(out[0], array)


def test_a_rotation_in_exif_is_applied(tmp_path):
    picture = Image.new("RGB", (40, 20))
    picture.paste((255, 0, 0), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.png", exif=exif)
    (array,), fit = FaceTransform(64, 64)(tmp_path / "a.png")
    assert fit.original == (20, 40)
    assert array[0, 4, 16] == 255
    assert array[0, 60, 16] == 0


@pytest.mark.parametrize("size", [0, 16, 100])
def test_sizes_that_cannot_be_halved_are_refused(size):
    with pytest.raises(DataError, match="multiples of 32"):
        FaceTransform(320, 320).resized(size)


def maps(rows, columns, *faces, dtype=np.float32):
    """The four maps of faces: (score, row, column, height, width, y, x, ten numbers)."""
    made = [np.zeros((1, count, rows, columns), dtype) for count in (1, 2, 2, 10)]
    for score, row, column, height, width, y, x, *points in faces:
        made[0][0, 0, row, column] = score
        made[1][0, :, row, column] = np.log(height), np.log(width)
        made[2][0, :, row, column] = y, x
        made[3][0, :, row, column] = points
    return made


def test_decoding_by_hand():
    """Cell (row 5, column 10), offset (0.25, -0.5): centre ((10 - 0.5 + 0.5) * 4, (5 + 0.25 + 0.5) * 4) = (40, 23)."""
    places = [0.25, 0.3, 0.25, 0.7, 0.5, 0.5, 0.8, 0.3, 0.8, 0.7]
    outputs = maps(16, 20, (0.9, 5, 10, 5.0, 4.0, 0.25, -0.5, *places))
    (faces,) = CenterFaceDecoder()(outputs, [Fit((80, 64), (80, 64))])
    assert np.allclose(faces.boxes, [[40 - 8, 23 - 10, 40 + 8, 23 + 10]], atol=1e-4)
    assert np.allclose(faces.scores, [0.9])
    expected = [[32 + 16 * x, 13 + 20 * y] for y, x in np.reshape(places, (5, 2))]
    assert np.allclose(faces.landmarks[0], expected, atol=1e-4)
    (scaled,) = CenterFaceDecoder()(outputs, [Fit((160, 128), (80, 64))])
    assert np.allclose(scaled.boxes, 2 * faces.boxes)
    assert np.allclose(scaled.landmarks, 2 * faces.landmarks)
    assert scaled.size == (160, 128)


def test_faces_are_cut_at_the_edge_suppressed_and_sorted():
    nothing = [0.5] * 10
    outputs = maps(
        8,
        8,
        (0.6, 0, 0, 4.0, 4.0, 0.0, 0.0, *nothing),
        (0.8, 4, 4, 3.0, 3.0, 0.0, 0.0, *nothing),
        (0.7, 4, 5, 3.0, 3.0, 0.0, 0.0, *nothing),
        (0.04, 7, 0, 3.0, 3.0, 0.0, 0.0, *nothing),
    )
    (faces,) = CenterFaceDecoder()(outputs, [Fit((32, 32), (32, 32))])
    assert np.allclose(faces.scores, [0.8, 0.6])
    assert np.allclose(faces.boxes[1], [0, 0, 10, 10])
    assert np.allclose(faces.landmarks[1], 2.0)


def test_no_face_and_float16():
    (faces,) = CenterFaceDecoder()(maps(8, 8, dtype=np.float16), [Fit((32, 32), (32, 32))])
    assert faces.boxes.shape == (0, 4)
    assert faces.landmarks.shape == (0, 5, 2)
    assert faces.boxes.dtype == np.float32


def test_outputs_that_do_not_fit():
    fit = Fit((32, 32), (32, 32))
    good = maps(8, 8)
    with pytest.raises(DataError, match=r"expected heatmap \[N, 1, H, W\]"):
        CenterFaceDecoder()(good[::-1], [fit])
    with pytest.raises(DataError, match="for 2 samples"):
        CenterFaceDecoder()(good, [fit, fit])
    for broken in (np.nan, np.inf):
        good[0][0, 0, 0, 0] = broken
        with pytest.raises(DataError, match="NaN or infinity"):
            CenterFaceDecoder()(good, [fit])


def test_average_precision_by_hand():
    """Three faces; found: right, wrong, right. Precision is 1 up to a recall of 1/3, 2/3 up to 2/3, 0 beyond."""
    metric = FaceMetric()
    target = truth([0, 0, 10, 10], [50, 50, 70, 70], [100, 100, 130, 130])
    metric.update([found([0, 0, 10, 10], [150, 0, 160, 10], [50, 50, 70, 70])], [target])
    expected = (34 * 1 + 33 * 2 / 3) / 101
    assert metric.compute() == {"ap50": pytest.approx(expected)}


def test_invalid_faces_count_neither_way():
    metric = FaceMetric()
    target = truth([0, 0, 10, 10], [50, 50, 70, 70], [120, 120, 120, 120], invalid=[False, True, True])
    metric.update([found([50, 50, 70, 70], [0, 0, 10, 10])], [target])
    assert metric.compute()["ap50"] == pytest.approx(1.0)


def test_more_than_a_hundred_faces_in_a_picture():
    boxes = [[x, y, x + 5, y + 5] for x in range(0, 150, 10) for y in range(0, 100, 10)]
    metric = FaceMetric()
    metric.update([found(*boxes)], [truth(*boxes)])
    assert metric.compute()["ap50"] == pytest.approx(1.0)


def test_average_precision_is_scikit_learns_where_the_two_are_the_same(monkeypatch):
    """Without interpolation, and with every face found: so the curve must be fine and falling."""
    sklearn = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(0)
    boxes = np.array([[20 * n, 0, 20 * n + 10, 10] for n in range(400)], float)
    wrong = boxes + np.array([0, 100, 0, 100])
    scores = np.concatenate([random.uniform(0.3, 1, 400), random.uniform(0, 0.7, 400)])
    every = found(*boxes, *wrong, scores=scores.tolist(), size=(9000, 200))
    metric = FaceMetric()
    metric.update([every], [truth(*boxes)])
    theirs = sklearn.average_precision_score([1] * 400 + [0] * 400, scores)
    assert metric.compute()["ap50"] == pytest.approx(theirs, abs=0.01)


def test_landmark_error_by_hand():
    """All points 5 pixels too far right, in a box of 40 x 10: 5 / sqrt(400) = 0.25. The second face is not found."""
    mine = found([0, 0, 40, 10])
    points = np.stack([mine.landmarks[0] - (5, 0), mine.landmarks[0]]).astype(np.float32)
    metric = FaceMetric()
    metric.update([mine], [truth([0, 0, 40, 10], [100, 100, 140, 110], landmarks=points)])
    figures = metric.compute()
    assert figures["nme"] == pytest.approx(0.25)
    assert figures["located"] == 0.5
    assert set(figures) == {info.name for info in metric.infos}


def test_parts_add_up_to_the_whole():
    random = np.random.RandomState(1)
    pairs = []
    for _ in range(12):
        corner = random.uniform(0, 100, (4, 2))
        boxes = np.concatenate([corner, corner + random.uniform(10, 60, (4, 2))], axis=1)
        points = random.uniform(0, 100, (4, 5, 2)).astype(np.float32)
        pairs.append((found(*(boxes + random.normal(0, 3, boxes.shape))), truth(*boxes, landmarks=points)))
    whole, parts = FaceMetric(), [FaceMetric(), FaceMetric()]
    whole.update(*zip(*pairs, strict=True))
    for number, pair in enumerate(pairs):
        parts[number % 2].update([pair[0]], [pair[1]])
    parts[0].merge(parts[1].state())
    assert parts[0].compute() == pytest.approx(whole.compute())


def test_metrics_refuse_what_they_cannot_count():
    metric = FaceMetric()
    with pytest.raises(DataError, match="no sample was counted"):
        metric.compute()
    with pytest.raises(DataError, match="1 predictions for 0 truths"):
        metric.update([found()], [])
    with pytest.raises(DataError, match=r"expected \(Faces\)"):
        metric.update([found()], [3])
    with pytest.raises(DataError, match="not the counts"):
        metric.merge({"pictures": [{"truth": [[1]], "found": []}], "landmarks": {}})
    metric.update([found()], [truth()])
    with pytest.raises(DataError, match="no face to find"):
        metric.compute()


def test_two_runtimes_agree_up_to_the_threshold():
    one = found([0, 0, 50, 50], [100, 100, 150, 150], scores=[0.9, 0.51])
    assert agreement(one, found([0, 0, 50, 51], scores=[0.91]), 0.5)
    assert not agreement(one, found([0, 0, 50, 70], scores=[0.9]), 0.5)
    assert not agreement(found([0, 0, 50, 50], scores=[0.6]), found(), 0.5)
    assert agreement(found(), found(), 0.5)


def test_drawn_faces():
    picture = draw_faces(Image.new("RGB", (100, 80), (90, 90, 90)), found([20, 20, 60, 70], size=(100, 80)))
    assert picture.size == (700, 560)
    pixels = np.asarray(picture).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) > 4
    assert draw_faces(Image.new("RGB", (800, 600)), found()).size == (800, 600)
