"""From a network to a green check: nine sources, in a copy of the repository, with nothing but the guide's commands.

Claim: at most 4 commands and no edit by hand for each. `zoo new` writes the folder, `zoo sync` the tables that list it,
`zoo check --model` runs its four scripts, `zoo readme --test` the commands of its README.

    python benchmarks/contributor_hour.py [NUMBER …]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _common import ROOT, machine

MOST_COMMANDS = 4
AFTER = ("zoo sync", "zoo check --model {model}", "zoo readme --test {model}")
DETECTOR = '''"""A small detector of YOLOX's layout."""

import torch
from torch import nn


class Detector(nn.Module):
    """[N, 3, H, W] pixels to [N, cells, 5 + classes]: boxes in cells of 8, 16 and 32 pixels, then probabilities."""

    def __init__(self, classes=80, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 8, 8)
        self.down = nn.ModuleList(nn.Conv2d(width, width, 2, 2) for _ in range(2))
        self.heads = nn.ModuleList(nn.Conv2d(width, 5 + classes, 1) for _ in range(3))

    def forward(self, x):
        x = self.stem(x / 255).relu()
        rows = []
        for place, head in enumerate(self.heads):
            x = self.down[place - 1](x).relu() if place else x
            found = head(x).flatten(2).transpose(1, 2)
            rows.append(torch.cat([found[..., :4], found[..., 4:].sigmoid()], -1))
        return torch.cat(rows, 1)
'''


def write_detector(folder: Path) -> None:
    """A module of somebody's own."""
    (folder / "my_detector.py").write_text(DETECTOR, encoding="utf-8")


def write_classifier_of_texts(folder: Path) -> None:
    """What `save_pretrained` leaves of a small BERT that tells three kinds of text apart, and of its tokenizer."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "the", "is", "was", "not"]
    (folder / "vocab.txt").write_text("\n".join([*words, *"abcdefghijklmnopqrstuvwxyz."]) + "\n", encoding="utf-8")
    made = BertWordPieceTokenizer(str(folder / "vocab.txt"))
    sizes: dict[str, Any] = {
        "vocab_size": made.get_vocab_size(),
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "num_labels": 3,
    }
    config = BertConfig(**sizes)
    BertForSequenceClassification(config).save_pretrained(folder / "my_bert")
    PreTrainedTokenizerFast(tokenizer_object=made._tokenizer).save_pretrained(folder / "my_bert")


def write_byte_tokenizer(folder: Path) -> None:
    """A tokenizer whose tokens are bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = ["<pad>", "</s>", "<s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    made = Tokenizer(models.BPE({letter: index for index, letter in enumerate(letters)}, []))
    made.add_special_tokens(letters[:3])
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.save(str(folder / "tokenizer.json"))


def write_language_model(folder: Path) -> None:
    """What `save_pretrained` leaves of a small GPT-2."""
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes: dict[str, Any] = {"vocab_size": 259, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 256}
    ids: dict[str, Any] = {"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0, "initializer_range": 0.15}
    GPT2LMHeadModel(GPT2Config(**sizes, **ids)).save_pretrained(folder / "my_gpt2")
    write_byte_tokenizer(folder / "my_gpt2")


def write_translator(folder: Path) -> None:
    """What `save_pretrained` leaves of a small Marian, and of MarianTokenizer: two SentencePiece models and a table."""
    import json

    from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    from utils.datasets.samples.translations import load_split

    own = folder / "my_marian"
    own.mkdir()
    table: dict[str, int] = {}
    pairs = load_split()[0][:2000]
    for name, texts in (("source", [pair.source for pair in pairs]), ("target", [pair.target for pair in pairs])):
        SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_prefix=str(own / name),
            vocab_size=120,
            bos_id=-1,
            eos_id=0,
            unk_id=1,
            minloglevel=2,
        )
        (own / f"{name}.model").rename(own / f"{name}.spm")
        pieces = SentencePieceProcessor(model_file=str(own / f"{name}.spm"))
        for number in range(pieces.get_piece_size()):
            table.setdefault(pieces.id_to_piece(number), len(table))
    table["<pad>"] = len(table)
    (own / "vocab.json").write_text(json.dumps(table), encoding="utf-8")
    files: list[Any] = [str(own / name) for name in ("source.spm", "target.spm", "vocab.json")]
    MarianTokenizer(*files).save_pretrained(own)
    sides: dict[str, Any] = {
        f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in (("layers", 2), ("ffn_dim", 64))
    }
    sizes: dict[str, Any] = {"vocab_size": len(table), "d_model": 64, "max_position_embeddings": 128, "init_std": 0.15}
    ids: dict[str, Any] = {"pad_token_id": table["<pad>"], "decoder_start_token_id": table["<pad>"], "eos_token_id": 0}
    heads: dict[str, Any] = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "forced_eos_token_id": 0}
    MarianMTModel(MarianConfig(**sizes, **sides, **ids, **heads)).save_pretrained(own)


def write_onnx_file(folder: Path) -> None:
    """A classifier as another program writes it: names, opset and batch of its own, a softmax at its end."""
    import torch
    import torchvision

    network = torch.nn.Sequential(torchvision.models.squeezenet1_1(num_classes=10), torch.nn.Softmax(1)).eval()
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, 96, 96),),
        str(folder / "given.onnx"),
        input_names=["data"],
        output_names=["prob"],
        opset_version=13,
        dynamo=False,
    )


def fetch_onnx_file(folder: Path) -> None:
    """PP-OCR's network for the direction of a line of text, out of a pip package that is not installed."""
    from zoo.fetching.wheels import fetch_packaged

    file = "rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx"
    digest = "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"
    shutil.copy(fetch_packaged("rapidocr==3.10.0", file, digest), folder / "direction.onnx")
    (folder / "directions.txt").write_text("0\n180\n", encoding="utf-8")


@dataclass(frozen=True)
class Way:
    """One source: what `zoo new` is told, and what has to lie in the contributor's folder before."""

    model: str
    source: str
    flags: tuple[str, ...] = ()
    prepare: Callable[[Path], None] = lambda folder: None


WAYS = (
    Way("segmentation/my_lraspp", "torchvision.lraspp_mobilenet_v3_large", ("--task", "segmentation")),
    Way("classification/my_timm", "timm.mobilenetv3_small_050.lamb_in1k"),
    Way("nlp/my_bert", "my_bert", ("--task", "text_classification"), write_classifier_of_texts),
    Way("classification/my_paddle", "paddle.vision.LeNet"),
    Way("detection/my_detector", "my_detector:Detector", ("--task", "detection", "--size", "96"), write_detector),
    Way("classification/my_onnx", "given.onnx", (), write_onnx_file),
    Way(
        "classification/my_direction",
        "direction.onnx",
        ("--size", "96", "--labels", "directions.txt", "--licence", "Apache-2.0"),
        fetch_onnx_file,
    ),
    Way("nlp/my_gpt2", "my_gpt2", ("--task", "generation"), write_language_model),
    Way("nlp/my_marian", "my_marian", ("--task", "generation"), write_translator),
)


def go(way: Way, number: int) -> bool:
    """Print the commands of a way and their seconds; whether all passed, and are few enough."""
    with tempfile.TemporaryDirectory(prefix="hour-") as folder:
        repository, own = Path(folder, "repository"), Path(folder, "own")
        own.mkdir()
        copy_repository(repository)
        way.prepare(own)
        first = f"zoo new {way.model} --from {way.source} {' '.join(way.flags)}".rstrip()
        commands = [first, *(one.format(model=way.model) for one in AFTER)]
        print(f"{number}. {way.source}", flush=True)
        start = time.perf_counter()
        for command in commands:
            began = time.perf_counter()
            done = run(command, repository, own)
            print(f"   {time.perf_counter() - began:6.1f} s  {command}", flush=True)
            if done.returncode:
                print(f"   ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")
                return False
        print(f"   {time.perf_counter() - start:6.1f} s, {len(commands)} commands, 0 edits", flush=True)
        return len(commands) <= MOST_COMMANDS


def copy_repository(where: Path) -> None:
    """The files that git lists, as a repository of its own: `zoo` finds the one that it is started in."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, where / name)


def run(command: str, repository: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """`zoo …` of the copy, in the contributor's folder."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(repository / "contrib"), str(folder)])}
    words = [sys.executable, "-m", *command.split()]
    return subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def main() -> int:
    """All ways, or those that are named by number; 1 where one is not green, or takes more commands."""
    machine()
    chosen = [int(word) for word in sys.argv[1:]] or range(1, len(WAYS) + 1)
    green = [go(WAYS[number - 1], number) for number in chosen]
    print(f"{sum(green)} of {len(green)} are green with at most {MOST_COMMANDS} commands and no edit")
    return 0 if all(green) else 1


if __name__ == "__main__":
    sys.exit(main())
