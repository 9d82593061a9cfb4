"""The tokenizer.json of Marian's networks, of which transformers saves two SentencePiece models and a table of ids."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from zoo.contributing.new.source import BY_HAND, need
from zoo.errors import ZooError
from zoo_core.errors import first_line

_SOURCE, _TARGET, _TABLE = "source.spm", "target.spm", "vocab.json"
_UNIGRAM, _NORMAL = 1, 1  # kinds of models, and of pieces
_SPACE = "\u2581"
# Stands before a piece that only the target's texts have, so that no source text is split into it; private use
_HIDDEN = "\ue000"
_PENALTY = 10.0  # by which SentencePiece scores an unknown character below the worst piece
_END, _FILLING, _UNKNOWN = "</s>", "<pad>", "<unk>"
_TRIED = (
    "The small dog sees the old houses.",
    "  two  spaces,\tand a tab ",
    "Stra\u00dfe, caf\u00e9, \uff21\uff22\uff23 \u2026 \u00bd",
    "\u4e2d\u6587 \U0001f600 x",
)


def is_marian(folder: Path) -> bool:
    """Whether the folder has Marian's files."""
    return all((folder / name).is_file() for name in (_SOURCE, _TARGET, _TABLE))


def tokenizer_of(folder: Path) -> bytes:
    """The content of a tokenizer.json that splits texts of the source's language as source.spm does, has the ids of
    vocab.json, and puts those of the target's language together.

    Raises:
        ZooError: a file is damaged, of another kind, or texts would be split otherwise than by source.spm.
    """
    package = need("sentencepiece", "sentencepiece")
    table = _table(folder / _TABLE)
    try:
        model = importlib.import_module("sentencepiece.sentencepiece_model_pb2").ModelProto()
        model.ParseFromString((folder / _SOURCE).read_bytes())
        pieces = package.SentencePieceProcessor(model_file=str(folder / _SOURCE))
    except Exception as error:
        # protobuf's errors, and those of sentencepiece, have no common base
        raise ZooError(f"{folder / _SOURCE} is no SentencePiece model: {first_line(error)}") from error
    if model.trainer_spec.model_type != _UNIGRAM:
        raise ZooError(f"{folder / _SOURCE} is no unigram model, as Marian's are. {BY_HAND}")
    made = _made(table, model)
    for text in _TRIED:
        own = [table.get(piece, table[_UNKNOWN]) for piece in pieces.encode(text, out_type=str)]
        found = made.encode(text).ids[:-1]
        if found != own:
            raise ZooError(
                f"--from {folder}: as a tokenizer.json, {_SOURCE} splits {text!r} into {found}, and itself into {own}. "
                f"{BY_HAND}"
            )
    return str(made.to_str()).encode()


def _table(path: Path) -> dict[str, int]:
    """Piece to id. Raises ZooError unless ids count from 0 and the special tokens are among them."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ZooError(f"{path} is not JSON: {first_line(error)}") from error
    if not isinstance(table, dict) or sorted(map(str, table.values())) != sorted(map(str, range(len(table)))):
        raise ZooError(f"{path} is no table of pieces and ids that count from 0")
    missing = [name for name in (_END, _FILLING, _UNKNOWN) if name not in table]
    if missing:
        raise ZooError(f"{path} has no {', '.join(missing)}")
    return table


def _made(table: dict[str, int], model: Any) -> Any:
    """The tokenizer. table: piece to id. model: of the source's language, as sentencepiece's message.

    A character that only the target's texts have is unknown to the source's model, and transformers then takes its id.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    scores = {one.piece: one.score for one in model.pieces if one.type == _NORMAL}
    least = min(scores.values(), default=0.0)
    codes = [name for name in table if name.startswith(">>") and name.endswith("<<")]
    own = {*codes, _END, _FILLING, _UNKNOWN}
    characters = {name: least - _PENALTY for name in table if len(name) == 1}
    known = {**characters, **dict.fromkeys(own, least), **scores}
    vocabulary = [
        (name, known[name]) if name in known else (_HIDDEN + name, least)
        for name in sorted(table, key=table.__getitem__)
    ]
    made = Tokenizer(models.Unigram(vocabulary, unk_id=table[_UNKNOWN], byte_fallback=False))
    charsmap = model.normalizer_spec.precompiled_charsmap
    made.normalizer = normalizers.Sequence(
        [
            *([normalizers.Precompiled(charsmap)] if charsmap else []),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(_SPACE, prepend_scheme="always")
    made.decoder = decoders.Sequence(
        [decoders.Replace(_HIDDEN, ""), decoders.Metaspace(_SPACE, prepend_scheme="always")]
    )
    made.add_special_tokens([_END, _FILLING, _UNKNOWN])
    made.add_tokens([AddedToken(code, rstrip=True, normalized=False) for code in codes])
    made.post_processor = processors.TemplateProcessing(single=f"$A {_END}", special_tokens=[(_END, table[_END])])
    return made
