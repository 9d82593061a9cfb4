"""What a job tells the person who started it."""


class ZooError(Exception):
    """Wrong use, or something missing that the person can put right. Exit code 2."""


class CheckFailedError(Exception):
    """Everything ran, but a check did not hold: an accuracy gate, or files that could not be read. Exit code 1."""
