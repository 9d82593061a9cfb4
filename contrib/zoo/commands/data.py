"""`zoo data list|fetch|where NAME`: the public data sets that figures are measured on."""

from __future__ import annotations

import argparse

from zoo import catalogue
from zoo.commands import console
from zoo.data import ReferenceData
from zoo.errors import ZooError
from zoo.references import files_of, place_of, reference_folder


def main(argv: list[str] | None = None) -> int:
    """List, fetch, or tell the place of a reference data set."""
    parser = argparse.ArgumentParser(prog="zoo data", description="Public data that published figures are measured on.")
    parser.add_argument("action", choices=("list", "fetch", "where"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="of data sets, as zoo data list has them")
    parser.add_argument("--accept-terms", action="store_true", help="accept the terms of the data sets that have any")
    return console.run(_data, parser.parse_args(argv))


def _data(args: argparse.Namespace) -> int:
    known = references()
    if args.action == "list":
        if args.names:
            raise ZooError("zoo data list takes no names; it lists all data sets")
        rows = [_row(data, users) for data, users in known.values()]
        columns = ("name", "what it is", ">samples", ">MB", "here", "licence; terms", "for")
        console.table("reference data", columns, rows)
        return console.OK
    if not args.names:
        raise ZooError(f"zoo data {args.action} NAME; the names are: {', '.join(known)}")
    for name in args.names:
        if name not in known:
            raise ZooError(f"there is no reference data called '{name}'; there are: {', '.join(known)}")
    for name in args.names:
        data = known[name][0]
        print(reference_folder(data, args.accept_terms) if args.action == "fetch" else place_of(data))
    return console.OK


def references() -> dict[str, tuple[ReferenceData, list[str]]]:
    """Every data set that a model names, by its name, and the models that name it."""
    found: dict[str, tuple[ReferenceData, list[str]]] = {}
    for model in catalogue.described():
        if model.reference is not None:
            users = found.setdefault(model.reference.name, (model.reference, []))[1]
            if model.id not in users:
                users.append(model.id)
    return dict(sorted(found.items()))


def _row(data: ReferenceData, users: list[str]) -> tuple[str, ...]:
    megabytes = sum(remote.size or 0 for _, remote in files_of(data)) / 1e6
    title = data.title + (f" ({data.rule})" if data.rule else "")
    licence = data.licence + (f"; {data.terms}" if data.terms else "")
    here = "yes" if place_of(data).is_dir() else "no"
    return data.name, title, str(data.count), f"{megabytes:.1f}", here, licence, ", ".join(users)
