"""One file a command: flags in, a job called, its result printed. argparse lives here and in contributing."""
