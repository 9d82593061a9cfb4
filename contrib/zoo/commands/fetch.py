"""`zoo fetch MODEL… | --all`: weights and reference data ahead of their use, into the cache or into a mirror."""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo import catalogue
from zoo.ahead import Wanted, fill_cache, fill_mirror, wanted
from zoo.commands import console
from zoo.errors import ZooError
from zoo.fetching.mirror import VARIABLE
from zoo_core.errors import ZooCoreError

_MANY = "{id} has {count} variants; name those to fetch: {id}/NAME"


def main(argv: list[str] | None = None) -> int:
    """Fetch what the named variants need; whatever cannot be had is said at the end, and makes the exit code 2."""
    parser = argparse.ArgumentParser(
        prog="zoo fetch", description="Fetch published weights and reference data, so that later jobs need no network."
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help="domain/name (all its variants), or a variant")
    parser.add_argument("--all", action="store_true", help="every model but those of whole libraries")
    parser.add_argument("--mirror", type=Path, help=f"write a folder for {VARIABLE} instead of filling the cache")
    parser.add_argument("--accept-terms", action="store_true", help="accept the terms of the data sets that have any")
    parser.add_argument("--trust", action="store_true", help="take weights too whose source states no digest")
    return console.run(_fetch, parser.parse_args(argv))


def _fetch(args: argparse.Namespace) -> int:
    if bool(args.models) == args.all:
        raise ZooError("give one or more models, or --all")
    if args.mirror and args.trust:
        raise ZooError("a mirror holds what can be verified only; leave out --trust or --mirror")
    items = wanted(catalogue.described() if args.all else catalogue.named(args.models, _MANY))
    if not items:
        raise ZooError(f"nothing is to be fetched: {', '.join(args.models)} has no published weights or reference data")
    unknown = sum(item.megabytes is None for item in items)
    more = f" and {unknown} of unknown size" if unknown else ""
    print(f"{len(items)} to have: {sum(item.megabytes or 0 for item in items):.1f} MB{more}", flush=True)
    failed = []
    for number, item in enumerate(items, start=1):
        size = "size unknown" if item.megabytes is None else f"{item.megabytes:.1f} MB"
        print(f"[{number}/{len(items)}] {item.name} ({size})", flush=True)
        try:
            _one(item, args)
        except ZooCoreError as error:
            failed.append(f"{item.name}: {error}")
    if failed:
        raise ZooError("\n".join([f"{len(failed)} of {len(items)} could not be had:", *failed]))
    print(f"written; {VARIABLE}={args.mirror.absolute()} uses it" if args.mirror else "all of it is in the cache")
    return console.OK


def _one(item: Wanted, args: argparse.Namespace) -> None:
    if args.mirror:
        fill_mirror(item, args.mirror, args.accept_terms)
    else:
        fill_cache(item, args.accept_terms, args.trust)
