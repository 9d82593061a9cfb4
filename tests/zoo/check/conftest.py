"""A small repository with one model whose scripts need nothing but Python."""

import subprocess
from pathlib import Path

import pytest

README = """# Fake

The licence is BSD-3-Clause.

## 1. Overview
## 2. Quick start
### 2.1 Base environment
### 2.2 Third-party dependencies
### 2.3 Get the ONNX file
### 2.4 Get the data set
### 2.5 Run inference
### 2.6 Verify accuracy
"""

EXPORT = """\"\"\"Writes the file that the other steps need.\"\"\"
from pathlib import Path
Path("fake_dyn.onnx").write_text("network")
"""

VALID = """\"\"\"Prints a metric.\"\"\"
import sys
print("flags", *sys.argv[1:])
print("eval_metric 0.75")
"""

PREDICT = """\"\"\"Prints a prediction.\"\"\"
print("cat")
"""

CASE = """- case_name: fake
  run_dir: contrib/example/classification/fake
  timeout: 60
  run_export: {run_file: export_onnx.py}
  run_example_valid:
    run_file: example_valid.py
    params: {ckpt: fake_dyn.onnx, batch_size: 4, data_path: demos, target: onnx, dtype: float32}
  run_example_single:
    run_file: example_single_batch.py
    params: {ckpt: fake_dyn.onnx, batch_size: 1, data_path: demos/a.txt, target: onnx, dtype: float32}
  run_example_multi:
    run_file: example_multi_batch.py
    params: {ckpt: fake_dyn.onnx, batch_size: 4, data_path: demos, target: onnx, dtype: float32}
"""


class Repository:
    """A folder with model_config/model.yaml and contrib/example/classification/fake."""

    def __init__(self, root: Path):
        self.root = root
        self.model = root / "contrib/example/classification/fake"
        self.config = root / "model_config/model.yaml"
        self.output = root / "runs/check"
        (self.model / "demos").mkdir(parents=True)
        self.config.parent.mkdir()
        self.config.write_text(CASE, encoding="utf-8")
        files = {
            "README.md": README,
            "requirements.txt": "# nothing\n",
            "export_onnx.py": EXPORT,
            "example_valid.py": VALID,
            "example_single_batch.py": PREDICT,
            "example_multi_batch.py": PREDICT,
            "demos/a.txt": "a",
        }
        for name, text in files.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        (self.model / name).write_text(text, encoding="utf-8")

    def shared(self, name: str, text: str = '"""Shared."""\n') -> None:
        """A file of contrib/utils, with an __init__.py in each folder on the way."""
        path = self.root / "contrib/utils" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.root / "contrib/utils", path.parent):
            (folder / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")

    def git(self, *words: str) -> None:
        author = ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(self.root), *author, *words], check=True, capture_output=True)

    def commit(self) -> None:
        """Everything as it is now, on branch main of a new git repository."""
        self.git("init", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-m", "start")
        self.git("checkout", "-b", "work")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")
