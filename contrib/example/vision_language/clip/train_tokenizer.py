"""Makes tokenizer.json: the format of CLIP's byte pairs, learnt from the names of ImageNet's classes.

The authors' own vocabulary belongs to their weights. Run: python train_tokenizer.py
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[2]))

WORDS = 1024
BEGIN, END = "<|startoftext|>", "<|endoftext|>"


def main() -> None:
    """Learn and write it; begin and end have the last two ids, as in CLIP."""
    import tokenizers.decoders
    import tokenizers.processors
    import tokenizers.trainers

    from utils.postprocess.labels import imagenet
    from utils.preprocess.text import import_tokenizers

    library = import_tokenizers()
    made = library.Tokenizer(library.models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    made.normalizer = library.normalizers.Sequence([library.normalizers.NFC(), library.normalizers.Lowercase()])
    made.pre_tokenizer = library.pre_tokenizers.Sequence(
        [
            library.pre_tokenizers.Split(
                library.Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True
            ),
            library.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=WORDS - 2,
        initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    made.train_from_iterator([f"a photo of a {name}" for name in imagenet()], trainer)
    made.add_special_tokens([BEGIN, END])
    begin, end = made.token_to_id(BEGIN), made.token_to_id(END)
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", special_tokens=[(BEGIN, begin), (END, end)]
    )
    made.decoder = tokenizers.decoders.ByteLevel()
    made.save(str(FOLDER / "tokenizer.json"))
    print(f"{made.get_vocab_size()} ids, {BEGIN} {begin}, {END} {end}")


if __name__ == "__main__":
    main()
