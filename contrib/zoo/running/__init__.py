"""From samples to predictions: preprocessing ahead, the engines, postprocessing, and what bounds a run."""
