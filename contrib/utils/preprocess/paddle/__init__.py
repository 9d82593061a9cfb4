"""Preprocessing that equals what paddle.vision does."""
