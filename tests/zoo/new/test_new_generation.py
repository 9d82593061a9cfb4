"""zoo new from a folder of a language model that transformers' save_pretrained wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

TASK = ("--task", "generation")
SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2}
ENDS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}


def write_tokenizer(folder: Path, ended: bool = False, words: int = 300) -> None:
    """Bytes, each a token; every text begins with <s>, and with `ended` ends with </s> too."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    letters = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    letters += [f"<{number}>" for number in range(words - len(letters))]
    made = Tokenizer(models.BPE({letter: index for index, letter in enumerate(letters)}, []))
    made.add_special_tokens(["<s>", "</s>"])
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    form = "<s> $A </s>" if ended else "<s> $A"
    made.post_processor = processors.TemplateProcessing(single=form, special_tokens=[("<s>", 0), ("</s>", 1)])
    made.save(str(folder / "tokenizer.json"))


def saved(folder: Path, name: str = "Llama", **config: Any) -> Any:
    """A small network with lively weights, saved."""
    own: dict[str, Any] = {**SIZES, "max_position_embeddings": 256, "num_key_value_heads": 2}
    kind = f"{name}ForCausalLM"
    if name == "GPT2":
        own, kind = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}, "GPT2LMHeadModel"
    settings = getattr(transformers, f"{name}Config")(**{"vocab_size": 300, **ENDS, **own, **config})
    torch.manual_seed(0)
    settings.initializer_range = 0.15
    network = getattr(transformers, kind)(settings).eval()
    network.save_pretrained(folder)
    write_tokenizer(folder)
    return network


def test_a_language_model_is_green_at_once(made: Any, tmp_path: Path) -> None:
    """And what is exported says what the library says, of a text that is read in two pieces."""
    network = saved(tmp_path / "writer")
    assert made.new("nlp/writer", str(tmp_path / "writer"), *TASK) == 0
    model = made.model("nlp/writer")
    assert (model.task.end, model.task.longest, model.task.cache) == (1, 256, (4, 2, 8))
    ids = np.arange(40).reshape(2, 20) * 7 % 300
    with torch.no_grad():
        expected = network(torch.from_numpy(ids)).logits.numpy()
    with Engine(made.exported("nlp/writer", tmp_path / "out")) as engine:
        first, kept = engine([ids[:, :15], np.zeros((2, 0), np.int64), np.zeros((2, 4, 2, 0, 8), np.float32)])
        second, _ = engine([ids[:, 15:], np.ones((2, 15), np.int64), kept])
    np.testing.assert_allclose(np.concatenate([first, second], 1), expected, rtol=1e-3, atol=1e-4)
    made.assert_green("nlp/writer")


@pytest.mark.parametrize("name", ["GPT2", "Qwen2", "Mistral"])
def test_other_architectures(made: Any, tmp_path: Path, name: str) -> None:
    """One has positions that are learnt, the others layers that could look at a window."""
    network = saved(tmp_path / "other", name, **({"sliding_window": None} if name == "Mistral" else {}))
    assert made.new("nlp/other", str(tmp_path / "other"), *TASK) == 0
    made.assert_in_style("nlp/other")
    model = made.model("nlp/other")
    built = model.restore(network.state_dict())
    ids = torch.tensor([[0, 70, 80, 90]])
    tensors, heads, size = model.task.cache
    with torch.no_grad():
        found = built(ids, torch.zeros(1, 0, dtype=torch.int64), torch.zeros(1, tensors, heads, 0, size))[0]
        torch.testing.assert_close(found, network(ids).logits, rtol=1e-3, atol=1e-4)
    assert model.task.most == (32 if name == "GPT2" else 64)


def test_networks_that_are_read_otherwise_are_refused(made: Any, tmp_path: Path) -> None:
    def said(**config: Any) -> str:
        saved(tmp_path / "wrong", **config)
        return str(made.refused(str(tmp_path / "wrong"), *TASK))

    assert "with a window of 16 tokens of 256" in said(name="Mistral", sliding_window=16)
    assert "names several tokens that end a text" in said(eos_token_id=[1, 2])
    assert "has 300 tokens, and the network 200: they are no pair" in said(vocab_size=200)
    saved(tmp_path / "wrong")
    write_tokenizer(tmp_path / "wrong", ended=True)
    assert "puts the token that ends a text (1) behind every text" in made.refused(str(tmp_path / "wrong"), *TASK)
    assert "has no use for --pooling" in made.refused(str(tmp_path / "wrong"), *TASK, "--pooling", "mean")


def test_folders_of_other_networks_are_refused(made: Any, tmp_path: Path) -> None:
    config = transformers.BertConfig(vocab_size=300, **SIZES)
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path / "bert")
    write_tokenizer(tmp_path / "bert")
    assert "takes a language model, a …ForCausalLM" in made.refused(str(tmp_path / "bert"), *TASK)
    assert "takes a FOLDER of transformers' save_pretrained" in made.refused("mine_for_test:tiny", *TASK)
