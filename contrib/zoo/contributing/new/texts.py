"""What a folder of transformers says of the texts that its network takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.preprocess.text import load_tokenizer
from zoo.contributing.new.kinds.folder import CONFIG, TOKENIZER
from zoo.contributing.new.source import Source
from zoo.contributing.new.trial import Trial
from zoo.errors import ZooError
from zoo.libraries.transformers_config import settings_of

_USUAL = 512
_OFFSET = 2  # positions that RoBERTa and its like count before the first token
_SPEAKERS = (("tokenizer_config.json", "model_max_length"), ("sentence_bert_config.json", "max_seq_length"))
TOKENIZER_LINE = f'TOKENIZER = Path(__file__).resolve().with_name("{TOKENIZER}")\n'


@dataclass(frozen=True)
class Texts:
    """length: tokens of a text that are looked at. longest: what the network has positions for. filling: the id that
    fills up shorter ones."""

    length: int
    longest: int
    filling: int

    @property
    def padding(self) -> str:
        """Of ids and mask, as an expression."""
        return f"({float(self.filling)}, 0.0)"


def require_folder(source: Source, task: str) -> None:
    """Raise ZooError where texts are asked for of what has no tokenizer."""
    if TOKENIZER not in source.files:
        raise ZooError(
            f"--task {task} takes a FOLDER of transformers' save_pretrained, whose tokenizer belongs to the network; "
            f"got --from {source.text}"
        )


def texts_of(source: Source, trial: Trial) -> tuple[Texts, list[np.ndarray]]:
    """What the files say, tried; and the outputs for two texts of the full length.

    Raises:
        ZooError: the network does not run on them, or the tokenizer knows more tokens than the network.
    """
    config = paired(source)
    folder = source.folder
    positions = _number(getattr(config, "max_position_embeddings", None), _USUAL)
    longest = next((one for one in (positions, positions - _OFFSET) if _runs(trial, one)), 0)
    if longest < 1:
        trial.require(_arrays(positions), "is config.json that of this class?")
    length = min([longest, *(_number(_said(folder / name).get(key), longest) for name, key in _SPEAKERS)])
    return Texts(length, longest, _number(getattr(config, "pad_token_id", None), 0)), trial.require(_arrays(length), "")


def most_tokens(source: Source, config: Any) -> int:
    """How many tokens of a text are looked at: as many as the network has positions for, and its tokenizer says."""
    positions = _number(getattr(config, "max_position_embeddings", getattr(config, "n_positions", None)), _USUAL)
    spoken = [_number(_said(source.folder / name).get(key), _USUAL) for name, key in _SPEAKERS]
    return min(positions, _USUAL, *spoken)


def tokenizer_of(source: Source) -> Any:
    """The tokenizer that the new folder gets."""
    path = source.folder / TOKENIZER
    if path.is_file():
        return load_tokenizer(path)
    from tokenizers import Tokenizer

    return Tokenizer.from_str(source.files[TOKENIZER].decode())  # made of other files


def paired(source: Source) -> Any:
    """The network's configuration. Raises ZooError where the tokenizer knows more tokens than the network."""
    config = settings_of(source.folder / CONFIG)
    vocabulary = _number(getattr(config, "vocab_size", None), 0)
    known = tokenizer_of(source).get_vocab_size()
    if known > vocabulary:
        raise ZooError(
            f"--from {source.text}: {TOKENIZER} has {known} tokens, and the network {vocabulary}: they are no pair"
        )
    return config


def _arrays(length: int) -> list[np.ndarray]:
    return [np.full((2, length), 3, np.int64), np.ones((2, length), np.int64)]


def _runs(trial: Trial, length: int) -> bool:
    return not isinstance(trial.run(_arrays(length)), Exception)


def _number(value: Any, other: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else other


def _said(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise ZooError(f"{path} is not JSON: {error}") from error
    return said if isinstance(said, dict) else {}
