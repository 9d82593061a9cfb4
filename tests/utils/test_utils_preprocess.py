"""Preprocessing equals the source's own transforms, to the bit, on images of every kind."""

import dataclasses
import io
import pickle

import numpy as np
import pytest
from PIL import Image

from utils.preprocess.image import resize_shorter
from utils.preprocess.paddle import classification as ours_paddle
from utils.preprocess.pytorch import classification as ours_torch
from utils.preprocess.pytorch.classification import IMAGENET, ClassificationTransform, preprocess
from zoo_core.errors import DataError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

SIZES = {
    "as it is": None,
    "odd": (333, 251),
    "portrait": (255, 401),
    "shorter side fits": (300, 256),
    "fits": (256, 256),
    "crop size": (224, 224),
    "smaller than the crop": (101, 90),
    "narrow": (1200, 37),
    "tall": (37, 1200),
    "thin": (2, 300),
    "one pixel": (1, 1),
    "digit": (8, 8),
}
KINDS = (
    "grey",
    "palette",
    "palette, one index transparent",
    "palette, alpha table",
    "RGBA",
    "LA",
    "CMYK",
    "16 bit",
    "32 bit",
    "float",
    "1 bit",
    "EXIF rotated",
    "RGB, one colour transparent",
)


def encoded(image: Image.Image, format_name: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def of_kind(photo: Image.Image, kind: str) -> bytes:
    """The photograph as a file of a certain kind."""
    photo = photo.resize((333, 251))
    ramp = Image.linear_gradient("L").resize(photo.size)
    palette = photo.convert("P", palette=Image.Palette.ADAPTIVE)
    grey = np.asarray(photo.convert("L"))
    if kind == "grey":
        return encoded(photo.convert("L"), "JPEG")
    if kind == "palette":
        return encoded(palette, "PNG")
    if kind == "palette, one index transparent":
        return encoded(palette, "GIF", transparency=3)
    if kind == "palette, alpha table":
        return encoded(palette, "PNG", transparency=bytes(range(256)))
    if kind == "RGBA":
        return encoded(Image.merge("RGBA", (*photo.split(), ramp)), "PNG")
    if kind == "LA":
        return encoded(Image.merge("LA", (photo.convert("L"), ramp)), "PNG")
    if kind == "CMYK":
        return encoded(photo.convert("CMYK"), "JPEG")
    if kind == "16 bit":
        return encoded(Image.fromarray(grey.astype(np.uint16) * 257), "PNG")
    if kind == "32 bit":
        return encoded(Image.fromarray(grey.astype(np.int32) * 3), "TIFF")
    if kind == "float":
        return encoded(Image.fromarray(grey.astype(np.float32) * 1.5), "TIFF")
    if kind == "1 bit":
        return encoded(photo.convert("1"), "PNG")
    if kind == "EXIF rotated":
        exif = Image.Exif()
        exif[0x0112] = 6
        return encoded(photo, "JPEG", exif=exif)
    if kind == "RGB, one colour transparent":
        return encoded(photo, "PNG", transparency=photo.getpixel((5, 5)))
    raise ValueError(kind)


@pytest.fixture(scope="module")
def gallery(photos, tmp_path_factory):
    """Files of every size and kind, from real photographs: name → path."""
    folder = tmp_path_factory.mktemp("gallery")
    files = {}
    for number, (name, size) in enumerate(SIZES.items()):
        photo = photos["china" if number % 2 else "flower"]
        files[name] = encoded(photo.resize(size) if size else photo, "JPEG", quality=92)
    files |= {kind: of_kind(photos["china"], kind) for kind in KINDS}
    paths = {}
    for number, (name, content) in enumerate(files.items()):
        paths[name] = folder / f"{number}.img"
        paths[name].write_bytes(content)
    return paths


GALLERY = (*SIZES, *KINDS)
# (resize, crop): the usual, odd remainders on both sides, crops larger than the image by 1, 2, 3, … pixels.
FITS = (
    (256, 224),
    (342, 299),
    (232, 224),
    (255, 224),
    (224, 224),
    (223, 224),
    (222, 225),
    (100, 131),
    (8, 8),
    (5, 9),
)


def torchvision_reference(path, resize, crop, interpolation="bilinear", grey=False):
    """The array that torchvision's own loader and transforms give."""
    transforms = pytest.importorskip("torchvision.transforms")
    loader = pytest.importorskip("torchvision.datasets.folder").pil_loader
    steps = [
        transforms.Resize(resize, transforms.InterpolationMode(interpolation)),
        transforms.CenterCrop(crop),
        transforms.ToTensor(),
        transforms.Normalize((0.1307,), (0.3081,)) if grey else transforms.Normalize(MEAN, STD),
    ]
    steps = [transforms.Grayscale(), *steps] if grey else steps
    return transforms.Compose(steps)(loader(path)).numpy()


def paddle_reference(path, resize, crop):
    """The array that Paddle's own loader and transforms give."""
    transforms = pytest.importorskip("paddle.vision.transforms")
    loader = pytest.importorskip("paddle.vision.datasets.folder").pil_loader
    steps = [
        transforms.Resize(resize),
        transforms.CenterCrop(crop),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ]
    return transforms.Compose(steps)(loader(path)).numpy()


@pytest.mark.parametrize("name", GALLERY)
def test_equal_to_torchvision(gallery, name):
    for resize, crop in FITS:
        transform = ClassificationTransform(resize, crop, MEAN, STD)
        (array,), size = transform(gallery[name])
        assert array.dtype == np.float32
        assert size == Image.open(gallery[name]).size
        assert np.array_equal(array, torchvision_reference(gallery[name], resize, crop)), (resize, crop)


@pytest.mark.parametrize("name", GALLERY)
def test_equal_to_torchvision_with_bicubic_and_in_grey(gallery, name):
    bicubic = ClassificationTransform(232, 224, MEAN, STD, interpolation="bicubic")
    (array,), _ = bicubic(gallery[name])
    assert np.array_equal(array, torchvision_reference(gallery[name], 232, 224, "bicubic"))
    grey = ClassificationTransform(28, 28, (0.1307,), (0.3081,), mode="L")
    (array,), _ = grey(gallery[name])
    assert array.shape == (1, 28, 28)
    assert np.array_equal(array, torchvision_reference(gallery[name], 28, 28, grey=True))


def test_equal_to_the_transform_that_torchvision_ships_with_its_weights(gallery):
    presets = pytest.importorskip("torchvision.transforms._presets")
    theirs = presets.ImageClassification(crop_size=224)
    for name in ("as it is", "odd", "CMYK", "EXIF rotated"):
        (array,), _ = IMAGENET(gallery[name])
        assert np.array_equal(array, theirs(Image.open(gallery[name]).convert("RGB")).numpy())


@pytest.mark.parametrize("name", GALLERY)
def test_equal_to_paddle(gallery, name):
    for resize, crop in FITS:
        transform = ours_paddle.ClassificationTransform(resize, crop, MEAN, STD)
        (array,), _ = transform(gallery[name])
        assert np.array_equal(array, paddle_reference(gallery[name], resize, crop)), (resize, crop)


def test_the_frameworks_differ_where_the_image_is_smaller_than_the_crop(photos):
    """So the comparisons above can tell the two apart."""
    arguments = (21, 24, MEAN, STD)
    (torch_array,), _ = ours_torch.ClassificationTransform(*arguments)(photos["china"])
    (paddle_array,), _ = ours_paddle.ClassificationTransform(*arguments)(photos["china"])
    assert not np.array_equal(torch_array, paddle_array)


def test_a_rotation_in_exif_is_left_alone(gallery):
    assert Image.open(gallery["EXIF rotated"]).getexif()[0x0112] == 6
    assert IMAGENET(gallery["EXIF rotated"])[1] == (333, 251)


def test_input_size_scales_the_resize_in_proportion():
    assert (IMAGENET.resized(299).resize, IMAGENET.resized(299).crop) == (342, 299)
    assert (IMAGENET.resized(224).resize, IMAGENET.resized(288).resize) == (256, 329)
    assert ClassificationTransform(8, 8, (0.0,), (1.0,), mode="L").resized(28).resize == 28
    assert isinstance(ours_paddle.IMAGENET.resized(299), ours_paddle.ClassificationTransform)
    for size in (0, -1):
        with pytest.raises(DataError, match=f"input size {size}"):
            IMAGENET.resized(size)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_out_is_written_in_place(gallery, dtype):
    batch = np.full((3, 3, 224, 224), 7, dtype)
    (array,), _ = IMAGENET(gallery["odd"], out=(batch[1],))
    assert np.shares_memory(array, batch)
    assert np.array_equal(batch[1], IMAGENET(gallery["odd"])[0][0].astype(dtype))
    assert (batch[[0, 2]] == 7).all()


@pytest.mark.parametrize(
    "out",
    [
        (),
        (np.empty((3, 224, 225), np.float32),),
        (np.empty((1, 3, 224, 224), np.float32),),
        (np.empty((3, 224, 224), np.float64),),
        (np.empty((3, 224, 224), np.float32),) * 2,
    ],
)
def test_an_out_that_does_not_fit_is_refused(photos, out):
    with pytest.raises(ValueError, match="out must be one float32 or float16 array"):
        IMAGENET(photos["china"], out=out)


@pytest.mark.parametrize(
    "change",
    [
        {"resize": 0},
        {"crop": -1},
        {"mean": (0.5,)},
        {"std": (0.1, 0.2)},
        {"std": (0.1, 0.0, 0.1)},
        {"mode": "L"},
        {"mode": "HSV"},
        {"interpolation": "nearest"},
    ],
)
def test_an_impossible_transform_is_refused(change):
    with pytest.raises(ValueError, match=r"must|one number"):
        dataclasses.replace(IMAGENET, **change)


def test_the_source_image_is_not_changed_and_no_state_is_shared(photos):
    before = photos["china"].tobytes()
    (first,), _ = IMAGENET(photos["china"])
    first[:] = 0
    (second,), _ = IMAGENET(photos["china"])
    assert second.any()
    assert photos["china"].tobytes() == before


def test_a_transform_travels_to_another_process():
    assert pickle.loads(pickle.dumps(IMAGENET)) == IMAGENET


def test_a_picture_too_narrow_to_scale_is_refused():
    with pytest.raises(DataError, match="1 x 400000 pixels is too narrow"):
        resize_shorter(Image.new("RGB", (1, 400000)), 256, Image.Resampling.BILINEAR)


@pytest.mark.parametrize("module", [ours_torch, ours_paddle])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_preprocess_takes_paths_images_and_lists(gallery, module, dtype):
    names = ("odd", "grey", "narrow")
    paths = [gallery[name] for name in names]
    expected = np.stack([module.IMAGENET(path)[0][0] for path in paths]).astype(dtype)
    images = [Image.open(path) for path in paths]
    for several in (paths, [str(path) for path in paths], images, tuple(paths)):
        array = module.preprocess(several, dtype=dtype)
        assert array.dtype == dtype
        assert array.flags.c_contiguous
        assert np.array_equal(array, expected)
    for one in (paths[0], str(paths[0]), images[0]):
        assert np.array_equal(module.preprocess(one, dtype=dtype), expected[:1])


def test_preprocess_has_the_defaults_and_sizes_of_the_guide(gallery):
    assert preprocess(gallery["odd"]).dtype == np.float16
    assert preprocess(gallery["odd"]).shape == (1, 3, 224, 224)
    array = preprocess([gallery["odd"]], "float32", 342, 299)
    assert np.array_equal(array[0], torchvision_reference(gallery["odd"], 342, 299))


@pytest.mark.parametrize("module", [ours_torch, ours_paddle])
@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([], {}, "a path, a PIL image or a list of them"),
        (None, {}, "got NoneType"),
        (3, {}, "got int"),
        ([3], {}, "holds a int"),
        ("missing.jpg", {}, r"missing\.jpg: there is no such file"),
        (["missing.jpg"], {}, r"missing\.jpg: there is no such file"),
        (Image.new("RGB", (9, 9)), {"dtype": "float64"}, "dtype 'float64': expected one of float16, float32"),
        (Image.new("RGB", (9, 9)), {"crop_shape": 0}, "crop_shape 0"),
        (Image.new("RGB", (9, 9)), {"resize_shape": 0}, "resize_shape 0"),
    ],
)
def test_preprocess_refuses_bad_input(module, x, options, message):
    with pytest.raises(DataError, match=message):
        module.preprocess(x, **options)


@pytest.mark.parametrize("decoder", ["reference", "fast"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_rectangles_change_proportions(photos, decoder, mode):
    """A width of its own: the image is scaled to both sides, as torchvision's Resize((height, width)) does."""
    mean, std = (MEAN, STD) if mode == "RGB" else ((0.5,), (0.5,))
    transform = ClassificationTransform(48, 48, mean, std, mode=mode, crop_mode="squash", width=192, decoder=decoder)
    picture = photos["china"]
    (array,), size = transform(picture)
    assert (array.shape, size) == (transform.shape, picture.size)
    scaled = picture.convert(mode).resize((192, 48), Image.Resampling.BILINEAR)
    planes = np.asarray(scaled, np.float32).reshape(48, 192, -1).transpose(2, 0, 1) / np.float32(255)
    want = (planes - np.array(mean, np.float32)[:, None, None]) / np.array(std, np.float32)[:, None, None]
    np.testing.assert_array_equal(array, want)
    assert transform.resized(64).shape == (len(mean), 64, 64)


@pytest.mark.parametrize(
    "words", [{"width": 64}, {"width": 0, "crop_mode": "squash"}, {"width": 64, "crop_mode": "squash", "resize": 32}]
)
def test_widths_that_mean_nothing(words):
    with pytest.raises(ValueError, match="with crop_mode 'squash' and resize equal to crop"):
        ClassificationTransform(**{"resize": 48, "crop": 48, "mean": MEAN, "std": STD, **words})
