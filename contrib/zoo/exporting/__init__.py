"""A network with its weights becomes files that are proved equal to it."""
