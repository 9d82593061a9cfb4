"""Does the jobs: export, single, multi, valid, verify, run. Uses `engine` and `utils`; serves `example`."""
