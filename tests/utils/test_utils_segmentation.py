"""PASCAL VOC's layout, segmentation's pre- and postprocessing, mIoU, and the drawn result."""

import numpy as np
import pytest
from PIL import Image

from utils.datasets.samples.scenes import held_out
from utils.datasets.samples.scenes_voc import COUNT, LABELS, with_void_edges, write_voc
from utils.datasets.voc_segmentation import VOID, IndexMask, VocSegmentation, palette, save_mask
from utils.draw.segmentation import draw_segments
from utils.metrics.segmentation import MeanIoU, agreement
from utils.postprocess.pytorch.segmentation import Segmenter, Segments, run_lengths
from utils.preprocess.fit import Fit, fit_into
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from zoo_core.errors import DataError


@pytest.fixture
def voc(tmp_path):
    """A miniature of VOC2012: two pictures of 12 x 8 pixels."""
    root = tmp_path / "VOC2012"
    for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / name).mkdir(parents=True)
    mask = np.zeros((8, 12), np.uint8)
    mask[2:6, 3:9] = 15
    mask[6] = VOID
    for name in ("2007_000033", "2007_000042"):
        Image.new("RGB", (12, 8)).save(root / "JPEGImages" / f"{name}.jpg")
        save_mask(mask, root / "SegmentationClass" / f"{name}.png")
    (root / "ImageSets/Segmentation/val.txt").write_text("2007_000042\n2007_000033\n")
    return root


def segments(mask, classes=3):
    mask = np.array(mask, np.uint8)
    return Segments(mask, np.bincount(mask.ravel(), minlength=classes))


def truth(folder, mask, classes=3):
    path = folder / f"{len(list(folder.iterdir()))}.png"
    save_mask(np.array(mask, np.uint8), path)
    return IndexMask(path, classes)


def test_the_layout(voc):
    samples = VocSegmentation(voc)
    assert [sample.id for sample in samples] == ["2007_000042", "2007_000033"]
    assert samples[0].data == voc / "JPEGImages/2007_000042.jpg"
    mask = samples[0].truth.array()
    assert mask.dtype == np.uint8
    assert mask.shape == (8, 12)
    assert np.unique(mask).tolist() == [0, 15, 255]


def test_the_colours_are_those_of_pascal_voc():
    colours = np.array(palette()).reshape(256, 3)
    known = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 4: (0, 0, 128), 7: (128, 128, 128), 8: (64, 0, 0)}
    known |= {15: (192, 128, 128), 20: (0, 64, 128), 255: (224, 224, 192)}
    assert {index: tuple(colours[index]) for index in known} == known


def test_pictures_may_be_png(voc):
    jpeg = voc / "JPEGImages/2007_000033.jpg"
    with Image.open(jpeg) as picture:
        picture.convert("RGB").save(jpeg.with_suffix(".png"))
    jpeg.unlink()
    assert [sample.data.suffix for sample in VocSegmentation(voc)].count(".png") == 1


def test_a_mask_of_another_size_is_named(voc):
    save_mask(np.zeros((8, 11), np.uint8), voc / "SegmentationClass/2007_000033.png")
    with pytest.raises(DataError, match=r"2007_000033\.png: this mask has 11 x 8 pixels, its picture 12 x 8"):
        VocSegmentation(voc)


def test_an_unknown_index_is_named_with_its_place(voc):
    mask = np.zeros((8, 12), np.uint8)
    mask[3, 7] = 21
    save_mask(mask, voc / "SegmentationClass/2007_000033.png")
    with pytest.raises(DataError, match=r"2007_000033\.png: index 21 at column 7, row 3; there are 21 classes"):
        VocSegmentation(voc)[1].truth.array()


def test_a_mask_in_colours_is_refused(voc):
    Image.new("RGB", (12, 8)).save(voc / "SegmentationClass/2007_000033.png")
    with pytest.raises(DataError, match="mode RGB; expected are class indices"):
        VocSegmentation(voc)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("SegmentationClass/2007_000033.png", r"val.txt, line 2: '2007_000033' is listed, but there is no file"),
        ("JPEGImages/2007_000033.jpg", r"val.txt, line 2: '2007_000033' is listed"),
        ("ImageSets/Segmentation/val.txt", r"val.txt: this file cannot be read"),
    ],
)
def test_missing_files_are_named(voc, broken, message):
    (voc / broken).unlink()
    with pytest.raises(DataError, match=message):
        VocSegmentation(voc)


def test_wrong_folders_and_broken_files_are_named(voc, tmp_path):
    with pytest.raises(DataError, match=r"no folder JPEGImages in it.*VOCdevkit"):
        VocSegmentation(tmp_path)
    (voc / "SegmentationClass/2007_000033.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    with pytest.raises(DataError, match=r"2007_000033\.png: this is not an image"):
        VocSegmentation(voc)
    (voc / "ImageSets/Segmentation/val.txt").write_text("\n")
    with pytest.raises(DataError, match="this list is empty"):
        VocSegmentation(voc)


def test_a_mask_that_is_cut_off_is_named(voc):
    path = voc / "SegmentationClass/2007_000033.png"
    save_mask(np.random.RandomState(0).randint(0, 21, (8, 12)).astype(np.uint8), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"2007_000033\.png: this image is damaged or incomplete"):
        VocSegmentation(voc)[1].truth.array()


def test_the_sample_is_read_by_the_same_loader(tmp_path):
    write_voc(tmp_path / "a")
    samples = VocSegmentation(tmp_path / "a", len(LABELS))
    assert len(samples) == COUNT
    scene = held_out(3)[2]
    mask = samples[2].truth.array()
    assert mask.shape == scene.mask.shape
    judged = mask != VOID
    assert 0.8 < judged.mean() < 1
    assert np.array_equal(mask[judged], scene.mask[judged])
    with Image.open(samples[2].data) as picture:
        # JPEG takes part of the noise away; another scene differs by 60 and more
        assert np.abs(np.asarray(picture, int) - scene.image).mean() < 15
    before = sorted(path.name for path in (tmp_path / "a").rglob("*"))
    write_voc(tmp_path / "a")
    assert sorted(path.name for path in (tmp_path / "a").rglob("*")) == before


def test_edges_are_void_on_both_sides():
    mask = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]], np.uint8)
    v = VOID
    assert with_void_edges(mask).tolist() == [[0, v, v, 1], [0, v, v, v], [0, 0, v, v]]


def test_preprocessing_is_torchvisions(photos):
    transforms = pytest.importorskip("torchvision.transforms")
    picture, fit = fit_into(photos["china"], 256, 256)
    chain = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)])
    (array,), meta = SegmentationTransform(256, 256, 16)(photos["china"])
    assert np.array_equal(array, chain(picture).numpy())
    assert meta == fit == Fit((640, 427), (256, 171))
    resized = transforms.Resize((171, 256))(photos["china"])
    assert np.array_equal(np.asarray(picture)[:171], np.asarray(resized))


def test_blue_comes_first_where_the_network_takes_that(photos):
    mean, std = (0.1, 0.2, 0.3), (1.0, 2.0, 3.0)
    (red_first,), _ = SegmentationTransform(64, 96, 16, mean, std)(photos["china"])
    (blue_first,), _ = SegmentationTransform(64, 96, 16, mean, std, blue_first=True)(photos["china"])
    assert np.array_equal(blue_first, red_first[::-1])


def test_sizes_must_be_multiples():
    transform = SegmentationTransform(256, 256, 16)
    assert transform.resized(272).shape == (3, 272, 272)
    with pytest.raises(DataError, match="input size 250: this network takes multiples of 16, such as 240 or 256"):
        transform.resized(250)


@pytest.mark.parametrize("original", [(40, 30), (31, 50), (7, 5), (20, 15)])
def test_masks_have_the_originals_size_and_are_torchs(original):
    functional = pytest.importorskip("torch.nn.functional")
    torch = pytest.importorskip("torch")
    _, fit = fit_into(Image.new("RGB", original), 20, 20)
    logits = np.random.RandomState(0).normal(size=(1, 4, 20, 20)).astype(np.float32)
    (found,) = Segmenter(4)([logits], [fit])
    part = torch.from_numpy(logits[:, :, : fit.size[1], : fit.size[0]])
    scaled = functional.interpolate(part, size=original[::-1], mode="bilinear", align_corners=False, antialias=True)
    assert found.mask.shape == original[::-1]
    assert (found.mask == scaled[0].argmax(0).numpy()).mean() > 0.999
    assert found.counts.sum() == found.mask.size
    assert found.mask.dtype == np.uint8


def test_outputs_that_do_not_fit():
    fit = Fit((8, 8), (8, 8))
    with pytest.raises(DataError, match=r"expected \[N, 3, H, W\]"):
        Segmenter(3)([np.zeros((1, 4, 8, 8))], [fit])
    with pytest.raises(DataError, match="1 rows for 2 samples"):
        Segmenter(3)([np.zeros((1, 3, 8, 8))], [fit, fit])
    with pytest.raises(DataError, match="NaN"):
        Segmenter(3)([np.full((1, 3, 8, 8), np.nan)], [fit])


def test_run_lengths_are_cocos():
    masks = pytest.importorskip("pycocotools.mask")
    random = np.random.RandomState(0)
    for mask in (random.rand(9, 7) < 0.5, np.ones((3, 4), bool), np.zeros((3, 4), bool)):
        counts = run_lengths(mask)
        decoded = masks.decode(masks.frPyObjects({"size": list(mask.shape), "counts": counts}, *mask.shape))
        assert np.array_equal(decoded.astype(bool), mask)


def test_miou_is_scikit_learns(tmp_path):
    sklearn = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(0)
    metric, truths, founds = MeanIoU(5), [], []
    for shape in ((30, 20), (11, 17), (25, 25)):
        real = random.choice([0, 1, 2, 4, VOID], shape, p=[0.5, 0.2, 0.1, 0.1, 0.1]).astype(np.uint8)
        guess = np.where(random.rand(*shape) < 0.7, real, random.randint(0, 3, shape))
        guess[guess == VOID] = 1
        metric.update([segments(guess, 5)], [truth(tmp_path, real, 5)])
        truths.append(real[real != VOID])
        founds.append(guess[real != VOID])
    real, guess = np.concatenate(truths), np.concatenate(founds)
    expected = sklearn.confusion_matrix(real, guess, labels=range(5))
    assert metric.state() == {"confusion": expected.tolist()}
    figures = metric.compute()
    assert figures["miou"] == pytest.approx(sklearn.jaccard_score(real, guess, average="macro"))
    assert figures["pixel_accuracy"] == pytest.approx(sklearn.accuracy_score(real, guess))
    per_class = sklearn.jaccard_score(real, guess, average=None, labels=[0, 1, 2, 4])
    assert metric.by_class() == [pytest.approx(value) for value in per_class[:3]] + [None, pytest.approx(per_class[3])]


def test_void_pixels_count_nowhere(tmp_path):
    metric = MeanIoU(3)
    metric.update([segments([[0, 1, 2, 2]])], [truth(tmp_path, [[0, 1, VOID, VOID]])])
    assert metric.compute() == {"miou": 1.0, "pixel_accuracy": 1.0}


def test_classes_of_no_interest_count_in_the_union_and_in_no_average(tmp_path):
    metric = MeanIoU(3, averaged=2)
    metric.update([segments([[0, 1, 1, 2, 0]])], [truth(tmp_path, [[0, 1, 2, 1, 0]])])
    # class 0: 2 of 2; class 1: 1 of 3, with a void pixel that it took and one of its own that was called void
    assert metric.compute() == pytest.approx({"miou": (1 + 1 / 3) / 2, "pixel_accuracy": 3 / 4})
    assert MeanIoU(3, averaged=2).infos == MeanIoU(3).infos


def test_parts_add_up(tmp_path):
    pairs = [([[0, 1, 1]], [[0, 1, 2]]), ([[2, 2, 0]], [[2, 1, 0]])]
    whole, first, second = MeanIoU(3), MeanIoU(3), MeanIoU(3)
    for part, (guess, real) in zip((first, second), pairs, strict=True):
        for metric in (whole, part):
            metric.update([segments(guess)], [truth(tmp_path, real)])
    first.merge(second.state())
    assert first.compute() == whole.compute()
    for wrong in ({"confusion": [[1]]}, {"confusion": 3}, {}, [1], {"confusion": [[-1] * 3] * 3}):
        with pytest.raises(DataError, match="not the counts of 3 classes"):
            first.merge(wrong)


def test_metrics_refuse_what_they_cannot_count(tmp_path):
    metric = MeanIoU(3)
    with pytest.raises(DataError, match="no pixel was counted"):
        metric.compute()
    with pytest.raises(DataError, match="1 predictions for 0 truths"):
        metric.update([segments([[0]])], [])
    with pytest.raises(DataError, match="has 2 x 1 pixels, its prediction 1 x 1"):
        metric.update([segments([[0]])], [truth(tmp_path, [[0, 1]])])
    with pytest.raises(DataError, match="index 7"):
        metric.update([segments([[0]]), segments([[0]])], [truth(tmp_path, [[0]]), truth(tmp_path, [[7]])])
    with pytest.raises(DataError, match="no pixel was counted"):
        metric.compute()


def test_two_runtimes_agree_but_for_edges():
    mask = np.zeros((100, 100), int)
    other = mask.copy()
    other[0, :40] = 1
    assert agreement(segments(mask), segments(other))
    other[0] = 1
    assert not agreement(segments(mask), segments(other))


def test_the_drawn_result():
    mask = np.zeros((60, 90), np.uint8)
    mask[10:50, 20:70] = 2
    picture = draw_segments(Image.new("RGB", (90, 60), (120, 120, 120)), segments(mask), ("background", "a", "b"))
    pixels = np.asarray(picture)
    assert picture.width == 540
    assert picture.height > 360
    assert pixels[10, 10].tolist() == [120, 120, 120]
    assert pixels[180, 270].tolist() != [120, 120, 120]
    assert pixels[-1, -1].tolist() == [255, 255, 255]
