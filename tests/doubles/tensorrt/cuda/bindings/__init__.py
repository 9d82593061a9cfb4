"""A double of cuda-python."""
