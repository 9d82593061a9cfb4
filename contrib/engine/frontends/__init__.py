"""From a network in memory to an ONNX file: one framework a file."""
