"""ONNX's own operator tests (onnx.backend.test) on a target, in processes that may die.

    python -m tests.engine.operators [--count N] [--seed S] [--verbose] onnx openvino cpu

Each test passes, or the engine refuses it with a sentence, or it stands in DIFFER. Anything else (a wrong number, an
error that is no EngineError, a dead process) is printed, and makes the exit code 1. --count: so many, by chance.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import operator_files

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60  # for one test, after which the process counts as hanging
_CLOSE = {"float16": 1e-3, "float32": 2e-6, "float64": 1e-9}  # of the largest value
PASSED, REFUSED, DIFFERS, WRONG = "passed", "refused", "differs as listed", "wrong"


# Tests that say nothing about a runtime
NO_TESTS = {
    "draws numbers": ("test_bernoulli", "test_training_dropout"),
    "digits of a number are the writer's choice": ("test_cast_FLOAT_to_STRING", "test_castlike_FLOAT_to_STRING"),
    "expects int8 to wrap, where ONNX says that it saturates": (
        "test_qlinearmatmul_2D_int8",
        "test_qlinearmatmul_3D_int8",
    ),
    "expects a size that is not rounded, where ONNX says that it is": (
        "test_resize_downsample_scales_cubic_align_corners",
        "test_resize_downsample_scales_linear_align_corners",
    ),
}


# What differs so little that the engine only warns of the operator, or cannot know it
DIFFER = {
    "onnx": (
        "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil",
        "test_maxunpool_export_with_output_shape",
    ),
    "openvino": (
        "test_dynamicquantizelinear",  # a tie, by one step
        "test_top_k_same_values",  # a tie: the values are right, their places are those of equal ones
        # NaN for rows whose scores are all -infinity: only data show such, and the graphs are of plain operators
        "test_attention_23_boolmask_fullymasked_row_nan_robustness_expanded",
        "test_attention_23_fullymasked_qk_matmul_output_mode3_zero_expanded",
        "test_attention_24_fullymasked_qk_matmul_output_mode3_zero_expanded",
        "test_attention_4d_causal_nonpad_negative_offset_structural_empty_expanded",
        "test_attention_causal_boolmask_nan_robustness_expanded",
        "test_attention_local_window_gqa_rank4_mask_expanded",
        "test_attention_24_qk_matmul_output_mode3_softmax_precision_expanded",
    ),
    # Seen on an H200 with onnxruntime-gpu 1.31.1
    "cuda": (
        "test_maxunpool_export_with_output_shape",
        # rows whose scores are all -infinity, of plain operators
        "test_attention_23_boolmask_fullymasked_row_nan_robustness_expanded",
        "test_attention_23_fullymasked_qk_matmul_output_mode3_zero_expanded",
        "test_attention_24_fullymasked_qk_matmul_output_mode3_zero_expanded",
        "test_attention_4d_causal_nonpad_negative_offset_structural_empty_expanded",
        "test_attention_causal_boolmask_nan_robustness_expanded",
        "test_attention_local_window_gqa_rank4_mask_expanded",
    ),
    "cpu": ("test_mod_float_edge_cases_fmod",),  # the remainder of infinity, or by 0, which only data show
}


def names() -> list[str]:
    """Every test, as kind/name."""
    left_out = tuple(prefix for prefixes in NO_TESTS.values() for prefix in prefixes)
    return [test for test in operator_files.tests() if not test.partition("/")[2].startswith(left_out)]


def kind_of(said: str) -> str:
    """PASSED, REFUSED, DIFFERS or WRONG, of what a test came to."""
    return next((kind for kind in (PASSED, REFUSED, DIFFERS) if said.startswith(kind)), WRONG)


def outcomes(target: str, tests: Sequence[str]) -> dict[str, str]:
    """What each test came to on `target`: "passed", "refused: …", or what went wrong."""
    found: dict[str, str] = {}
    places = [str(ROOT), str(ROOT / "contrib"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(places)}
    with tempfile.TemporaryDirectory(prefix="operators-") as home:
        while left := [test for test in tests if test not in found]:
            _some(target, left, environ | {"TECO_ZOO_HOME": home}, found)
    return found


def _some(target: str, left: list[str], environ: dict[str, str], found: dict[str, str]) -> None:
    """Work off `left` in one process, as far as it lives; the test that ends it is to blame."""
    command = [sys.executable, "-m", "tests.engine.operators", "--work", target]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environ,
        cwd=ROOT,
    )
    assert process.stdin
    try:
        for test in left:
            try:
                process.stdin.write(test + "\n")
                process.stdin.flush()
                answer = _line(process)
            except BrokenPipeError:
                answer = ""
            if not answer:
                process.kill()
                found[test] = f"the process ended with code {process.wait()}"
                return
            found[test] = json.loads(answer)
    finally:
        process.kill()
        process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    """The next line of the process; empty when it ends, or says nothing for too long."""
    import select

    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], SECONDS)
    return process.stdout.readline() if ready else ""


def _work(target: str) -> None:
    """The process: tests on stdin, outcomes on the stdout that it began with."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever runtimes print
    for line in sys.stdin:
        answers.write(json.dumps(_outcome(target, operator_files.folder_of(line.strip()))) + "\n")
        answers.flush()


def _outcome(target: str, folder: Path) -> str:
    from engine.base import Engine, EngineError

    model = folder / "model.onnx"
    data = folder / "test_data_set_0"
    inputs, wanted = _tensors(model, data, "input"), _tensors(model, data, "output")
    try:
        sizes = [array.shape for array in inputs] if all(hasattr(array, "shape") for array in inputs) else None
        with Engine(model, target=target, input_size=None if target == "onnx" else sizes) as engine:
            got = engine(inputs)
    except EngineError as error:
        return f"{REFUSED}: {error}"
    except BaseException as error:
        return f"raised {type(error).__name__}: {str(error)[:200]}"
    said = _compared(got if len(wanted) > 1 else [got], wanted)
    return DIFFERS if said != PASSED and folder.name.startswith(DIFFER.get(target) or "-") else said


def _tensors(model: Path, data: Path, kind: str) -> list[Any]:
    import onnx

    graph = onnx.load(str(model)).graph
    weights = {tensor.name for tensor in graph.initializer}
    values = [value for value in getattr(graph, kind) if value.name not in weights]
    read = []
    for index, path in enumerate(sorted(data.glob(f"{kind}_*.pb"), key=lambda path: int(path.stem.rpartition("_")[2]))):
        what = values[index].type.WhichOneof("value")
        message: Any = {"sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}.get(
            what, onnx.TensorProto
        )()
        message.ParseFromString(path.read_bytes())
        if what == "sequence_type":
            read.append(onnx.numpy_helper.to_list(message))
        elif what == "optional_type":
            read.append(onnx.numpy_helper.to_optional(message))
        else:
            read.append(onnx.numpy_helper.to_array(message))
    return read


def _compared(got: Sequence[Any], wanted: Sequence[Any]) -> str:
    import numpy as np

    if len(got) != len(wanted):
        return f"gave {len(got)} outputs for {len(wanted)}"
    for index, (have, want) in enumerate(zip(got, wanted, strict=True)):
        if isinstance(want, list):
            if not isinstance(have, list):
                return f"output {index} is no sequence"
            said = _compared(have, want)
            if said != PASSED:
                return said
            continue
        if want is None or have is None:
            if want is not have:
                return f"output {index} is {have!r}"
            continue
        if have.dtype != want.dtype or have.shape != want.shape:
            return f"output {index} is {have.dtype}{list(have.shape)}, not {want.dtype}{list(want.shape)}"
        if want.dtype.kind in "fc":
            # a sum of large terms that comes to nothing is as exact as its terms are
            largest = float(np.max(np.abs(want[np.isfinite(want)]), initial=1.0))
            if not np.allclose(have, want, rtol=1e-3, atol=_CLOSE[want.dtype.name] * largest, equal_nan=True):
                return f"output {index} differs by {np.nanmax(np.abs(have.astype(float) - want.astype(float))):.3g}"
        elif not np.array_equal(have, want):
            return f"output {index} differs"
    return PASSED


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tests, print what went wrong and the counts; 1 if anything did."""
    parser = argparse.ArgumentParser(description="ONNX's own operator tests on a target.")
    parser.add_argument("targets", nargs="*", default=["onnx", "openvino", "cpu"])
    parser.add_argument("--count", type=int, help="so many tests, by chance (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="print every refusal too")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.work:
        _work(args.targets[0])
        return 0
    chosen = names()
    if args.count:
        chosen = sorted(random.Random(args.seed).sample(chosen, min(args.count, len(chosen))))
    from engine import backends

    wrong = 0
    for target in args.targets:
        if target not in backends.targets():
            parser.error(f"there is no target {target}; there are: {', '.join(backends.targets())}")
        state = backends.targets()[target].availability()
        if not state.usable:  # every test would be refused, and nothing wrong
            parser.error(f"target {target} cannot be used here: it {state.detail}")
        found = outcomes(target, chosen)
        counts = Counter(kind_of(said) for said in found.values())
        for test, said in found.items():
            if kind_of(said) == WRONG or (args.verbose and said != PASSED):
                print(f"{target} {test}: {said}")
        print(f"{target}: " + ", ".join(f"{counts[kind]} {kind}" for kind in (PASSED, REFUSED, DIFFERS, WRONG)))
        wrong += counts[WRONG]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
