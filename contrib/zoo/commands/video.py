"""Prediction of the frames of a video or a camera, one after another, in bounded memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any

from utils.datasets.sample import Sample
from utils.video import Frame, VideoWriter, frames, is_camera, video_facts
from zoo.accuracy.choice import choose_target
from zoo.commands.notice import captioned, weights_notice
from zoo.commands.predicting import Bad, Output, Predicted, about, in_order, skipped, tell_skipped
from zoo.errors import ZooError
from zoo.inputs.files import File
from zoo.progress import progress
from zoo.running.engines import open_runner
from zoo.running.network import Runner
from zoo.running.padding import arranged
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.files import atomic_write, json_line

AT_ONCE = 16  # frames in memory, where a batch has no more


def predict_videos(setting: Setting, videos: Sequence[File], output: Output) -> Predicted:
    """Predict every frame, print a line for each, and write what is asked for: JSON, and an annotated video each.

    A camera ends with Ctrl-C, or after the frames that are asked for; what was seen until then is written.

    Raises:
        ZooError: one JSON file is asked for, and there are several videos.
        DataError: PyAV is missing.
    """
    if output.json and len(videos) > 1:
        raise ZooError(f"--json holds the frames of one video, and there are {len(videos)}; run them one by one")
    setting = choose_target(setting)
    done = Predicted(setting, Stages(), 0)
    with open_runner(setting, AT_ONCE) as engine:
        for video in videos:
            _predict(setting, engine, video, output, done)
    if notice := weights_notice(setting):
        print(notice, file=sys.stderr)
    tell_skipped(done.bad)
    return done


def _predict(setting: Setting, engine: Runner, video: File, output: Output, done: Predicted) -> None:
    task, notice, start = setting.task(), weights_notice(setting), time.perf_counter()
    facts, live = video_facts(video.path), is_camera(video.path)
    source = islice(frames(video.path), output.frames)
    bad: list[Bad] = []
    count = 0
    with ExitStack() as stack:
        drawn = _drawn(task, stack, output.save_dir, video)
        writer = stack.enter_context(VideoWriter(drawn, facts.rate)) if drawn else None
        records = _Records(stack, output.json, about(setting, task) | {"video": video.name, "notice": notice})
        found = framewise(setting, task, engine, source, done.stages, bad, 1 if live else AT_ONCE)
        length = min(facts.frames, output.frames or facts.frames)
        with suppress(KeyboardInterrupt) if live else nullcontext():
            for frame, prediction in progress(found, length, "predicting", "frame") if length else found:
                said = task.describe(prediction, setting.topk)
                print(f"{video.name} {frame.seconds:.2f} s: {said}", flush=live)
                named = {"id": f"{video.name}:{frame.number}", "seconds": frame.seconds}
                records.add(named | task.to_json(prediction) | {"said": said})
                if writer:
                    writer.add(captioned(task.draw(frame.picture, prediction), notice))
                count += 1
        if not count:
            raise bad[0][1] if bad else DataError(f"{video.name}: there is no frame in this video.")
        seconds = time.perf_counter() - start
        named_bad = [(Sample(f"{video.name}:{sample.id}", sample.data), error) for sample, error in bad]
        records.end({"skipped": skipped(named_bad), "frames_a_second": count / seconds})
    done.asked += count + len(bad)
    done.bad += named_bad
    print(f"{count} frames in {seconds:.1f} s: {count / seconds:.1f} frames/s", file=sys.stderr)


def framewise(
    setting: Setting,
    task: Task,
    engine: Runner,
    source: Iterator[Frame],
    stages: Stages,
    bad: list[Bad],
    at_once: int = AT_ONCE,
) -> Iterator[tuple[Frame, Any]]:
    """Yield frames with their predictions, in order; no more than a few are in memory.

    Args:
        setting: batch size and so on.
        task: takes pictures.
        engine: runs the network.
        source: the frames.
        stages: times are added to it.
        bad: gets the frames that cannot be used, and the one from which on the source cannot be read.
        at_once: frames that are read ahead, where a batch has no more.
    """
    end = 0
    while some := _some(source, max(at_once, setting.batch_size), bad, end):
        end = some[-1].number + 1
        samples = [Sample(str(frame.number), frame.picture) for frame in some]
        frame_of = {str(frame.number): frame for frame in some}
        batches = predictions(
            task,
            engine,
            arranged(task, samples),
            min(setting.batch_size, len(samples)),
            stages,
            workers=setting.workers,
            on_bad=lambda sample, error: bad.append((sample, error)),
            token_budget=setting.token_budget,
            processes=False,
            timeout=setting.timeout,
        )
        for sample, prediction in in_order(task, samples, batches):
            yield frame_of[sample.id], prediction


def _some(source: Iterator[Frame], count: int, bad: list[Bad], end: int) -> list[Frame]:
    """The next frames; why there are no more, where the source fails, goes to `bad`."""
    some: list[Frame] = []
    try:
        for frame in islice(source, count):
            some.append(frame)
    except DataError as error:
        bad.append((Sample(str(end + len(some)), None), error))
    return some


def _drawn(task: Task, stack: ExitStack, save_dir: Path | None, video: File) -> Path | None:
    """Where the annotated video is written. Raises ZooError where the task draws no pictures, or over the video."""
    if save_dir is None:
        return None
    if task.picture_suffix != ".png":
        raise ZooError(
            f"of a video, --save_dir is for tasks that draw pictures, and this one gives {task.picture_suffix}"
        )
    place = (save_dir / video.drawn).with_suffix(".mp4")
    if place.resolve() == video.path.resolve():
        raise ZooError(f"--save_dir {save_dir} would overwrite {video.path} itself; choose another folder")
    return stack.enter_context(atomic_write(place))


class _Records:
    """A JSON file that is written record by record, so that a long video fits the memory."""

    def __init__(self, stack: ExitStack, path: Path | None, head: dict[str, Any]):
        self._file: IO[str] | None = None
        self._between = "\n"
        if path is not None:
            place = stack.enter_context(atomic_write(path))
            self._file = stack.enter_context(place.open("w", encoding="utf-8"))
            self._file.write(f'{json_line(head)[:-1]}, "predictions": [')

    def add(self, record: dict[str, Any]) -> None:
        if self._file:
            self._file.write(f"{self._between}{json_line(record)}")
            self._between = ",\n"

    def end(self, tail: dict[str, Any]) -> None:
        if self._file:
            self._file.write(f"],\n{json_line(tail)[1:]}\n")
