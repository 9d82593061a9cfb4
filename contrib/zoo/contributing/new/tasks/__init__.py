"""The tasks that `zoo new` knows, one a module: each tries a network, and describes it."""
