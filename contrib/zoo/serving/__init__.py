"""A network behind HTTP: files in, JSON out, tensors by the open inference protocol; copies of it run on Ray Serve."""
