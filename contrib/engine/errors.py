"""Everything that can go wrong in the engine, as subclasses of one `EngineError`."""

from zoo_core.errors import ZooCoreError


class EngineError(ZooCoreError):
    """Base of every error that the engine raises; its text is written for the person who reads it."""


class UnknownTargetError(EngineError):
    """No runtime of this name exists."""


class TargetUnavailableError(EngineError):
    """The runtime exists but cannot be used here; the text says what to install."""


class ModelFileError(EngineError):
    """The model file is missing, damaged, or of a format that the target does not open."""


class OptionError(EngineError):
    """An argument of the constructor has a value that makes no sense."""


class InputError(EngineError):
    """An input is missing, superfluous, wrongly named, or not an array."""


class ShapeError(InputError):
    """An input has the wrong rank or a wrong dimension."""


class DtypeError(InputError):
    """An input has a dtype that cannot be converted without losing information."""


class NotFiniteError(InputError):
    """An input holds NaN or infinity, and the engine was asked to check."""


class ReleasedError(EngineError):
    """The engine was used after `release()`."""


class RunError(EngineError):
    """The runtime itself failed on inputs that had passed every check."""


class ExportError(EngineError):
    """A network could not be exported to ONNX."""
