"""Preprocessing that equals what torchvision does."""
