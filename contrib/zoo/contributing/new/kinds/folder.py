"""A local folder that transformers' `save_pretrained` wrote: config.json, weights, and what belongs to the data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from zoo.contributing.new.asked import Asked
from zoo.contributing.new.kinds import marian, processors
from zoo.contributing.new.source import BY_HAND, Said, Source, need
from zoo.errors import ZooError
from zoo.libraries import transformers_config as library
from zoo.libraries.transformers_encoder_decoder import encoder_decoder_of, reads_and_writes
from zoo.shards import INDEX

CONFIG, TOKENIZER, WEIGHTS = "config.json", "tokenizer.json", "model.safetensors"
_OLDER_WEIGHTS = "pytorch_model.bin"
SAMPLE = "sample.safetensors"
LARGEST_SAMPLE = 1_900_000  # bytes; smaller weights lie in the folder
_PROCESSOR = "preprocessor_config.json"
_UNNAMED = re.compile(r"LABEL_\d+")
_IMAGENET = ("tench", "goldfish")
# Which task serves a class, by the end of its name; and which model of the zoo is near one that none serves
_TASKS = {
    "ForImageClassification": "classification",
    "ForSemanticSegmentation": "segmentation",
    "ForSequenceClassification": "text_classification",
    "ForCausalLM": "generation",
    "LMHeadModel": "generation",
    "MarianMTModel": "generation",
    "T5ForConditionalGeneration": "generation",
}
_MODELS = {
    "ForTokenClassification": "nlp/token_classification",
    "ForQuestionAnswering": "nlp/question_answering",
    "ForObjectDetection": "detection/detr",
    "ForCTC": "speech/wav2vec2",
    "WhisperForConditionalGeneration": "speech/whisper",
    "ForDepthEstimation": "depth/depth_anything",
    "ForPoseEstimation": "pose/vitpose",
    "CLIPModel": "vision_language/clip",
    "SamModel": "vision_language/sam",
}
# What is in a folder of sentence-transformers beside the network
_MODULES, _POOLING = "modules.json", "1_Pooling/config.json"
_KNOWN_MODULES = ("Transformer", "Pooling", "Normalize")


def source(folder: Path, asked: Asked) -> Source:
    """The network that the folder's configuration describes.

    Raises:
        ZooError: it is no such folder, its network serves another task, or a file is missing that the task needs.
    """
    need("transformers", "transformers")
    builders: dict[str, Callable[[Path, dict[str, Any], Asked], Source]] = {
        "classification": _images,
        "segmentation": _pixels,
        "text_classification": _texts,
        "embedding": _embeddings,
        "generation": _writers,
    }
    if not (folder / CONFIG).is_file():
        raise ZooError(f"--from {folder} has no {CONFIG}: it is no folder that save_pretrained of transformers wrote")
    config = library.read_config(folder / CONFIG)
    if asked.task not in builders:
        raise ZooError(
            f"--from {folder}: folders of save_pretrained serve --task {', '.join(builders)}; {_way_on(config)}"
        )
    return builders[asked.task](folder, config, asked)


def _images(folder: Path, config: dict[str, Any], asked: Asked) -> Source:
    _require_class(folder, config, "ForImageClassification")
    if (folder / _PROCESSOR).is_file():
        name, kind = config["architectures"][0], library.class_of(folder / CONFIG).config_class
        said = processors.said_by(name, processors.processor_of(folder, name, kind))
    else:
        said = Said(side=_side(config), channels=config.get("num_channels"))
    return _made(folder, config, "image_classifier_of", library.image_classifier_of, said=said)


def _pixels(folder: Path, config: dict[str, Any], asked: Asked) -> Source:
    _require_class(folder, config, "ForSemanticSegmentation")
    said = Said(channels=config.get("num_channels"))
    if (folder / _PROCESSOR).is_file():
        name, kind = config["architectures"][0], library.class_of(folder / CONFIG).config_class
        said = processors.said_of_whole_pictures(name, processors.processor_of(folder, name, kind))
    return _made(folder, config, "segmenter_of", library.segmenter_of, said=said)


def _side(config: dict[str, Any]) -> int | None:
    side = config.get("image_size")
    return side if isinstance(side, int) else None


def _texts(folder: Path, config: dict[str, Any], asked: Asked) -> Source:
    _require_class(folder, config, "ForSequenceClassification")
    kind = config.get("problem_type")
    if kind in ("regression", "multi_label_classification"):
        raise ZooError(f"--from {folder} is for {kind}, and zoo new writes networks that choose one class. {BY_HAND}")
    return _made(folder, config, "text_classifier_of", library.text_classifier_of, _tokenizer(folder))


def _embeddings(folder: Path, config: dict[str, Any], asked: Asked) -> Source:
    pooling = _pooling(folder, asked.pooling)
    builder = partial(library.embedder_of, pooling=pooling)
    return _made(folder, config, "embedder_of", builder, _tokenizer(folder), f', pooling="{pooling}"')


def _writers(folder: Path, config: dict[str, Any], asked: Asked) -> Source:
    name = str(config["architectures"][0])
    if reads_and_writes(folder / CONFIG):
        module = "transformers_encoder_decoder"
        return _made(folder, config, "encoder_decoder_of", encoder_decoder_of, _tokenizer(folder), module=module)
    if not name.endswith(("ForCausalLM", "LMHeadModel")):
        raise ZooError(
            f"--from {folder} holds a {name}, and --task generation takes a language model, a …ForCausalLM, or a "
            "network that reads one text and writes another, as MarianMTModel and T5ForConditionalGeneration do"
        )
    return _made(folder, config, "language_model_of", library.language_model_of, _tokenizer(folder))


def _made(
    folder: Path,
    config: dict[str, Any],
    function: str,
    builder: Callable[..., Any],
    files: dict[str, bytes] | None = None,
    words: str = "",
    said: Said | None = None,
    module: str = "transformers_config",
) -> Source:
    """The source whose network `builder` makes of the configuration; model.py has it from `module` as `function`."""
    weights = folder / WEIGHTS
    small = weights.is_file() and weights.stat().st_size <= LARGEST_SAMPLE
    kept = {SAMPLE: weights.read_bytes()} if small else {}
    return Source(
        text=str(folder),
        variant=re.sub(r"\W", "_", folder.resolve().name),
        framework="pytorch",
        code=(f"{function}(CONFIG{words})",),
        network=lambda: builder(folder / CONFIG),
        origin=f"{config['architectures'][0]} of transformers (folder {folder.resolve().name})",
        constants=f'CONFIG = Path(__file__).resolve().with_name("{CONFIG}")\n',
        packages=("torch", "transformers"),
        imports=((f"zoo.libraries.{module}", function),),
        said=said or Said(),
        labels=_labels(config),
        restore=f"partial({function}, CONFIG{words})",
        files={CONFIG: (folder / CONFIG).read_bytes(), **kept, **(files or {})},
        left=() if small else (_left(folder),),
        folder=folder,
    )


def _left(folder: Path) -> str:
    names = (WEIGHTS, f"{WEIGHTS}{INDEX}", _OLDER_WEIGHTS, f"{_OLDER_WEIGHTS}{INDEX}")
    there = next((name for name in names if (folder / name).is_file()), None)
    if there is None:
        return f"{folder} has no {WEIGHTS}: zoo check runs with random weights, and zoo export takes --weights FILE"
    return (
        f"give --weights {folder / there} to zoo export; zoo check runs with random weights until model.py has an "
        "address"
    )


def _require_class(folder: Path, config: dict[str, Any], ending: str) -> None:
    name = config["architectures"][0]
    if not str(name).endswith(ending):
        raise ZooError(f"--from {folder} holds a {name}, and this task takes a …{ending}; {_way_on(config)}")


def _way_on(config: dict[str, Any]) -> str:
    """What to do with a network of the class that a configuration names."""
    name = str(config["architectures"][0])
    task = next((task for ending, task in _TASKS.items() if name.endswith(ending)), None)
    model = next((model for ending, model in _MODELS.items() if name.endswith(ending)), None)
    if task:
        return f"give --task {task} for it"
    if model:
        return f"for a {name}, copy contrib/example/{model} and change model.py"
    return f"for a {name}, write model.py by hand: doc/Contributing.md says how"


def _labels(config: dict[str, Any]) -> tuple[str, ...] | None:
    """The names of the classes; None where they are numbers, or ImageNet's, which the zoo has."""
    named = config.get("id2label")
    if not isinstance(named, dict) or sorted(named, key=int) != [str(index) for index in range(len(named))]:
        return None
    names = tuple(str(named[str(index)]) for index in range(len(named)))
    imagenet = len(names) == 1000 and all(name.startswith(one) for name, one in zip(names, _IMAGENET, strict=False))
    unnamed = all(_UNNAMED.fullmatch(name) for name in names)
    return None if imagenet or unnamed or len(set(names)) < len(names) else names


def _tokenizer(folder: Path) -> dict[str, bytes]:
    """The tokenizer's file; of Marian, one that is made of its own. Raises ZooError where there is none."""
    path = folder / TOKENIZER
    if not path.is_file() and marian.is_marian(folder):
        return {TOKENIZER: marian.tokenizer_of(folder)}
    if not path.is_file():
        raise ZooError(
            f"--from {folder} has no {TOKENIZER}, which texts need: AutoTokenizer.from_pretrained(FOLDER)."
            "save_pretrained(FOLDER) writes it"
        )
    return {TOKENIZER: path.read_bytes()}


def _pooling(folder: Path, asked: str | None) -> str:
    """How the folder of sentence-transformers pools, else what is asked for."""
    for module in _modules(folder / _MODULES):
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind not in _KNOWN_MODULES:
            raise ZooError(f"--from {folder}: {_MODULES} has a module {kind}, which the zoo does not have. {BY_HAND}")
    says = read_object(folder / _POOLING)
    found = [name.removeprefix("pooling_mode_") for name, on in says.items() if name.startswith("pooling_mode_") and on]
    names = {"cls_token": "cls", "mean_tokens": "mean"}
    if found and (len(found) > 1 or found[0] not in names):
        raise ZooError(f"--from {folder} pools by {' and '.join(found)}; the zoo has mean and cls. {BY_HAND}")
    own = names[found[0]] if found else None
    if own is None and asked is None:
        raise ZooError(f"--from {folder} does not say how tokens become an embedding: give --pooling mean or cls")
    if asked not in (None, own or asked):
        raise ZooError(f"--from {folder} pools by {own}, and --pooling is {asked}")
    return own or asked or ""


def _modules(path: Path) -> list[dict[str, Any]]:
    """The pieces of a network of sentence-transformers; none where there is no such file."""
    said = _read(path) if path.is_file() else []
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise ZooError(f"{path} is no list of objects, as sentence-transformers writes it")
    return said


def read_object(path: Path) -> dict[str, Any]:
    """The content of a JSON file that holds an object; an empty one where there is no file.

    Raises:
        ZooError: it cannot be read, or holds something else.
    """
    said = _read(path) if path.is_file() else {}
    if not isinstance(said, dict):
        raise ZooError(f"{path} holds no object of JSON, as transformers writes it")
    return said


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ZooError(f"{path} is not JSON: {error}") from error
