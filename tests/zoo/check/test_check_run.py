"""The functional check: what passes, what fails, what is ended, and what a killed check leaves behind."""

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import psutil
import pytest

from zoo.contributing.check import carriers, command, workspace
from zoo_core.hashing import facts_digest

CONTRIB = Path(__file__).resolve().parents[3] / "contrib"


def check(repository: Any, *words: str) -> int:
    which = words if {"--all", "--case", "--model"} & set(words) else ("--all", *words)
    return command.main([*which, "--root", str(repository.root)])


def state(repository: Any) -> Any:
    return json.loads((repository.output / "fake/result.json").read_text())


def test_a_sound_model_passes(repository: Any, capfd: Any, tmp_path: Path) -> None:
    repository.write("fake_dyn.onnx", "left over from before")
    assert check(repository, "--json", str(tmp_path / "f.json"), "--junit", str(tmp_path / "f.xml")) == 0
    result = json.loads((tmp_path / "f.json").read_text())
    assert result["passed"] is True
    assert result["versions"]["python"]
    (case,) = result["cases"]
    assert [(step["name"], step["state"]) for step in case["steps"]] == [
        (name, "passed") for name in ("export", "valid", "single", "multi")
    ]
    assert case["steps"][1]["metric"] == 0.75
    log = (repository.output / "fake/valid.log").read_text()
    assert "flags --ckpt fake_dyn.onnx --batch_size 4 --data_path demos --target onnx --dtype float32" in log
    assert {test.get("name") for test in ET.parse(tmp_path / "f.xml").iter("testcase")} == {
        "structure", "export", "valid", "single", "multi",
    }  # fmt: skip
    assert (repository.model / "fake_dyn.onnx").read_text() == "left over from before"


BROKEN = {
    "an exit code": ("example_valid.py", "print('why'); raise SystemExit(3)", "valid", "exit code 3"),
    "no file": ("export_onnx.py", "print('done')", "export", "did not write fake_dyn.onnx"),
    "an empty file": ("export_onnx.py", "open('fake_dyn.onnx', 'w')", "export", "did not write fake_dyn.onnx"),
    "no metric": ("example_valid.py", "print('accuracy 1')", "valid", "no line 'eval_metric <number>'"),
    "a metric that is no number": ("example_valid.py", "print('eval_metric good')", "valid", "no line 'eval_metric"),
    "NaN": ("example_valid.py", "print('eval_metric nan')", "valid", "its metric is nan"),
    "silence": ("example_multi_batch.py", "", "multi", "it printed nothing"),
    "an exception": ("example_single_batch.py", "print(1 / 0)", "single", "exit code 1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_step_that_has_not_passed(repository: Any, capfd: Any, name: str) -> None:
    script, code, step, reason = BROKEN[name]
    repository.write(script, code)
    assert check(repository, "--only", "functional") == 1
    failed = [one for one in state(repository)["steps"] if one["state"] == "failed"]
    assert [one["name"] for one in failed] == [step]
    assert reason in failed[0]["reason"]
    out = capfd.readouterr().out
    assert f"fake: {step}: {failed[0]['reason']}" in out
    assert f"repeat: cd {repository.output}/fake/work/contrib/example/classification/fake && python {script}" in out
    if name == "an exception":
        assert "ZeroDivisionError" in out
    if step == "export":
        assert {one["state"] for one in state(repository)["steps"][1:]} == {"skipped"}


def test_flags_reach_the_script_word_by_word(repository: Any) -> None:
    others = "others: {topk: 5, name: 'two words', fast: true, scale: 0.5}"
    text = repository.config.read_text().replace("dtype: float32}", f"dtype: float32, {others}}}", 1)
    repository.config.write_text(text)
    repository.write("example_valid.py", "import sys\nprint(sys.argv[11:])\nprint('eval_metric 1')\n")
    assert check(repository, "--only", "functional") == 0
    log = (repository.output / "fake/valid.log").read_text()
    assert str(["--topk", "5", "--name", "two words", "--fast", "True", "--scale", "0.5"]) in log


WILD = """- case_name: FakeNet_onnx
  run_dir: TecoInference/contrib/classification/FakeNet
  run_export:
    run_file: export_onnx.py
    params:
  run_example_valid:
    run_file: example_valid.py
    params:
      ckpt: fake_dyn.onnx
      batch_size: 4
      data_path: /mnt/data/val
      target: onnx
      dtype: float16
      others:
        input_name: fakenet
        skip_postprocess: False
  run_example_single:
    run_file: example_single_batch.py
    params:
      ckpt: fake_dyn.onnx
      batch_size: 1
      data_path: images/a.txt
      target: onnx
      dtype: float32
      others:
  run_example_multi:
    run_file: example_multi_batch.py
    params:
      ckpt: fake_dyn.onnx
      batch_size: 1
      data_path: ./images
      target: onnx
      dtype: float32
"""


def test_a_case_in_upstreams_form(repository: Any) -> None:
    """Their prefix, no example/ in the folder, capitals, images/, keys with nothing behind them, a named metric."""
    (repository.model / "demos").rename(repository.model / "images")
    repository.write("example_valid.py", "import sys\nprint(sys.argv[1:])\nprint('eval_metric mAP@0.5 0.413')\n")
    repository.model.rename(repository.model.with_name("FakeNet"))
    repository.config.write_text(WILD)
    assert check(repository, "--case", "FakeNet_onnx") == 0
    result = json.loads((repository.output / "FakeNet_onnx/result.json").read_text())
    assert [step["state"] for step in result["steps"]] == ["passed"] * 4
    assert result["steps"][1]["metric"] == 0.413
    log = (repository.output / "FakeNet_onnx/valid.log").read_text()
    assert str(["--input_name", "fakenet", "--skip_postprocess", "False"])[1:-1] in log


FAMILY = '''
import os, subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
children = [subprocess.Popen(sleeper), subprocess.Popen(sleeper, start_new_session=True)]
stubborn = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('ready', flush=True)
time.sleep(600)
"""
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
child.stdout.readline()
with open("pids.tmp", "w") as file:
    file.write(" ".join(str(one.pid) for one in [*children, child]))
os.rename("pids.tmp", "pids.txt")
print("eval_metric 1", flush=True)
'''


def family(repository: Any) -> list[int]:
    """The processes that the model's export started, once it has started them."""
    path = repository.output / "fake/work/contrib/example/classification/fake/pids.txt"
    for _ in range(600):
        if path.is_file():
            return [int(word) for word in path.read_text().split()]
        time.sleep(0.05)
    pytest.fail(f"{path} never came")


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("hanging", [True, False])
def test_a_step_ends_with_all_its_children(repository: Any, hanging: bool) -> None:
    """At its timeout, and also when it ends well and leaves children behind."""
    repository.write("example_valid.py", FAMILY + ("time.sleep(600)" if hanging else ""))
    repository.config.write_text(repository.config.read_text().replace("timeout: 60", "timeout: 5"))
    assert check(repository, "--only", "functional") == (1 if hanging else 0)
    assert alive(family(repository)) == []
    valid = state(repository)["steps"][1]
    assert valid["reason"] == ("ended at its timeout of 5 s" if hanging else "")


def start(repository: Any, *words: str) -> "subprocess.Popen[bytes]":
    """The check in a process of its own, so that it can be killed."""
    environ = {**os.environ, "PYTHONPATH": str(CONTRIB)}
    command = [sys.executable, "-m", "zoo", "check", "--all", "--root", str(repository.root), *words]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_the_end_of(pids: list[int]) -> None:
    for _ in range(600):
        if not alive(pids):
            return
        time.sleep(0.05)
    pytest.fail(f"still running: {alive(pids)}")


SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
COUNTING = """
from pathlib import Path
Path("fake_dyn.onnx").write_text("network")
with open({counter!r}, "a") as file:
    file.write("export\\n")
"""


def test_a_check_that_is_killed_leaves_no_step_running(repository: Any) -> None:
    repository.write("example_valid.py", FAMILY + "time.sleep(600)")
    with start(repository, "--only", "functional") as killed:
        pids = family(repository)
        killed.send_signal(signal.SIGKILL)
    wait_for_the_end_of(pids)
    assert state(repository)["running"], "the state says which step it was"


def test_a_step_that_outlives_even_the_watch_ends_when_the_check_goes_on(repository: Any) -> None:
    """Whoever carries the token that the state names is ended, by whomever it was left."""
    token = carriers.new_token()
    assert check(repository, "--only", "functional") == 0
    path = repository.output / "fake/result.json"
    said = json.loads(path.read_text())
    said |= {"running": token, "steps": said["steps"][:1]}
    del said["digest"]
    path.write_text(json.dumps(said | {"digest": facts_digest(said)}))
    with subprocess.Popen(SLEEPER, env={**os.environ, carriers.TOKEN: token}, stdout=subprocess.PIPE) as left:
        assert left.stdout is not None
        left.stdout.readline()
        assert check(repository, "--only", "functional", "--resume") == 0
        assert left.wait(30) == -signal.SIGKILL


def test_a_killed_check_goes_on_where_it_was(repository: Any, tmp_path: Path, capfd: Any) -> None:
    counter = tmp_path / "counter"
    go = tmp_path / "go"
    repository.write("export_onnx.py", COUNTING.format(counter=str(counter)))
    hang = (
        f"from pathlib import Path\nif Path({str(go)!r}).exists():\n    print('eval_metric 1')\n    raise SystemExit\n"
    )
    repository.write("example_valid.py", hang + FAMILY + "time.sleep(600)")
    with start(repository, "--only", "functional") as killed:
        pids = family(repository)
        killed.send_signal(signal.SIGKILL)
    go.touch()
    wait_for_the_end_of(pids)
    assert check(repository, "--only", "functional", "--resume") == 0
    assert counter.read_text() == "export\n", "the export had passed, and was not run again"
    assert [step["state"] for step in state(repository)["steps"]] == ["passed"] * 4
    assert "fake: export passed before" in capfd.readouterr().out


def test_what_a_library_adds_to_the_path_is_no_other_environment(
    repository: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """setuptools, once it is imported, puts packages of its own there."""
    before = workspace.shared_print(repository.root)
    (tmp_path / "brought-1.0.dist-info").mkdir()
    (tmp_path / "brought-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert importlib.metadata.version("brought") == "1.0"
    assert workspace.shared_print(repository.root) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_leaves_no_process(repository: Any, number: int) -> None:
    repository.write("example_valid.py", FAMILY + "time.sleep(600)")
    with start(repository, "--only", "functional") as stopped:
        pids = family(repository)
        stopped.send_signal(number)
        assert stopped.wait(30) == 130
    assert alive(pids) == []


def test_a_damaged_state_is_no_state(repository: Any, tmp_path: Path) -> None:
    """Nor is one that somebody has edited: the steps that it says have passed are run again."""
    counter = tmp_path / "counter"
    repository.write("export_onnx.py", COUNTING.format(counter=str(counter)))
    assert check(repository, "--only", "functional") == 0
    path = repository.output / "fake/result.json"
    whole = path.read_text()
    assert "metric" in whole
    damages = ['{"steps": 3', "[]", "null", whole.replace('"passed"', '"Passed"'), whole.replace("fake", "other")]
    for count, damage in enumerate(damages, 2):
        path.write_text(damage)
        assert check(repository, "--only", "functional", "--resume") == 0
        assert counter.read_text() == "export\n" * count


def test_two_checks_of_one_case_at_once(repository: Any, capfd: Any) -> None:
    repository.write("example_valid.py", FAMILY + "time.sleep(600)")
    with start(repository, "--only", "functional") as first:
        family(repository)
        assert check(repository, "--only", "functional") == 2
        assert "is being checked by another process" in capfd.readouterr().err
        first.send_signal(signal.SIGTERM)


def test_cases_run_side_by_side(repository: Any) -> None:
    """Each of two cases waits for the other one's sign: alone, neither would end."""
    text = repository.config.read_text()
    repository.config.write_text(text + text.replace("case_name: fake", "case_name: other"))
    meet = """
import time
from pathlib import Path
here = Path.cwd()
check = here.parents[5]
(check / (here.parents[4].name + ".here")).touch()
while len(list(check.glob("*.here"))) < 2:
    time.sleep(0.02)
print("eval_metric 1")
"""
    repository.write("example_valid.py", meet)
    assert check(repository, "--only", "functional", "--jobs", "2") == 0


def test_asking_for_what_is_not_there(repository: Any, capfd: Any) -> None:
    assert check(repository, "--case", "nothing") == 2
    assert "there is no case 'nothing'; there are: fake" in capfd.readouterr().err
    assert check(repository, "--model", "detection/nothing") == 2
    assert "there are: classification/fake" in capfd.readouterr().err


def test_a_token_reaches_only_its_carriers() -> None:
    environ = {**os.environ, carriers.TOKEN: "one"}
    with subprocess.Popen(SLEEPER, env=environ, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert carriers.end("another") == 0
        assert carriers.end("on") == 0, "a token is not the beginning of a word"
        assert carriers.end("one") == 1
        assert child.wait(30) == -signal.SIGKILL


def test_a_real_model_passes_whole(tmp_path: Path, capfd: Any) -> None:
    words = ["--model", "classification/lenet", "--output", str(tmp_path), "--json", str(tmp_path / "found.json")]
    assert command.main(words) == 0, capfd.readouterr().out
    (case,) = json.loads((tmp_path / "found.json").read_text())["cases"]
    assert case["findings"] == []
    assert case["steps"][1]["metric"] > 0.98, "the sample weights, on digits that training never saw"
