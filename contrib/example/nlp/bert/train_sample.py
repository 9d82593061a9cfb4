"""Makes both tokenizers, and sample.safetensors: a small BERT trained on generated reviews.

The weights are good for checking the pipeline, and for nothing else. Run: python train_sample.py
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import FOLDER, MODEL

from utils.datasets.samples.reviews import load_split
from utils.training.steps import begin_with_waves
from utils.training.text_classification import Recipe
from zoo.training import train_on_reviews
from zoo_core.files import atomic_write

SAMPLE = MODEL.variant()
WORDS, ROBERTA_WORDS = 320, 400


def write_tokenizers(sentences: list[str]) -> None:
    """Write BERT's kind, word pieces in lower case, and RoBERTa's, pieces of bytes."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces.train_from_iterator(
        sentences, trainers.WordPieceTrainer(vocab_size=WORDS, special_tokens=special, show_progress=False)
    )
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    _save(pieces, "tokenizer.json")
    letters = Tokenizer(models.BPE(unk_token="<unk>"))
    letters.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=ROBERTA_WORDS,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    letters.train_from_iterator(sentences, trainer)
    letters.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    _save(letters, "tokenizer_roberta.json")


def _save(tokenizer: Any, name: str) -> None:
    with atomic_write(FOLDER / name) as temporary:
        tokenizer.save(str(temporary))


def begun() -> Any:
    """The network as training begins with it."""
    network = SAMPLE.build()
    begin_with_waves(network.bert.embeddings.position_embeddings.weight)
    return network


def main() -> None:
    """Write the tokenizers, train, and write the weights."""
    write_tokenizers([review.sentence for review in load_split()[0]])
    train_on_reviews(SAMPLE, Recipe(epochs=12, rate=1e-3), build=begun)


if __name__ == "__main__":
    main()
