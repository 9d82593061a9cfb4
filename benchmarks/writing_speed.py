"""Tokens a second, and the time to the first one, of nlp/causal_lm: as tecoexec measures them, and by the framework.

Claim: at least as many tokens a second as `generate()` of transformers writes with the same weights, and the first one
no later, for one prompt and for eight. Both write greedily behind the same random prompts, in this process, in turns,
each on one thread; the tokens have to be equal.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _common import claim, in_turns, machine
from engine.base import Engine
from tecoexec.writing import Writing, prompt
from zoo.catalogue import load
from zoo.exporting.export import ExportOptions, export
from zoo.libraries.transformers_config import class_of, settings_of
from zoo.running.reference import build
from zoo.weights import find_weights

VARIANT, CONFIG = "llama_stories", "llama.json"
BATCHES, PROMPT, MADE, ROUNDS = (1, 8), 32, 64, 9
END, OTHER = 1, 2  # the token that ends a text, and one that does not


def library(variant: str) -> Any:
    """The library's own network, with the sample weights."""
    model = load("nlp/causal_lm").variant(variant)
    own = class_of(model.folder / CONFIG)(settings_of(model.folder / CONFIG)).eval()
    own.load_state_dict(build(model, find_weights(model, "sample"), None).state_dict())
    return own


def generated(network: Any, ids: Any, made: int) -> np.ndarray:
    """What generate() writes behind prompts, int64 [batch, made]; no token ends a text."""
    import torch

    with torch.inference_mode():
        mask = torch.ones_like(ids)
        options = {"max_new_tokens": made, "min_new_tokens": made, "do_sample": False}
        found = network.generate(input_ids=ids, attention_mask=mask, eos_token_id=None, pad_token_id=END, **options)
    return found[:, ids.shape[1] :].numpy()


def theirs(network: Any, ids: Any, made: int) -> float:
    """Tokens a second by generate()."""
    start = time.perf_counter()
    generated(network, ids, made)
    return ids.shape[0] * made / (time.perf_counter() - start)


def ours(writing: Writing, arrays: list[np.ndarray]) -> float:
    """Tokens a second by the engine."""
    start = time.perf_counter()
    writing(arrays)
    return len(arrays[0]) * writing.made / (time.perf_counter() - start)


def compared(engine: Engine, network: Any, batch: int) -> bool:
    """Print the figures of a batch; whether the tokens are equal, and both claims hold."""
    import torch

    arrays = prompt(engine, batch, PROMPT, {})
    arrays[0][arrays[0] == END] = OTHER
    ids = torch.from_numpy(arrays[0])
    whole, first = Writing(engine, MADE), Writing(engine, 1)
    same = np.array_equal(generated(network, ids, MADE), whole(arrays)[0])
    print(f"batch {batch}: the tokens are {'equal' if same else 'NOT EQUAL'}")
    jobs = {
        "engine": partial(ours, whole, arrays),
        "generate()": partial(theirs, network, ids, MADE),
        "engine, first token": partial(ours, first, arrays),
        "generate(), first token": partial(theirs, network, ids, 1),
    }
    for job in jobs.values():
        job()
    found = in_turns(ROUNDS, jobs)
    found.show("tokens/s")
    for name in ("engine, first token", "generate(), first token"):
        median = sorted(batch / rate for rate in found.figures[name])[ROUNDS // 2]
        print(f"  {name}: after {median * 1e3:.3g} ms")
    good = claim(found, "engine", "generate()", low=1.0)
    return claim(found, "engine, first token", "generate(), first token", low=1.0) and good and same


def main() -> int:
    """Print the figures of every batch; 1 if a claim does not hold."""
    import torch

    machine()
    torch.set_num_threads(1)
    network = library(VARIANT)
    with tempfile.TemporaryDirectory() as folder:
        exported = export(load("nlp/causal_lm").variant(VARIANT), Path(folder), ExportOptions("sample"))
        with Engine(exported.dynamic, options={"threads": 1}) as engine:
            good = [compared(engine, network, batch) for batch in BATCHES]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
