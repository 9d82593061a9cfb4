"""How a node comes by the samples of a job, and that it has the data of the machine that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from utils.datasets.sample import Sample
from zoo.accuracy.content import data_digest
from zoo.accuracy.unchanged import unchanged
from zoo.accuracy.valid import samples_digest, samples_of
from zoo.errors import ZooError
from zoo.running.padding import arranged
from zoo.running.setting import Setting
from zoo.task import Task

from .carried import Beside, Carried, Unpacking
from .source import Own

_Of = Callable[[Carried | Own | Beside], AbstractContextManager[Sequence[Sample]]]


@contextmanager
def reading(setting: Setting, task: Task, folder: Path, host: str) -> Iterator[_Of]:
    """What gives a context with the samples of a job, on a node; of `Beside`, none.

    Args:
        setting, task: of the validation.
        folder: the data set here.
        host: this node, for people.

    Raises (when a job's context is entered, and at its end and this one's):
        ZooError: the node has other data; the message names it, and the file where it is one.
        CheckFailedError: the data changed meanwhile.
    """
    carried = Unpacking(folder, host)
    own: list[Sequence[Sample]] = []
    with ExitStack() as stack:

        @contextmanager
        def samples_of_job(job: Carried | Own | Beside) -> Iterator[Sequence[Sample]]:
            if isinstance(job, Beside):
                carried.compare(job)
                yield ()
                return
            if isinstance(job, Carried):
                with carried.samples(job) as samples:
                    yield samples
                return
            if not own:
                stack.enter_context(unchanged(folder))
                own.append(_read(setting, task, folder, job, host))
            yield own[0] if job.shard is None else own[0][job.shard.start : job.shard.end]

        yield samples_of_job
        carried.close()


def _read(setting: Setting, task: Task, folder: Path, job: Own, host: str) -> Sequence[Sample]:
    """All samples, where they and the data set are those that the job is of."""
    samples = arranged(task, samples_of(setting, task, task.dataset(folder), 0, 1))
    for what, here, there in (
        ("another data set (its content)", data_digest(folder), job.data),
        ("other samples in the data set", samples_digest(sample.id for sample in samples), job.samples),
    ):
        if here != there:
            raise ZooError(
                f"node {host} has {what} at {folder}, so that its counts would be of something else; make it the same "
                "as here on every node, and begin again"
            )
    return samples
