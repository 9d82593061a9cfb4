"""zoo new from a folder of an encoder-decoder that transformers' save_pretrained wrote: real classes, small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import Engine
from tests.zoo.new.test_new_generation import write_tokenizer
from utils.datasets.samples.translations import load_split
from zoo.running.network import Network
from zoo.running.padding import stacked

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

TASK = ("--task", "generation")
START, END = 2, 1
LAYERS = {"encoder_layers": 2, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
HEADS = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "max_position_embeddings": 96}
SIZES: dict[str, dict[str, Any]] = {
    "T5": {"d_kv": 8, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 1, "num_heads": 4},
    "Marian": {**LAYERS, **HEADS},
}
CLASSES = {"T5": "T5ForConditionalGeneration", "Marian": "MarianMTModel"}
TEXTS = ["the man sees a bird .", "does the old woman know the small child today ?"]


def saved(folder: Path, name: str, **says: Any) -> Any:
    """A small network with lively weights and its tokenizer, saved. says: what goes into generation_config.json."""
    own = {"vocab_size": 300, "d_model": 32, "pad_token_id": 0, "eos_token_id": END, "decoder_start_token_id": START}
    settings = getattr(transformers, f"{name}Config")(**own, **SIZES[name], forced_eos_token_id=None)
    network = getattr(transformers, CLASSES[name])(settings).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for value in network.parameters():
            value.copy_(torch.randn(value.shape, generator=generator) / (4 if value.dim() > 1 else 10))
    network.save_pretrained(folder)
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "bad_words_ids": [[0]], "max_length": 24, **says}))
    write_tokenizer(folder, ended=True)
    return transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()


def written_by(library: Any, arrays: list[np.ndarray]) -> list[list[int]]:
    """What `generate()` of the library chooses, for each text."""
    with torch.no_grad():
        rows = library.generate(torch.from_numpy(arrays[0]), attention_mask=torch.from_numpy(arrays[1]))
    return [[token for token in row.tolist() if token not in (0, START)] for row in rows]


@pytest.mark.parametrize(("name", "beams"), [("Marian", 4), ("T5", 1)])
def test_the_exported_graphs_write_what_the_library_writes(made: Any, tmp_path: Path, name: str, beams: int) -> None:
    library = saved(tmp_path / "writer", name, num_beams=beams)
    assert made.new("nlp/writer", str(tmp_path / "writer"), *TASK) == 0
    model = made.model("nlp/writer")
    assert (model.task.search.start, model.task.search.beams, model.task.search.most) == (START, beams, 24)
    made.exported("nlp/writer", tmp_path / "out")
    arrays = stacked([model.task.preprocess(text)[0] for text in TEXTS], model.task.padding)
    engines = {part.name: Engine(tmp_path / f"out/{part.stem('writer')}_dyn.onnx") for part in model.parts}
    with Network(model.task, engines) as network:
        (rows,) = network(arrays)
    found = [[token for token in row.tolist() if token not in (0, START)] for row in rows]
    assert found == written_by(library, arrays)
    if name == "T5":
        made.assert_green("nlp/writer")
    else:
        made.assert_in_style("nlp/writer")


def test_what_the_folder_says_of_the_search(made: Any, tmp_path: Path) -> None:
    """What the zoo's search does not have is said, and stands in the README."""
    says = {"forced_bos_token_id": 7, "forced_eos_token_id": END, "length_penalty": 0.6, "no_repeat_ngram_size": 3}
    saved(tmp_path / "writer", "Marian", early_stopping=True, max_length=500, **says)
    assert made.new("nlp/writer", str(tmp_path / "writer"), *TASK) == 0
    search = made.model("nlp/writer").task.search
    assert (search.prompt, search.ends, search.length_penalty, search.early_stopping) == ((7,), True, 0.6, True)
    assert search.most == 96  # the network has no more positions
    said = "generate() also follows no_repeat_ngram_size = 3, which the zoo's search does not have"
    assert said in " ".join((made.folder("nlp/writer") / "README.md").read_text().split())


def test_folders_that_do_not_say_enough_are_refused(made: Any, tmp_path: Path) -> None:
    folder = tmp_path / "writer"

    def said(**says: Any) -> str:
        saved(folder, "Marian", **says)
        return str(made.refused(str(folder), *TASK))

    assert "decoder_start_token_id = [1, 2], and the number of one token is expected" in said(
        decoder_start_token_id=[1, 2]
    )
    assert "its last token is to be 5 (forced_eos_token_id), and the one that ends a text is 1" in said(
        forced_eos_token_id=5
    )
    saved(folder, "Marian")
    write_tokenizer(folder)
    assert "does not put the token that ends a text (1) behind it" in made.refused(str(folder), *TASK)
    write_tokenizer(folder, ended=True, words=301)
    assert "has 301 tokens, and the network 300: they are no pair" in made.refused(str(folder), *TASK)
    (folder / "tokenizer.json").unlink()
    assert "has no tokenizer.json, which texts need" in made.refused(str(folder), *TASK)
    saved(folder, "Marian")
    assert "has no use for --pooling" in made.refused(str(folder), *TASK, "--pooling", "cls")
    (folder / "generation_config.json").write_text("{")
    assert "generation_config.json is not JSON" in made.refused(str(folder), *TASK)


def write_marian_tokenizer(folder: Path) -> Any:
    """What MarianTokenizer saves: two SentencePiece models and a table of ids, which holds a language's code too."""
    sentencepiece = pytest.importorskip("sentencepiece")
    table: dict[str, int] = {}
    pairs = load_split()[0][:2000]
    for name, texts in (("source", [pair.source for pair in pairs]), ("target", [pair.target for pair in pairs])):
        prefix = str(folder / name)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_prefix=prefix, vocab_size=120, bos_id=-1, eos_id=0, unk_id=1,
            minloglevel=2,
        )  # fmt: skip
        Path(f"{prefix}.model").rename(f"{prefix}.spm")
        pieces = sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.spm")
        for number in range(pieces.get_piece_size()):
            table.setdefault(pieces.id_to_piece(number), len(table))
    for name in (">>deu<<", "<pad>"):
        table[name] = len(table)
    (folder / "vocab.json").write_text(json.dumps(table))
    made = transformers.MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json")
    )
    made.save_pretrained(folder)
    return made


@pytest.mark.filterwarnings("ignore:Recommended")
def test_marians_own_tokenizer(made: Any, tmp_path: Path) -> None:
    """Its folders have no tokenizer.json: what is made of their files splits and joins texts as the library does."""
    folder = tmp_path / "opus"
    folder.mkdir()
    own = write_marian_tokenizer(folder)
    ids = {"pad_token_id": own.pad_token_id, "eos_token_id": own.eos_token_id}
    settings = transformers.MarianConfig(
        vocab_size=len(own), d_model=32, decoder_start_token_id=own.pad_token_id, forced_eos_token_id=None,
        **ids, **SIZES["Marian"],
    )  # fmt: skip
    transformers.MarianMTModel(settings).save_pretrained(folder)
    assert made.new("nlp/opus", str(folder), *TASK) == 0
    made.assert_in_style("nlp/opus")
    task = made.model("nlp/opus").task
    held_out = load_split()[1]
    odd = ["Straße café", "  a   b ", ">>deu<< The dog.", ">>deu<<The dog.", "中文 x", "ABC … ½", "The man\tsees\n him"]
    for text in [*odd, *(pair.source for pair in held_out[:60])]:
        assert task.preprocess(text)[0][0].tolist() == own(text).input_ids
    rows = [own(text_target=pair.target).input_ids for pair in held_out[:60]]
    for row in rows:
        (found,) = task.postprocess([np.array([[own.pad_token_id, *row]])], [task.preprocess("a")[1]])
        assert found.text == own.decode(row, skip_special_tokens=True)


def test_damaged_files_of_marians_tokenizer_are_named(made: Any, tmp_path: Path) -> None:
    saved(tmp_path / "opus", "Marian")
    (tmp_path / "opus/tokenizer.json").unlink()
    write_marian_tokenizer(tmp_path / "opus")
    table = json.loads((tmp_path / "opus/vocab.json").read_text())
    for content, words in (
        ("{", "vocab.json is not JSON"),
        (json.dumps({"a": 3}), "no table of pieces and ids that count from 0"),
        (json.dumps({"a": 0}), "vocab.json has no </s>, <pad>, <unk>"),
    ):
        (tmp_path / "opus/vocab.json").write_text(content)
        assert words in made.refused(str(tmp_path / "opus"), *TASK)
    (tmp_path / "opus/vocab.json").write_text(json.dumps(table))
    whole = (tmp_path / "opus/source.spm").read_bytes()
    for content in (b"", b"version https://git-lfs", whole[: len(whole) // 2]):
        (tmp_path / "opus/source.spm").write_bytes(content)
        assert "source.spm is no" in made.refused(str(tmp_path / "opus"), *TASK)
