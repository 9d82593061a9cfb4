"""What torch.load takes as `pickle_module` to read tensors out of a checkpoint that holds other objects too.

Training frameworks put more than tensors into their files: the published ones of OpenMMLab hold the history of the
losses as objects of mmengine. torch.load(weights_only=True) refuses such a file. Here all that is neither a tensor nor
a plain container becomes `Other`: no name of the file is imported. A pickle may also set attributes on what it is
given, so that it is given nothing on which any can be set.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import IO, Any


class _Ignoring(type):
    def __setitem__(cls, *_: Any) -> None:
        pass


class Other(metaclass=_Ignoring):
    """Stands for each object, class and function of the file, and takes what a pickle does to such."""

    __slots__ = ()
    dump_patches = False  # torch asks this of the modules in files of its older format

    def __new__(cls, *_: Any, **__: Any) -> Any:
        return cls

    @staticmethod
    def _ignore(*_: Any) -> None:
        pass

    __setstate__ = append = extend = add = _ignore


class _Tensor:
    __slots__ = ()

    def __call__(self, *parts: Any) -> Any:
        import torch

        return torch._utils._rebuild_tensor_v2(*parts)


class _Parameter:
    __slots__ = ()

    def __call__(self, *parts: Any) -> Any:
        import torch

        return torch._utils._rebuild_parameter(*parts)


# what torch.save writes tensors with; torch tells the storages itself before it asks here. A size is a tuple of its own
# class, and nothing here asks which.
_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor(),
    ("torch._utils", "_rebuild_parameter"): _Parameter(),
}


class Unpickler(pickle.Unpickler):
    """Dense tensors, dicts, lists, tuples, numbers and words as they are, all else as `Other`."""

    def find_class(self, module: str, name: str) -> Any:
        return _KNOWN.get((module, name), Other)


def load(file: IO[bytes], **options: Any) -> Any:
    """As pickle.load; torch reads the parts of files of its older format with this."""
    return Unpickler(file, **options).load()
