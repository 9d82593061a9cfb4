"""What torch.load takes as `pickle_module` to read tensors out of a checkpoint that holds other objects too.

Training frameworks put more than tensors into their files: the published ones of OpenMMLab hold the history of the
losses as objects of mmengine. torch.load(weights_only=True) refuses such a file. Here each object that is neither
a tensor nor a plain container becomes an `Other`: nothing of the file is imported or called, whatever it asks for.
"""

from __future__ import annotations

import pickle
from typing import IO, Any

# what torch.save writes tensors with; storages are told by torch itself before it asks here
_KNOWN = frozenset(
    {
        ("collections", "OrderedDict"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch", "Size"),
    }
)


class Other:
    """Stands for an object, a class or a function of the file, and takes what a pickle does to such."""

    def __new__(cls, *_: Any, **__: Any) -> Other:
        return super().__new__(cls)

    def _ignore(self, *_: Any, **__: Any) -> None:
        pass

    __init__ = __setstate__ = __setitem__ = append = extend = add = _ignore


class Unpickler(pickle.Unpickler):
    """Tensors, plain containers, numbers and words as they are, all else as `Other`."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if (module, name) in _KNOWN else Other


def load(file: IO[bytes], **options: Any) -> Any:
    """As pickle.load; torch reads the parts of files of its older format with this."""
    return Unpickler(file, **options).load()
