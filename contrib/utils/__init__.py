"""Carries data in and out of a network: data sets, preprocessing, postprocessing, metrics, pictures."""
