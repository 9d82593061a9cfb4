"""What a folder of transformers says of how its network chooses tokens, as a `Search`."""

from __future__ import annotations

from typing import Any

from utils.generation import Search
from zoo.contributing.new.kinds.folder import CONFIG, read_object
from zoo.contributing.new.source import Source
from zoo.errors import ZooError
from zoo_core.errors import first_line

GENERATION = "generation_config.json"
_USUAL = 64  # tokens of a text that is written, where nothing is said
# What `generate()` also looks at, and the values with which it changes nothing
_UNKNOWN = {
    "do_sample": (False,),
    "no_repeat_ngram_size": (0,),
    "encoder_no_repeat_ngram_size": (0,),
    "repetition_penalty": (1.0,),
    "min_length": (0,),
    "min_new_tokens": (0,),
    "num_beam_groups": (1,),
    "diversity_penalty": (0.0,),
    "force_words_ids": (),
    "sequence_bias": (),
}


def search_of(source: Source, config: Any, longest: int) -> tuple[Search, tuple[str, ...]]:
    """How the folder says that tokens are chosen, and sentences on what of it the zoo's search does not have.

    Args:
        config: the network's; files of before 2023 say it there.
        longest: tokens that the network has positions for.

    Raises:
        ZooError: it does not say which tokens begin and end a text, or says it in a way that the zoo does not have.
    """
    try:
        return _search(source, config, longest)
    except (TypeError, ValueError, LookupError, OverflowError) as error:
        raise ZooError(
            f"--from {source.text}: {GENERATION} or {CONFIG} says how tokens are chosen otherwise than transformers "
            f"writes it ({first_line(error)})"
        ) from error


def _search(source: Source, config: Any, longest: int) -> tuple[Search, tuple[str, ...]]:
    says = {**read_object(source.folder / CONFIG), **read_object(source.folder / GENERATION)}
    end = _one(source, says, "eos_token_id", getattr(config, "eos_token_id", None))
    start = _one(source, says, "decoder_start_token_id", getattr(config, "decoder_start_token_id", None))
    filling = _one(source, says, "pad_token_id", getattr(config, "pad_token_id", None))
    forced = says.get("forced_eos_token_id")
    if forced not in (None, end):
        raise ZooError(
            f"--from {source.text}: its last token is to be {forced} (forced_eos_token_id), and the one that ends a "
            f"text is {end} (eos_token_id): set both to the same"
        )
    first = says.get("forced_bos_token_id")
    refused = says.get("bad_words_ids") or []
    never = [*(word[0] for word in refused if len(word) == 1), *(says.get("suppress_tokens") or [])]
    search = Search(
        start,
        end,
        filling,
        min(int(says.get("max_length") or _USUAL), longest),
        beams=int(says.get("num_beams") or 1),
        length_penalty=float(1.0 if says.get("length_penalty") is None else says["length_penalty"]),
        early_stopping=says.get("early_stopping") or False,
        ends=forced is not None,
        prompt=() if first is None else (int(first),),
        never=tuple(sorted({int(one) for one in never} - {filling})),
        never_first=tuple(says.get("begin_suppress_tokens") or ()),
    )
    return search, _unsaid(says, any(len(word) > 1 for word in refused))


def _one(source: Source, says: dict[str, Any], name: str, other: Any) -> int:
    """The token of that name. Raises ZooError unless it is one."""
    value = says.get(name)
    value = other if value is None else value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ZooError(
            f"--from {source.text}: {GENERATION} and {CONFIG} say {name} = {value}, and the number of one token is "
            "expected"
        )
    return value


def _unsaid(says: dict[str, Any], has_phrases: bool) -> tuple[str, ...]:
    """A sentence, where something is said that the zoo's search does not look at."""
    found = [f"{name} = {says[name]}" for name, idle in _UNKNOWN.items() if says.get(name) and says[name] not in idle]
    found += ["bad_words_ids of several tokens"] if has_phrases else []
    if not found:
        return ()
    return (
        f"transformers' generate() also follows {', '.join(found)}, which the zoo's search does not have: texts can "
        "differ from its own.",
    )
