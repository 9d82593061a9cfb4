"""The one error that `utils` raises about data that a person gave."""


class DataError(Exception):
    """A file, a folder, a label or a value cannot be used; the message says which, why, and what to do."""
