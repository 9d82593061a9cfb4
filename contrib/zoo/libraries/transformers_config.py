"""transformers' networks as a config.json describes them, each with one tensor as its answer.

Checkpoints are loaded by transformers' own mapping of names, in those of any of its versions.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zoo.errors import ZooError
from zoo.libraries.transformers import loaded
from zoo_core.errors import first_line

State = dict[str, Any]
_POOLER = "add_pooling_layer"  # an argument of BERT and its like
_HIDDEN = -1e4  # added to the scores of what must not be looked at; float16 has it too


def image_classifier_of(config: Path, state: State | None = None) -> Any:
    """Float32 pixel values [N, C, H, W] to logits.

    Args:
        config: the file that `save_pretrained` wrote.
        state: names and tensors of a checkpoint; None for random values.

    Raises:
        ZooError: the file names no class of transformers, or `state` does not fit it.
    """
    network, forward = _network(class_of(config), config, state)
    network.forward = lambda pixel_values: forward(pixel_values=pixel_values).logits
    return network


def segmenter_of(config: Path, state: State | None = None) -> Any:
    """Float32 pixel values [N, C, H, W] to logits [N, classes, H, W], which the class's own are enlarged to, bilinear.
    Arguments as `image_classifier_of`."""
    network, forward = _network(class_of(config), config, state)

    def answer(pixel_values: Any) -> Any:
        from torch.nn.functional import interpolate

        scores = forward(pixel_values=pixel_values).logits
        return interpolate(scores, size=pixel_values.shape[-2:], mode="bilinear", align_corners=False)

    network.forward = answer
    return network


def text_classifier_of(config: Path, state: State | None = None) -> Any:
    """Ids and attention mask, int64 [N, length], to logits. Arguments as `image_classifier_of`."""
    network, forward = _network(class_of(config), config, state)

    def answer(input_ids: Any, attention_mask: Any) -> Any:
        return forward(input_ids=input_ids, attention_mask=attention_mask).logits

    network.forward = answer
    return network


def question_answerer_of(config: Path, state: State | None = None) -> Any:
    """Ids, attention mask and, where it `has_types`, types of tokens, int64 [N, length], to the scores of each token as
    the first and as the last one of an answer, float32 [N, length]. Arguments as `image_classifier_of`."""
    network, forward = _network(class_of(config), config, state)

    def answer(input_ids: Any, attention_mask: Any, **types: Any) -> tuple[Any, Any]:
        found = forward(input_ids=input_ids, attention_mask=attention_mask, **types)
        return found.start_logits, found.end_logits

    def typed(input_ids: Any, attention_mask: Any, token_type_ids: Any) -> tuple[Any, Any]:
        return answer(input_ids, attention_mask, token_type_ids=token_type_ids)

    network.forward = typed if has_types(config) else answer
    return network


def has_types(config: Path) -> bool:
    """Whether the network that a config.json describes tells two texts apart by types of their tokens."""
    return int(getattr(settings_of(config), "type_vocab_size", None) or 0) > 1


def embedder_of(config: Path, state: State | None = None, pooling: str = "mean") -> Any:
    """Ids and attention mask, int64 [N, length], to float32 [N, size] embeddings of length 1.

    Args:
        config, state: as `image_classifier_of`. Of class and state, the part below the head is taken, and BERT's pooler
            is left out, which serves a task of training.
        pooling: "mean" of the tokens that the mask leaves, or "cls", the first one.
    """
    kind = _body_of(config)
    options = {_POOLER: False} if _POOLER in inspect.signature(kind).parameters else {}
    own = None if state is None else _below_the_head(state, f"{kind.base_model_prefix}.", bool(options))
    network, forward = _network(kind, config, own, **options)

    def answer(input_ids: Any, attention_mask: Any) -> Any:
        import torch

        tokens = forward(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        if pooling == "cls":
            return torch.nn.functional.normalize(tokens[:, 0], dim=1)
        # not a cast, which the conversion to float16 would leave at float32
        real = torch.where(attention_mask > 0, 1.0, 0.0).unsqueeze(2)
        return torch.nn.functional.normalize((tokens * real).sum(dim=1) / real.sum(dim=1), dim=1)

    network.forward = answer
    return network


def network_of(config: Path, state: State | None = None) -> Any:
    """The network as transformers has it. Arguments as `image_classifier_of`."""
    return _network(class_of(config), config, state)[0]


def read_config(config: Path) -> dict[str, Any]:
    """What the file says. Raises ZooError where it is none that `save_pretrained` writes."""
    try:
        said = json.loads(config.read_text(encoding="utf-8"))
        if not isinstance(said["model_type"], str) or not isinstance(said["architectures"][0], str):
            raise TypeError("one of them is no text")
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise ZooError(
            f"{config} is no config.json that save_pretrained of transformers wrote: it has to name model_type and "
            f"architectures ({first_line(error)})"
        ) from error
    return said


def class_of(config: Path) -> Any:
    """The class that a config.json names. Raises ZooError where transformers does not have it."""
    name = read_config(config)["architectures"][0]
    kind = getattr(importlib.import_module("transformers"), name, None)
    if kind is None:
        raise ZooError(f"{config} names the class {name}, which the installed transformers does not have")
    return kind


def _body_of(config: Path) -> Any:
    """The class that gives the last hidden state, which heads are put on."""
    mapping = importlib.import_module("transformers").MODEL_MAPPING
    kind = class_of(config).config_class
    if kind not in mapping:
        raise ZooError(f"{config}: transformers has no network without a head for {kind.__name__}")
    found = mapping[kind]
    return found[0] if isinstance(found, tuple) else found


def settings_of(config: Path) -> Any:
    """The configuration of its class, which knows what each architecture calls its numbers. Raises ZooError."""
    kind = class_of(config).config_class
    try:
        return kind.from_json_file(str(config))
    except Exception as error:
        # configurations are checked by each class in its own way
        raise ZooError(f"{config} does not describe a {kind.__name__}: {first_line(error)}") from error


def _below_the_head(state: State, begin: str, has_pooler: bool) -> State:
    """The tensors of the body: those whose names begin with `begin`, without it; all of them where none does."""
    inner = {name.removeprefix(begin): value for name, value in state.items() if name.startswith(begin)}
    return {name: value for name, value in (inner or state).items() if not (has_pooler and name.startswith("pooler."))}


def _network(kind: Any, config: Path, state: State | None, **options: Any) -> tuple[Any, Callable[..., Any]]:
    """The network, and its own forward. options: arguments of the class."""
    settings = settings_of(config)
    settings._attn_implementation = "eager"  # plain operators, which every runtime has
    try:
        network = kind(settings, **options) if state is None else None
    except Exception as error:
        # configurations are checked by each class in its own way
        raise ZooError(f"{config} does not describe a {kind.__name__}: {first_line(error)}") from error
    if network is None:
        network = loaded(kind, kind.__name__, config=settings, state_dict=state, **options)
    return network, network.forward


def language_model_of(config: Path, state: State | None = None) -> Any:
    """Tokens, which of those before them count, and their keys and values, to logits and the tokens' own ones.

    The network takes ids, int64 [N, length], `seen`, int64 [N, past], 0 where a place is empty, and `cache`, float
    [N, 2 * layers, heads, past, size], keys and values of a layer beside each other; it gives logits [N, length, words]
    and [N, 2 * layers, heads, length, size]. Positions are counted where `seen` is not 0. Arguments as
    `image_classifier_of`.
    """
    network, forward = _network(class_of(config), config, state)

    def answer(input_ids: Any, seen: Any, cache: Any) -> Any:
        import torch
        from transformers.cache_utils import DynamicCache

        places = torch.arange(input_ids.shape[1])
        kept: Any = DynamicCache()
        for layer in range(cache.shape[1] // 2):
            kept.update(cache[:, 2 * layer], cache[:, 2 * layer + 1], layer)
        before = seen[:, None, None, :].expand(-1, 1, input_ids.shape[1], -1) > 0
        own = (places[None, :] <= places[:, None])[None, None].expand(input_ids.shape[0], -1, -1, -1)
        hidden = torch.where(torch.cat([before, own], dim=3), 0.0, _HIDDEN)
        found = forward(
            input_ids=input_ids,
            attention_mask=hidden,
            position_ids=seen.sum(dim=1, keepdim=True) + places[None, :],
            **{cache_argument(forward): kept},
            use_cache=True,
        )
        new = [each[:, :, cache.shape[3] :] for layer in kept.layers for each in (layer.keys, layer.values)]
        return found.logits, torch.stack(new, dim=1)

    network.forward = answer
    return network


def cache_argument(forward: Callable[..., Any]) -> str:
    """What this version of the library calls the keys and values of the tokens before. A name that it does not know it
    takes without a word, and looks at no token before then."""
    return "cache" if "cache" in inspect.signature(forward).parameters else "past_key_values"
