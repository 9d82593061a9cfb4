"""Jobs on the workers of a cluster: what a worker was doing when it ended is done by another one, and counts once."""

from __future__ import annotations

import heapq
import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from utils.notices import notice
from zoo.errors import CheckFailedError, ZooError
from zoo_core.errors import DataError, ZooCoreError
from zoo_core.interrupts import check, stepwise

from .cluster import Cluster, Place, why_ended
from .worker import Opening, Reply, Worker

MOST_ENDS = 3  # of workers, over one job or at one place, before it is the job's or the place's own fault
_LOOK_SECONDS = 0.2
STAFF_SECONDS = 2.0  # between two looks for nodes that are new, or back
_PATIENCE_SECONDS = 60.0  # without any worker, or any that gets the cores it asks for
_PROOF = -1  # instead of the number of a job
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """What came of one job: its number, what it returned, and where."""

    number: int
    value: Any
    place: Place


@dataclass(eq=False)
class _Hand:
    """A worker, what it is doing (a number of a job; None: it begins, _PROOF), and the reference of the reply.

    kept: what it has done before it was proved, where it has to be.
    """

    place: Place
    actor: Any
    reply: Any
    job: int | None = None
    begun: bool = False
    idle: bool = False
    proved: bool = False
    kept: list[Done] = field(default_factory=list)


@dataclass
class Pool:
    """Workers on a cluster.

    Args:
        cluster: where.
        opening: what each worker begins with; a function that can be imported.
        argument: is given to it.
        accept: told what a worker has found (its place and facts) before it gets a job; may raise ZooError.
        named: what a job is called for people, by its number.
        proof: gives a job that a worker has to have done before anything counts that it did; None while there is none
            yet. Without it, all counts at once.
        ended: what became of workers that ended too early, a line each.
    """

    cluster: Cluster
    opening: Opening
    argument: Any
    accept: Callable[[Place, Any], None] = lambda place, facts: None
    named: Callable[[int], str] = lambda number: f"job {number}"
    proof: Callable[[], Any | None] | None = None
    ended: list[str] = field(default_factory=list)

    @contextmanager
    def early(self) -> Iterator[None]:
        """Ask for a worker at every place now: they begin while the block finds out what they are to do."""
        self._hands = list[_Hand]()
        try:
            for place in self.cluster.require_places():
                self._hands.append(self._hand(place))
            yield
        finally:
            self._kill_all()

    def each(self, items: Sequence[Any], order: Sequence[int] | None = None) -> Generator[Done, None, None]:
        """Do every job; what is done is given as it comes. Closing it ends the workers.

        A job whose data are bad ends everything, when those before it have been done: as on one machine, it is the
        first one that is named.

        Args:
            items: what the jobs are given.
            order: the numbers of those that are to be done; all by default.

        Raises:
            ZooCoreError: what a job raised.
            CheckFailedError: a job's worker ended three times, or no worker is left.
        """
        # Ray's own waiting would turn a Ctrl-C into an error of the interpreter's: it is raised between two steps
        yield from stepwise(self._each(items, order))

    def _each(self, items: Sequence[Any], order: Sequence[int] | None) -> Generator[Done, None, None]:
        self._items = items
        self._hands = getattr(self, "_hands", [])
        self._waiting = sorted(range(len(items)) if order is None else order)
        self._ends: Counter[Any] = Counter()
        self._fault: tuple[int, Exception] | None = None
        self._said: set[tuple[str, int, str]] = set()
        self._staffed = self._heard = time.monotonic()
        self._several = len({place.node for place in self.cluster.require_places()}) > 1
        try:
            self._staff()
            while self._waiting or self._running() or any(hand.kept for hand in self._hands):
                yield from self._step()
            if self._fault:
                raise self._fault[1]
            self._end_all()
        finally:
            self._kill_all()

    def _kill_all(self) -> None:
        while self._hands:
            self.cluster.ray.kill(self._hands.pop().actor)

    def _running(self) -> list[_Hand]:
        return [hand for hand in self._hands if hand.job is not None]

    def _step(self) -> Generator[Done, None, None]:
        """Give idle workers a job, and take what has come."""
        for hand in self._hands:
            if hand.idle:
                self._give(hand)
        busy = {hand.reply: hand for hand in self._hands if not hand.idle}
        if busy:
            ready, _ = self.cluster.ray.wait(list(busy), num_returns=1, timeout=_LOOK_SECONDS)
        else:
            ready = []
            time.sleep(_LOOK_SECONDS)
        check()
        for reference in ready:
            self._heard = time.monotonic()
            yield from self._take(busy[reference])
        if time.monotonic() - self._staffed > STAFF_SECONDS:
            self._staff()

    def _give(self, hand: _Hand) -> None:
        """A job for a worker: the proof, where it owes one and there is one, else the next one that waits."""
        item = self.proof() if self.proof and hand.kept else None
        if item is not None:
            hand.job = _PROOF
        elif self._waiting:
            hand.job = heapq.heappop(self._waiting)
            item = self._items[hand.job]
        else:
            return
        hand.idle, hand.reply = False, hand.actor.do.remote(item)

    def _take(self, hand: _Hand) -> Generator[Done, None, None]:
        """What a worker has replied, or that it ended."""
        reply = self._replied(hand)
        if reply is None:
            return
        number, hand.job, hand.idle = hand.job, None, True
        if reply.error is not None:
            self._failed(hand, number, reply.error)
        elif number is None:
            self.accept(hand.place, reply.value)
            hand.begun = True
        else:
            hand.proved |= number == _PROOF or self.proof is None
            if number != _PROOF:
                hand.kept.append(Done(number, reply.value, hand.place))
            while hand.proved and hand.kept:
                yield hand.kept.pop(0)

    def _replied(self, hand: _Hand) -> Reply | None:
        """The reply, whose lines are said here; None where the worker has ended instead."""
        errors = self.cluster.ray.exceptions
        try:
            reply: Reply = self.cluster.ray.get(hand.reply)
        except errors.RayTaskError:
            raise  # a fault of the code, and a traceback, as it would be here
        except errors.RayError as error:
            self._lose(hand, error)
            return None
        for kind, where, text in reply.notices:
            notice(kind, where, text)
        for line in reply.lines:
            if line not in self._said:
                self._said.add(line)
                logging.getLogger(line[0]).log(line[1], line[2])
        return reply

    def _failed(self, hand: _Hand, number: int | None, error: Exception) -> None:
        """Keep a fault of the data for the end, where jobs before it are still to be done; raise every other one."""
        told = _at(hand.place, error) if self._several else error
        if number is None or number == _PROOF or not isinstance(error, DataError):
            raise told from error
        if self._fault is None or number < self._fault[0]:
            self._fault = number, told
        self._waiting = [one for one in self._waiting if one < self._fault[0]]
        heapq.heapify(self._waiting)

    def _lose(self, hand: _Hand, error: Exception) -> None:
        """Forget a worker that ended; its job waits again."""
        self._hands.remove(hand)
        self.cluster.ray.kill(hand.actor)  # where only its connection broke, it must not go on
        why = why_ended(error)
        if "No module named 'zoo" in str(error):
            raise ZooError(
                f"node {hand.place.host} has no zoo to import where this machine has it: put the repository at the "
                'same path on all nodes, or pip install "teco-modelzoo[ray]" there'
            )
        job = None if hand.job == _PROOF else hand.job
        doing = "began" if not hand.begun else "was compared" if job is None else f"did {self.named(job)}"
        self.ended.append(f"the worker on {hand.place} ended while it {doing} ({why})")
        again = [done.number for done in hand.kept] + [one for one in [job] if one is not None]
        _log.warning("%s%s", self.ended[-1], "; it is done again" if again else "")
        for number in again:
            if self._fault is None or number < self._fault[0]:
                heapq.heappush(self._waiting, number)
        key = (hand.place.node, hand.place.number) if job is None else job
        self._ends[key] += 1
        if job is not None and self._ends[job] == MOST_ENDS:
            raise CheckFailedError(
                f"{self.named(job)} ended its worker {MOST_ENDS} times, the last time on {hand.place.host}: {why}"
            )

    def _staff(self) -> None:
        """Workers at every place that has none, and for which there is a job."""
        self._staffed = time.monotonic()
        taken = {(hand.place.node, hand.place.number) for hand in self._hands}
        idle = sum(hand.idle or not hand.begun for hand in self._hands)
        for place in self.cluster.places():
            key = (place.node, place.number)
            if key not in taken and self._ends[key] < MOST_ENDS and idle < len(self._waiting):
                self._hands.append(self._hand(place))
                idle += 1
        if self._staffed - self._heard > _PATIENCE_SECONDS:
            self._say_what_is_missing()

    def _hand(self, place: Place) -> _Hand:
        """A worker at a place, which begins."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        card: dict[str, Any] = {"num_gpus": 1} if place.card == "GPU" else {}
        card = card or ({"resources": {place.card: 1}} if place.card else {})
        made = self.cluster.ray.remote(Worker).options(
            num_cpus=place.cores,
            max_restarts=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
            **card,
        )
        actor = made.remote()
        return _Hand(place, actor, actor.begin.remote(self.opening, self.argument, place))

    def _say_what_is_missing(self) -> None:
        """Nothing has been heard for a while: that is a fault where there is no worker, and worth a line where all wait
        for cores."""
        left = len(self._waiting) + len(self._running())
        if not self._hands:
            raise CheckFailedError(
                f"no node is left that could do the {left} jobs that are to be done: {'; '.join(self.ended[-3:])}"
            )
        if not any(hand.begun for hand in self._hands):
            self._heard = self._staffed
            hosts = ", ".join(sorted({hand.place.host for hand in self._hands}))
            _log.warning("waiting for workers on %s: others are using the cores, or they are slow to begin", hosts)

    def _end_all(self) -> None:
        """Close what the workers have opened. Raises what they then say of it."""
        ending = [(hand, hand.actor.end.remote()) for hand in self._hands if hand.begun]
        for hand, reference in ending:
            hand.reply, hand.job = reference, None
            reply = self._replied(hand)
            if reply is not None and reply.error is not None:
                raise _at(hand.place, reply.error) if self._several else reply.error


def _at(place: Place, error: Exception) -> Exception:
    """The same error, with the node behind what it says, where it does not name it."""
    if isinstance(error, ZooCoreError) and f"node {place.host} " not in str(error):
        try:
            return type(error)(f"{error} (on node {place.host})")
        except TypeError:
            return error
    return error
