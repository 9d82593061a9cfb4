"""model_config/README.md, made from the schema.

`python -m zoo.contributing.check.document > model_config/README.md` writes it.
"""

from __future__ import annotations

from typing import Any

from zoo.contributing.check.schema import Case, Export, Multi, Params, Single, Strict, Valid, ValidParams


def document() -> str:
    """model_config/README.md: every field, from the schema."""
    lines = [
        "# model.yaml",
        "",
        "What CI runs for each model: a list of cases. `zoo check` reads it, and refuses a file that has any other",
        "field, a YAML tag, an anchor, or a path that leaves the repository; the error names line and field. This page",
        "is made from the schema with `python -m zoo.contributing.check.document > model_config/README.md`.",
        "",
        "The runner copies `run_dir`, changes into the copy and runs, in this order and without a shell,",
        "`python RUN_FILE` with one `--flag value` for each flag: export, validation, single file, folder.",
        "",
        "Where the folder has a `model.py` with a MODEL, two lines are a whole case:",
        "",
        "```yaml",
        "- case_name: classification_lenet",
        "  run_dir: contrib/example/classification/lenet",
        "```",
        "",
        "The rest is taken from the model: its scripts, the variant's files, its sample, its demos. Validation runs",
        "the dynamic file over `sample` in batches of 16, the single sample is the first demo in float32, the folder",
        "is that of the demos in batches of 4, from the float16 file. Whatever a case says is taken as it stands, so",
        "that files in the adaptation guide's full form work too; a folder without such a `model.py` needs that form.",
    ]
    sections: list[tuple[str, type[Strict]]] = [
        ("A case", Case),
        ("run_export", Export),
        ("run_example_valid", Valid),
        ("run_example_single", Single),
        ("run_example_multi", Multi),
        ("params of run_example_valid", ValidParams),
        ("params of run_example_single and run_example_multi", Params),
    ]
    for title, model in sections:
        lines += ["", f"## {title}", "", (model.__doc__ or "").strip(), ""]
        lines += ["| field | required | what it is | example |", "| --- | --- | --- | --- |"]
        for name, field in model.model_fields.items():
            required = "yes" if field.is_required() else f"no{_default(field.default)}"
            example = f"`{field.examples[0]}`" if field.examples else "see below"
            lines.append(f"| `{name}` | {required} | {field.description} | {example} |")
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    return f", {value}" if isinstance(value, (int, str)) else ""


if __name__ == "__main__":
    print(document(), end="")
