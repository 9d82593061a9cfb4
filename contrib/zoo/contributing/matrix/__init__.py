"""`zoo matrix`: every model on every target, from what has been measured."""
