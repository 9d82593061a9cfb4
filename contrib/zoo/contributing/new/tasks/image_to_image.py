"""Networks that enlarge pictures, or take noise off them: a picture in, a picture out."""

from __future__ import annotations

from engine.spec import TensorSpec
from utils.datasets.samples.photo_pairs import SIDE
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.picture import settled
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.trial import Trial, noise
from zoo.errors import ZooError

HINT = "give --channels, as the network takes them"
_MOST_NOISE = 255.0
_NOISE = 25.0  # deviation that papers on denoising measure at, of pixels from 0 to 255


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on noise. Raises ZooError if it gives no pictures."""
    asked.require_only("channels", "noise")
    if asked.noise is not None and not 0 < asked.noise <= _MOST_NOISE:
        raise ZooError(f"--noise {asked.noise:g}: a deviation above 0 and up to {_MOST_NOISE:g} is expected")
    picture = settled(source, asked, SIDE)
    trial = Trial(source)
    shapes = [one.shape for one in trial.require([noise(*picture.shape)], HINT)]
    scale = _scale(source, shapes, picture.shape)
    if scale > 1 and asked.noise is not None:
        raise ZooError(f"--noise is of networks that keep the size, and --from {source.text} enlarges {scale} times")
    if source.said.fixed:
        raise ZooError(
            f"--from {source.text} takes pictures of {picture.sides} only, and --task image_to_image is "
            f"for whole pictures of any size: export it with open height and width. {BY_HAND}"
        )
    return _described(trial, picture.channels, scale, asked.noise or _NOISE)


def _scale(source: Source, shapes: list[tuple[int, ...]], given: tuple[int, ...]) -> int:
    """By how much the output is larger."""
    side = given[2]
    found = shapes[0][2] if len(shapes) == 1 and len(shapes[0]) == len(given) else 0
    scale = found // side
    if scale < 1 or shapes[0] != (*given[:2], side * scale, side * scale):
        raise ZooError(
            f"{source.variant} gives {shapes} for {list(given)}; one output [N, C, sH, sW] with the channels of the "
            f"input is expected, s a whole number. {BY_HAND}"
        )
    if SIDE % scale:
        raise ZooError(f"{source.variant} enlarges {scale} times; the sample pictures are made for divisors of {SIDE}")
    return scale


def _described(trial: Trial, channels: int, scale: int, deviation: float) -> Description:
    larger: tuple[int | str, ...] = ("height", "width") if scale == 1 else ("larger_height", "larger_width")
    words = [f"scale={scale}"] if scale > 1 else [f"sigma={deviation}"]
    words += ["grey=True"] if channels == 1 else []
    name = f"photo_pairs_x{scale}" if scale > 1 else "photos_clean"
    sample = [f'"{name}"', "1", f"partial(write_photo_pairs, scale={scale})"]
    what = (
        "Pictures with the ones that they should become: `DATA/LR` and `DATA/HR` with the same names."
        if scale > 1
        else f"Clean pictures in `DATA/HR`; noise of deviation {deviation:g} (of 255) is drawn from a seed a picture."
    )
    return Description(
        source=trial.source,
        inputs=(TensorSpec("input", "float32", ("batch", channels, "height", "width")),),
        outputs=(TensorSpec("output", "float32", ("batch", channels, *larger)),),
        size={"height": SIDE // scale, "width": SIDE // scale},  # those of the sample
        gives="pictures, from 0 to 1",
        task=call("ImageToImage", words, "task="),
        sample=call("SampleData", sample, "sample="),
        imports=(
            ("utils.datasets.samples.photo_pairs", "write_photo_pairs"),
            ("zoo.tasks.image_to_image", "ImageToImage"),
        ),
        built=trial.is_built(),
        overview=f"a picture that is {scale} times as large" if scale > 1 else "the picture without its noise",
        data=f"{what} `--data_path sample` are crops of two photographs, made on first use: too few for a figure.",
    )
