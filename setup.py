"""What pyproject.toml cannot say: one package, in which contrib lies as it is, models and their data included."""

from pathlib import Path

from setuptools import setup

PACKAGE = "teco_modelzoo"
folders = [Path("contrib"), *(path for path in sorted(Path("contrib").rglob("*")) if path.is_dir())]
kept = [path for path in folders if "__pycache__" not in path.parts and any(one.is_file() for one in path.iterdir())]

setup(
    packages=[PACKAGE, *(".".join((PACKAGE, *path.parts)) for path in kept)],
    package_dir={PACKAGE: f"package/{PACKAGE}", f"{PACKAGE}.contrib": "contrib"},
    package_data={"": ["*"]},
    exclude_package_data={"": ["*.onnx", "*.onnx.data", "*.export.json", "*.pyc"]},
)
