"""`zoo compress`: rounded files of an export that pass a gate, with as few nodes in float32 as that takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import backends
from utils.datasets.sample import Sample
from zoo import frameworks
from zoo.accuracy.comparison import FRAMEWORK_LIMIT, TARGET_LIMIT
from zoo.accuracy.verify import spread
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.int8 import METHODS, PORTABLE_BITS, WEIGHT_BITS, Calibration, calibration_rows, quantiser
from zoo.exporting.workspace import step, workspace
from zoo.layers.debug import DebugOptions
from zoo.layers.rounded import plain
from zoo.manifest import RUNS, manifest_path
from zoo.running.engines import framework_runner, manifest_of
from zoo.running.padding import arranged
from zoo.running.setting import Setting, dataset_of

from .candidates import Candidates, Place
from .gate import Gate, Judged, UnfitError, failed
from .half import HalfRounder
from .nncf import NncfRounder, judge_of
from .publish import entries_of, publish
from .rounder import Rounder
from .search import fewest, most_costly
from .weight_only import WeightRounder

# What says which nodes stay in float32: the search here, or NNCF's before it
OWN, NNCF = "own", "nncf"
CONTROLS = (OWN, NNCF)
OF_INT8 = ("control", "calibration", "calibrate_on", "weight_bits")  # options of nothing else


@dataclass(frozen=True)
class CompressOptions:
    """What is made, and what it has to hold.

    Args:
        to: "int8" or "float16", what is computed in.
        weights: "int8" or "int4", to round the weights of matrices alone; "" to compute in `to`.
        control: one of CONTROLS; for int8.
        calibration: one of METHODS; for int8.
        weight_bits: of a weight in int8, one of WEIGHT_BITS.
        calibrate_on: a data set of the model's task; None stands for the model's own samples, which nothing is
            validated on.
        data, limit: what the gate is judged on, and on how many samples of it, evenly over the data set.
        max_drop: by how much of itself the metric may change; None: as `zoo verify` has it for what is made.
        output: where the files go; None: beside the float32 file, or weights alone to a folder of their own.
        also: other targets on which the gate has to hold.
    """

    to: str = "int8"
    weights: str = ""
    control: str = OWN
    calibration: str = METHODS[0]
    weight_bits: int = PORTABLE_BITS
    calibrate_on: str | Path | None = None
    data: str | Path = "sample"
    limit: int | None = 256
    max_drop: float | None = None
    output: Path | None = None
    also: Sequence[str] = ()

    @property
    def kind(self) -> str:
        """Of the files, as exports name them."""
        return "dynamic" if self.weights else self.to

    @property
    def usual(self) -> float:
        """By how much of itself the metric may change in `zoo verify`."""
        return TARGET_LIMIT if self.kind == "float16" else FRAMEWORK_LIMIT


@dataclass(frozen=True)
class Compressed:
    """What was written.

    Attributes:
        manifest, paths: of the files.
        places: every node that could be rounded.
        kept: those of them that are in float32.
        tried: how many times the gate was judged.
        judged: what each target said of them.
        bytes_before, bytes_after: of the files.
    """

    manifest: Path
    paths: list[Path]
    places: list[Place]
    kept: list[Place]
    tried: int
    judged: list[Judged]
    bytes_before: int
    bytes_after: int


def compress(setting: Setting, options: CompressOptions) -> Compressed:
    """Make the files, find what has to stay in float32, and write them where the gate holds.

    Args:
        setting: of the export; its target is what judges.

    Raises:
        CheckFailedError: the gate does not hold, however much stays in float32; nothing is written then.
        ZooError: the target does not compute this, or the network has nothing to round.
    """
    _require_possible(setting, options)
    record = manifest_of(plain(setting))
    task = setting.task()
    samples = arranged(task, spread(dataset_of(setting, options.data), options.limit), setting.timeout)
    output = options.output or _home(setting, options)
    most = options.usual if options.max_drop is None else options.max_drop
    with workspace(output) as folder:
        with step("round"):
            rounders = _rounders(setting, options, samples, most)
            candidates = Candidates(setting, rounders, options.kind, record, folder)
        if not candidates.places():
            raise ZooError(
                f"{setting.model.id} has nothing that {options.weights or options.to} makes smaller or faster"
            )
        gate = Gate(setting, samples, most, record["weights"]["kind"] == "random", candidates.judged_as, options.also)
        kept, tried = _search(candidates, gate, options)
        candidates.write(kept)
        with step("compare with the framework"):
            comparisons = gate.framework(candidates.rounded)
        if fault := failed(gate.targets, comparisons):
            raise CheckFailedError(f"{fault} from the framework's; nothing was written")
        entries = entries_of(candidates, record["input_size"], kept)
        judged = gate.judged(candidates.rounded, comparisons)
        paths = publish(candidates, entries, output)
    return Compressed(
        manifest_path(output, setting.model.variant),
        paths,
        candidates.places(),
        candidates.in_float32(kept),
        tried,
        judged,
        sum(path.stat().st_size for path in plain(setting).files()),
        sum(path.stat().st_size for path in paths),
    )


def _require_possible(setting: Setting, options: CompressOptions) -> None:
    """Raise ZooError for a target that does not compute what is asked for."""
    for target in (setting.target, *options.also):
        if options.weights and target != "onnx":
            raise ZooError(
                f"--weights {options.weights} is an operator of ONNX Runtime, which target '{target}' does not "
                "have; leave --target out, or give --to int8"
            )
        if not options.weights and options.to not in backends.find(target).dtypes:
            raise ZooError(f"target '{target}' does not compute in {options.to}; give --target onnx or openvino")
    if not options.weights and options.output is not None:
        raise ZooError(
            f"a file in {options.to} belongs to the export that it was made of, and lies beside it; leave --output out"
        )
    if options.weight_bits not in WEIGHT_BITS:
        raise ZooError(f"weights of int8 have {' or '.join(map(str, WEIGHT_BITS))} bits, not {options.weight_bits}")
    for name in OF_INT8:
        if options.kind != "int8" and getattr(options, name) != getattr(CompressOptions, name):
            raise ZooError(f"--{name} {getattr(options, name)} is of int8 files: give --to int8, or leave it out")
    if options.control == NNCF and (len(setting.model.parts) > 1 or setting.task().play is not None):
        raise ZooError(
            f"--control {NNCF} is for networks of one graph, which is judged by what it answers; leave it out for "
            f"{setting.model.id}"
        )
    if options.control == NNCF and options.calibration != METHODS[0]:
        raise ZooError(f"NNCF finds ranges in its own way: leave --calibration out, or --control {NNCF}")
    if options.output is not None and options.output.resolve() == setting.home.resolve():
        raise ZooError(f"{options.output} holds the float32 files, whose names these have; give another --output")


def _home(setting: Setting, options: CompressOptions) -> Path:
    """Where the files go: weights that are rounded alone are another network to all commands, so that its export has a
    folder of its own."""
    return Path(RUNS) / setting.model.place / f"weights_{options.weights}" if options.weights else setting.home


def _rounders(
    setting: Setting, options: CompressOptions, samples: Sequence[Sample], most: float
) -> Mapping[str, Rounder]:
    source = plain(setting)
    model = setting.model
    if options.weights:
        return {part.name: WeightRounder(source.file(part), options.weights) for part in model.parts}
    if options.to == "float16":
        return {part.name: HalfRounder(source.file(part)) for part in model.parts}
    given = _calibration(setting, options)
    with framework_runner(source, frameworks.target(model)) as reference:
        if options.control == NNCF:
            rows, said = calibration_rows(model, model.part, reference, setting.input_size, given)
            judge, bits = judge_of(setting), options.weight_bits
            made = NncfRounder(source.file(model.part), rows, judge, samples, most, said, bits)
            return {model.part.name: made}
        return {
            part.name: quantiser(
                model, part, reference, source.file(part), setting.input_size, given, options.weight_bits
            )
            for part in model.parts
        }


def _calibration(setting: Setting, options: CompressOptions) -> Calibration:
    if options.calibrate_on is None:
        return Calibration(options.calibration, timeout=setting.timeout)
    samples = dataset_of(setting, options.calibrate_on)
    name = "sample" if str(options.calibrate_on) == "sample" else Path(options.calibrate_on).name
    return Calibration(options.calibration, spread(samples, 256), f"samples of {name}", setting.timeout)


def _search(candidates: Candidates, gate: Gate, options: CompressOptions) -> tuple[list[Place], int]:
    """The nodes that stay in float32, and how many times the gate was judged. Raises CheckFailedError."""
    faults: list[str] = []

    def empty(keep: Sequence[Place]) -> bool:
        return len(candidates.in_float32(keep)) == len(candidates.places())

    def passes(keep: Sequence[Place]) -> bool:
        if empty(keep):
            return False  # what holds then is the float32 file
        candidates.write(keep)
        try:
            faults.append(failed(gate.targets, gate.float32(candidates.rounded)))
        except UnfitError as error:
            faults.append(f"the gate does not hold: {error}; that is far")
        return not faults[-1]

    if empty([]):
        raise CheckFailedError("NNCF's control leaves every node in float32; nothing was written")
    if passes([]):
        return [], 1
    ordered = most_costly(candidates, DebugOptions(data=options.data))
    found = fewest(passes, ordered)
    if found is None:
        raise CheckFailedError(
            f"{faults[-1]} from the float32 file's even with {len(ordered) - 1} of {len(ordered)} nodes in "
            f"float32 or nearly so many; nothing was written{_advice(options)}"
        )
    return found, len(faults)


def _advice(options: CompressOptions) -> str:
    calibrated = options.kind == "int8" and options.control == OWN
    return ". Try --calibration percentile, or more samples (--calibrate_on)" if calibrated else ""
