"""The kinds of source that `zoo new` knows, one a module: each says what it knows of a network."""
