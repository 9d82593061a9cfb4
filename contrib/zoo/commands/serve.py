"""`zoo serve MODEL`: the network behind HTTP, on Ray Serve."""

from __future__ import annotations

import argparse

from engine.options import model_file
from zoo.accuracy.choice import choose_target
from zoo.commands import console, flags
from zoo.commands.notice import weights_notice
from zoo.commands.predict import asked
from zoo.errors import ZooError
from zoo.family import Family
from zoo.running.setting import Setting
from zoo.serving.limits import Limits
from zoo_core.interrupts import terminable
from zoo_core.numbers import is_whole

LOOPBACK = "127.0.0.1"
_MIB = 1 << 20


def main(family: Family, argv: list[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    return console.run(lambda args: _serve(family, args), parser(family).parse_args(argv))


def parser(family: Family) -> argparse.ArgumentParser:
    """The flags of zoo serve."""
    made = argparse.ArgumentParser(
        prog=f"zoo serve {family.id}",
        description="Answer HTTP: files and texts at /predict, tensors by the open inference protocol at /v2. "
        "doc/Serving.md says more.",
    )
    flags.add_shared_flags(made, batch_size=16)
    flags.add_token_budget(made, family)
    flags.add_writing_flags(made, family)
    if words_help := family.variant().task.words_help:
        made.add_argument("--text", action="append", help=f"{words_help}; give it several times")
    made.add_argument("--host", default=LOOPBACK, help=f"address to listen at (default {LOOPBACK}: this machine only)")
    made.add_argument("--port", type=port, default=8000, help="port to listen at; 0: any (default 8000)")
    made.add_argument("--replicas", type=flags.positive, default=1, help="copies of the network (default 1)")
    made.add_argument(
        "--max_wait", type=_milliseconds, default=5.0, metavar="MS",
        help="how long a request waits for others to share its batch (default 5 ms)",
    )  # fmt: skip
    made.add_argument(
        "--queue", type=flags.positive,
        help="requests under way at most; others are refused (default 4 batches a replica)",
    )  # fmt: skip
    made.add_argument("--max_body", type=flags.positive, default=16, metavar="MIB", help="of a request (default 16)")
    made.add_argument(
        "--max_held", type=flags.positive, default=512, metavar="MIB", help="of all requests under way (default 512)"
    )
    made.add_argument(
        "--max_seconds", type=flags.positive, default=60, metavar="SECONDS", help="of a request (default 60)"
    )
    return made


def port(text: str) -> int:
    """A number of a port; 0 stands for any."""
    if not is_whole(text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a number from 0 to 65535, got {text!r}")
    return int(text)


def _milliseconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 60_000:
        raise argparse.ArgumentTypeError(f"milliseconds from 0 to 60000, got {text!r}")
    return value


def _limits(args: argparse.Namespace) -> Limits:
    if args.max_held < args.max_body:
        raise ZooError(f"--max_held {args.max_held} is less than one request, --max_body {args.max_body}")
    return Limits(
        batch_size=args.batch_size,
        wait=args.max_wait / 1000,
        queue=args.queue or 4 * args.batch_size * args.replicas,
        body=args.max_body * _MIB,
        held=args.max_held * _MIB,
        seconds=args.max_seconds,
        replicas=args.replicas,
    )


def _serve(family: Family, args: argparse.Namespace) -> int:
    from zoo.serving.app import Service, application
    from zoo.serving.on_ray import replicas
    from zoo.serving.server import answer, listening

    limits = _limits(args)
    setting = asked(_setting(family, args), getattr(args, "text", None) or [])
    listener = listening(args.host, args.port)
    with listener, replicas(setting, getattr(args, "text", None) or [], weights_notice(setting), limits) as running:
        service = Service(running.run, running.described, limits, running.count)
        host, number = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        print(f"{setting.model.id} ({setting.model.variant}) answers at http://{shown}:{number}", flush=True)
        with terminable():
            answer(application(service), listener)
    return console.OK


def _setting(family: Family, args: argparse.Namespace) -> Setting:
    """Of the network; --replicas are copies here, and not what one batch is shared among."""
    if "," in args.target:
        raise ZooError(f"zoo serve opens one target, got '{args.target}'")
    if args.skip_postprocess or args.data_path is not None:
        raise ZooError("--data_path and --skip_postprocess are for files that are there; requests bring their own")
    setting = choose_target(flags.setting_of(family, args, replicas=None))
    for file in setting.files():
        model_file(file)
    return setting
