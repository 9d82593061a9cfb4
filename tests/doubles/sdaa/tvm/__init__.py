"""A double of the vendor's TVM fork (TecoInferenceEngine 1.2): its Relay interface, on ONNX Runtime.

The card has MAX_ENGINE_NUMS compute units (4 at most). A context splits the rows of a call over them, one compiled
batch each, and runs them at the same time: a barrier makes sure of it. What the vendor refuses, this refuses too.
"""

from . import relay, runtime, target, transform

__version__ = "1.2.0+double"
__all__ = ["relay", "runtime", "target", "transform"]
