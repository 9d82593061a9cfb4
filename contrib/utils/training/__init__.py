"""How sample weights are trained, where several models do it alike."""
