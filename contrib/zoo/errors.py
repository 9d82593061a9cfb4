"""What a job tells the person who started it."""

from zoo_core.errors import ZooCoreError


class ZooError(ZooCoreError):
    """Wrong use, or something missing that the person can put right. Exit code 2."""


class CheckFailedError(ZooCoreError):
    """Everything ran, but a check did not hold: an accuracy gate, or files that could not be read. Exit code 1."""


class HangingError(ZooError):
    """Code of a model does not come to an end, and cannot be ended from outside of it."""
