"""Data set formats, one a file; the small data sets that can be made on the spot are in `samples`."""
