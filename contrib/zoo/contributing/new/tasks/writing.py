"""Networks that read one text and write another: encoder-decoders of transformers, in two graphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.generation import Search
from zoo.contributing.new.asked import Asked
from zoo.contributing.new.code import call
from zoo.contributing.new.description import Description
from zoo.contributing.new.kinds.folder import TOKENIZER
from zoo.contributing.new.searches import search_of
from zoo.contributing.new.source import BY_HAND, Source
from zoo.contributing.new.texts import TOKENIZER_LINE, most_tokens, paired, tokenizer_of
from zoo.errors import ZooError
from zoo.libraries.transformers_encoder_decoder import Kept, encoder_of, step_of
from zoo_core.errors import first_line

_TRIED, _WRITTEN = 9, 5  # tokens of the text that is read, and of the one that is written
_NEAR = 1e-3  # of the largest logit


def described(source: Source, asked: Asked) -> Description:
    """Try `source` on tokens. Raises ZooError if it is no encoder-decoder that is run step by step."""
    asked.require_only()
    config = paired(source)
    length = most_tokens(source, config)
    search, unsaid = search_of(source, config, length)
    _require_end(source, search)
    kept, words = _tried(source, config)
    return Description(
        source=source,
        inputs=(TensorSpec("input_ids", "int64", ("batch", "source")), _MASK),
        outputs=(TensorSpec("logits", "float32", ("batch", words)),),
        parts=f"parts_of(Kept({kept.tensors}, {kept.heads}, {kept.size}), words={words}, length={length})",
        gives="logits of one more token",
        task=call("Translation", ["TOKENIZER", "SEARCH", str(length), '("en", "de")'], "task="),
        sample='SampleData("translations", 1, write_parallel)',
        imports=(
            ("utils.datasets.samples.translations", "write_parallel"),
            ("utils.generation", "Search"),
            ("zoo.libraries.transformers_encoder_decoder", "Kept"),
            ("zoo.libraries.transformers_encoder_decoder", "parts_of"),
            ("zoo.tasks.translation", "Translation"),
        ),
        constants=f"{TOKENIZER_LINE}SEARCH = {_written(search)}\n",
        note=" ".join(unsaid),
        overview=f"a text, token by token, each of {words}: the first graph reads the text that is given, and the "
        "second one says of each token what may follow",
        data="Pairs of texts: `DATA/*.tsv` with a tab between what is read and what is to be written, or two files "
        "`.en` and `.de`. `--data_path sample` are English sentences with their German translation, made on first "
        "use: they show that the scripts work, and are no measure of a network that was trained for something else.",
        left=unsaid,
    )


_MASK = TensorSpec("attention_mask", "int64", ("batch", "source"))


def _require_end(source: Source, search: Search) -> None:
    """Raise ZooError where the tokenizer does not end a text as the network was trained to read it."""
    ids = tokenizer_of(source).encode("a").ids
    if search.end not in ids:
        raise ZooError(
            f"--from {source.text}: {TOKENIZER} does not put the token that ends a text ({search.end}) behind it, and "
            "encoder-decoders of transformers are trained with it: give the tokenizer a post-processor that does"
        )


def _written(search: Search) -> str:
    """The expression that makes it: what is not the class's own default."""
    own = Search(search.start, search.end, search.filling, search.most)
    words = [f"{name}={getattr(search, name)!r}" for name in ("start", "end", "filling", "most")]
    words += [
        f"{name}={value!r}".replace("'", '"') for name, value in vars(search).items() if value != getattr(own, name)
    ]
    line = f"Search({', '.join(words)})"
    return line if len(line) < 110 else "Search(\n" + "".join(f"    {word},\n" for word in words) + ")"


def _tried(source: Source, config: Any) -> tuple[Kept, int]:
    """What is kept of a token, and how many tokens there are; step by step, the network has to say what it says of a
    whole text."""
    import torch

    network = source.network().eval()
    made = np.random.default_rng(0).integers(0, config.vocab_size, (2, _TRIED + _WRITTEN))
    ids, written = torch.from_numpy(made[:, :_TRIED]), torch.from_numpy(made[:, _TRIED:])
    mask = torch.ones_like(ids)
    mask[0, _TRIED // 2 :] = 0
    try:
        with torch.no_grad():
            own = network(input_ids=ids, attention_mask=mask, decoder_input_ids=written, use_cache=False).logits
            memory = encoder_of(network)(ids, mask)
            found = _step_by_step(step_of(network), written, mask, memory)
    except Exception as error:
        # each class raises what it likes; all of it means that it does not run so
        raise ZooError(f"{source.variant} does not run step by step: {first_line(error)}. {BY_HAND}") from error
    apart = float((found - own).abs().max() / own.abs().max())
    if not apart <= _NEAR:
        raise ZooError(
            f"{source.variant}, run step by step, gives logits that differ from its own by {apart:.1e} of the largest: "
            f"it keeps more than keys and values of tokens. {BY_HAND}"
        )
    return Kept(int(memory.shape[1]), int(memory.shape[2]), int(memory.shape[4])), int(own.shape[2])


def _step_by_step(step: Any, written: Any, mask: Any, memory: Any) -> Any:
    """Logits [N, written, words]."""
    import torch

    cache = memory[:, :, :, :0]
    found = []
    for token in written.unbind(1):
        logits, new = step(token, mask, memory, cache)
        cache = torch.cat([cache, new], dim=3)
        found.append(logits)
    return torch.stack(found, dim=1)
