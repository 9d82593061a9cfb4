"""What a pickle asks for, read without doing it, so that a few bytes cannot take gigabytes."""

from __future__ import annotations

import pickle
import pickletools
import struct
from collections.abc import Iterator

# Each instruction makes an object of about 64 bytes at most, beside the bytes that stand in the file.
MAX_INSTRUCTIONS = 5_000_000
_REFUSED = frozenset({"EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "INST", "OBJ", "NEWOBJ_EX", "NEXT_BUFFER"})
_NOTES = ("PUT", "BINPUT", "LONG_BINPUT")
# How the instructions with a length of their own write it
_SIZES = {
    pickletools.TAKEN_FROM_ARGUMENT1: "<B",
    pickletools.TAKEN_FROM_ARGUMENT4: "<i",
    pickletools.TAKEN_FROM_ARGUMENT4U: "<I",
    pickletools.TAKEN_FROM_ARGUMENT8U: "<Q",
}
_CODES = {ord(one.code): one for one in pickletools.opcodes}


def require_modest(content: bytes) -> None:
    """Check a pickle before anything reads it.

    Raises:
        pickle.UnpicklingError: instructions that no array needs, sizes beyond the file itself, or more instructions
            than MAX_INSTRUCTIONS.
    """
    for count, (name, start, end) in enumerate(_instructions(content), start=1):
        if name in _REFUSED:
            raise pickle.UnpicklingError(f"the instruction {name} has no place in an array")
        if count > MAX_INSTRUCTIONS:
            raise pickle.UnpicklingError(f"more than {MAX_INSTRUCTIONS} instructions")
        if name in _NOTES:  # of which the unpickler makes a table as long as the largest number
            number = int(content[start:end]) if name == "PUT" else int.from_bytes(content[start:end], "little")
            if number > count:
                raise pickle.UnpicklingError(f"a note number {number} after {count} instructions")


def _instructions(content: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield (name, where its argument begins, where it ends) up to the one that stops."""
    at = 0
    while at < len(content):
        instruction = _CODES.get(content[at])
        if instruction is None:
            raise pickle.UnpicklingError(f"byte {at} is no instruction of a pickle")
        start = at = at + 1
        size = instruction.arg.n if instruction.arg else 0
        if size == pickletools.UP_TO_NEWLINE:
            for _ in range(2 if instruction.name in ("GLOBAL", "INST") else 1):
                at = content.find(b"\n", at) + 1 or len(content) + 1
        elif size < 0:
            form = _SIZES[size]
            (told,) = struct.unpack_from(form, content, at)
            at += struct.calcsize(form) + told if told >= 0 else len(content) + 1
        else:
            at += size
        if at > len(content):
            raise pickle.UnpicklingError(f"the file ends within {instruction.name}")
        yield instruction.name, start, at
        if instruction.name == "STOP":
            return
    raise pickle.UnpicklingError("the file ends before the pickle does")
