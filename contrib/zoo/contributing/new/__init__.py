"""`zoo new`: writes the folder of a model that comes from a known source."""
