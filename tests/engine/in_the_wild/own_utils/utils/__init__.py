"""The detector repository's own package, called as ours is."""
