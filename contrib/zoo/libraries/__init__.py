"""Whole libraries as families: a file a library, which says what its networks, weights and figures are."""
