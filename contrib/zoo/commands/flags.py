"""The flags that all commands share, and the `Setting` that they stand for."""

from __future__ import annotations

import argparse
import math
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base import PASS_PATH
from zoo.errors import ZooError
from zoo.family import Family
from zoo.model import Model
from zoo.running.setting import DTYPES, Setting
from zoo_core.files import read_json
from zoo_core.numbers import is_whole

if TYPE_CHECKING:
    from zoo.distributed.cluster import Cluster

# Fields of a setting that have a flag of the same name
_FIELDS = (
    "ckpt", "folder", "target", "dtype", "batch_size", "input_size", "input_name", "pass_path", "devices", "replicas",
    "streams", "threads", "graph", "workers", "processes", "timeout", "decoder", "topk", "token_budget",
    "skip_postprocess",
)  # fmt: skip
GRAPH = ("none", "basic", "extended", "all")  # levels of ONNX Runtime
SEVERAL = "one, several with commas between, or auto (default onnx)"
# Flags of tasks that write text, as `Task.writing` takes them
_WRITING = ("max_new_tokens", "beams", "temperature", "top_k", "top_p", "seed")


def called(command: str, family: Family, argv: list[str] | None) -> str | None:
    """What a parser calls itself: the command, where it is one that was called, else the script (None)."""
    return None if argv is None else f"zoo {command} {family.id}"


def boolean(text: str) -> bool:
    """True or False, as existing scripts write them."""
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in known:
        raise argparse.ArgumentTypeError(f"write True or False, got {text!r}")
    return known[text.lower()]


def positive(text: str) -> int:
    """An int of at least 1."""
    if not is_whole(text, 18) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, got {text!r}")
    return int(text)


def seconds(text: str) -> float:
    """A time to measure, above 0, that ends."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"seconds above 0, such as 0.5, got {text!r}")
    return value


def targets_in(text: str) -> list[str]:
    """The targets that stand between commas.

    Raises:
        ZooError: nothing stands between two, or a name stands twice.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise ZooError(
            f"--target is one, or several with commas between, each once, such as onnx,openvino; got '{text}'"
        )
    return names


def alone_or_all(said: list[dict[str, Any]]) -> Any:
    """What --json holds: an object of one target, a list of several."""
    return said[0] if len(said) == 1 else said


def place(text: str) -> str | Path:
    """What --data_path says: a path, or an address as it is."""
    return said(text) if "://" in text else Path(said(text))


def said(text: str) -> str:
    """What --data_path says. Of nothing, a path would be the folder that we are in."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; give a path (is a variable of the shell not set?)")
    return text


def add_shared_flags(
    parser: argparse.ArgumentParser,
    batch_size: int,
    dtype: str = "what the network computes in (default float32)",
    topk: str = "how many classes to print (default 1)",
) -> None:
    """The flags that every script of a model takes, as existing callers write them.

    Args:
        parser: gets them.
        batch_size: the default of --batch_size.
        dtype, topk: what --dtype and --topk mean.
    """
    parser.add_argument("--variant", help="which network of the family (default: the model's own default)")
    parser.add_argument("--ckpt", type=Path, help="the ONNX file (default: the exported one in the model's folder)")
    parser.add_argument(
        "--data_path",
        type=place,
        help="a file, a folder, a data set, 'sample' or 'reference' (zoo data list; default: what the model ships)",
    )
    parser.add_argument("--input_name", help="name of the graph's input, checked when given")
    parser.add_argument("--batch_size", type=positive, default=batch_size, help=f"rows a call (default {batch_size})")
    parser.add_argument("--input_size", type=positive, help="height and width, for networks that take several")
    parser.add_argument(
        "--target",
        default="onnx",
        help="what runs the network: see `zoo env`; one, or several with commas (default onnx; auto: the fastest that "
        "is accurate)",
    )
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help=dtype)
    parser.add_argument(
        "--pass_path",
        type=Path,
        default=PASS_PATH / "default_pass.py",
        help="pass file, for targets that compile",
    )
    parser.add_argument("--topk", type=positive, default=1, help=topk)
    parser.add_argument(
        "--skip_postprocess", type=boolean, default=False, metavar="True|False", help="run the network only"
    )
    parser.add_argument("--workers", type=positive, help="how many preprocess at once (default: as many as cores)")
    parser.add_argument(
        "--processes",
        type=boolean,
        metavar="True|False",
        help="preprocess in processes, not in threads (default: where the preprocessing is Python itself)",
    )
    add_timeout(parser)
    parser.add_argument("--streams", type=positive, help="batches that run at once on a CPU (default: as fits)")
    parser.add_argument("--threads", type=positive, help="threads of each on a CPU (default: their share of the cores)")
    parser.add_argument("--graph", choices=GRAPH, help="how far the runtime rewrites the graph (default: all)")
    parser.add_argument(
        "--decoder",
        choices=("reference", "fast"),
        default="reference",
        help="fast: quicker decoding and scaling, which is not equal to the source's to the bit",
    )
    parser.add_argument(
        "--verbose", type=boolean, nargs="?", const=True, default=False, metavar="True|False", help="say more"
    )


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """--timeout, for what preprocesses samples."""
    parser.add_argument(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        help="end, and name the sample, where preprocessing does not end within so many seconds (default: wait)",
    )


def add_weights_flags(parser: argparse.ArgumentParser) -> None:
    """--weights, and what is said of them."""
    parser.add_argument(
        "--weights",
        help="pretrained, sample, built (as model.py builds it), random, or a file (default: README.md says); "
        "of one network of a chain: NAME=FILE",
    )
    parser.add_argument(
        "--weights_key", default="", metavar="KEY", help="where in the file the weights are (default: they are found)"
    )
    parser.add_argument(
        "--trust", action="store_true", help="fetch published weights too whose source states no digest"
    )


def device_list(text: str) -> list[str]:
    """Devices with commas between."""
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"devices with commas between, such as 0,1; got {text!r}")
    return names


def add_device_flags(parser: argparse.ArgumentParser) -> None:
    """--devices and --replicas, for what opens a target."""
    parser.add_argument(
        "--devices", type=device_list, metavar="0,1", help="share each batch among these devices of the target"
    )
    parser.add_argument(
        "--replicas", type=positive, help="share each batch among so many copies, where a target has no devices"
    )


def add_ray_flags(parser: argparse.ArgumentParser, whole_nodes: bool = False) -> None:
    """--ray, and how many workers there are on it.

    Args:
        parser: gets them.
        whole_nodes: whether a worker takes all of a node, so that there is nothing to choose.
    """
    from zoo.distributed.cluster import LOCAL

    parser.add_argument(
        "--ray",
        nargs="?",
        const=LOCAL,
        metavar="ADDRESS",
        help="share the work among the nodes of a Ray cluster (HOST:PORT, or auto); without an address, one is started "
        "on this machine",
    )
    if not whole_nodes:
        parser.add_argument(
            "--ray_workers", type=positive, help="workers a node (default: one, or one a card; a worker has its share)"
        )


def ray_cluster(args: argparse.Namespace, card: str = "") -> AbstractContextManager[Cluster]:
    """The cluster that --ray asks for, to be entered.

    Args:
        args: with the flags of `add_ray_flags`.
        card: the resource that a worker has one of; "" where it needs none.
    """
    from zoo.distributed.cluster import connected

    return connected(args.ray, getattr(args, "ray_workers", 1), card)


def add_token_budget(parser: argparse.ArgumentParser, family: Family) -> None:
    """--token_budget, for models whose inputs differ in length."""
    if family.variant().task.padding is not None:
        help_text = "at most so many positions a batch: rows times the longest (default: --batch_size rows, any length)"
        parser.add_argument("--token_budget", type=positive, help=help_text)


def add_writing_flags(parser: argparse.ArgumentParser, family: Family) -> None:
    """How text is written, for models that write any."""
    if family.variant().task.writing is None:
        return
    made = parser.add_argument_group("what is written")
    made.add_argument("--max_new_tokens", type=positive, help="tokens at most (default: the model's)")
    made.add_argument("--beams", type=positive, help="follow so many texts at once, and take the likeliest")
    made.add_argument("--temperature", type=float, help="draw tokens by their probability; below 1 likely ones more")
    made.add_argument("--top_k", type=positive, help="draw among so many of the likeliest tokens")
    made.add_argument("--top_p", type=float, help="draw among the likeliest ones with this probability together")
    made.add_argument("--seed", type=int, help="of what is drawn (default 0)")


def model_of(family: Family, args: argparse.Namespace) -> Model:
    """The variant that the flags ask for: --variant, else the one that --ckpt was exported from, else the default."""
    asked = getattr(args, "variant", None)
    if asked is None and getattr(args, "ckpt", None) is not None:
        asked = _exported_variant(family, args.ckpt)
    return family.variant(asked)


def _exported_variant(family: Family, ckpt: Path) -> str | None:
    """The variant that the manifest beside `ckpt`, or `ckpt` itself, names; None where there is none that helps."""
    for path in sorted(ckpt.parent.glob("*.export.json")):
        said = read_json(path)
        try:
            names = {path.name, *(entry["name"] for entry in said["files"].values())}
            if ckpt.name in names and said["model"] == family.id and said["variant"] in family.variants:
                return str(said["variant"])
        except (KeyError, TypeError, AttributeError):
            continue
    return None


def setting_of(family: Family, args: argparse.Namespace, **changes: Any) -> Setting:
    """The setting that the flags ask for; `changes` are fields that a command decides itself."""
    given = {name: getattr(args, name) for name in _FIELDS if hasattr(args, name)}
    writing = {name: getattr(args, name) for name in _WRITING if getattr(args, name, None) is not None}
    return Setting(model_of(family, args), **({"writing": writing} | given | changes))
