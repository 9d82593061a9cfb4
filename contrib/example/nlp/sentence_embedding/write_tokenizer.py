"""Makes tokenizer_multilingual.json: few pieces, in the form of E5's own file, for random weights only.

Run: python write_tokenizer.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from model import SMALL_PIECES

from utils.datasets.samples.reviews import load_split as reviews
from utils.datasets.samples.translations import load_split as translations
from zoo_core.files import atomic_write

PIECES, TEXTS = 400, 4000


def main() -> None:
    """Train a unigram model on English and German sentences, with the special tokens of XLM-RoBERTa."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=PIECES, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    texts = [text for pair in translations()[0][:TEXTS] for text in pair]
    tokenizer.train_from_iterator(texts + [review.sentence for review in reviews()[0][:TEXTS]], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    with atomic_write(SMALL_PIECES) as temporary:
        tokenizer.save(str(temporary))


if __name__ == "__main__":
    main()
