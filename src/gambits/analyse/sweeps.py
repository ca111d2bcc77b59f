"""Many searches side by side: one by one at first, and in other processes what is still waiting after a moment.

Most of a search holds the interpreter, so that two threads are hardly faster than one. A process has its own, but takes
a second to start: short sweeps never see one.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor, as_completed
from itertools import count
from typing import Any, Final, TypeVar

from gambits.errors import GambitsError

Item = TypeVar("Item")
Result = TypeVar("Result")

Tell = Callable[[str, int, int], None]
"""Told (of what, how many are done, how many there are) after each search of a sweep."""

HERE = 1.0
"""Seconds after which what has not begun goes to other processes."""
_TURNS: Final = 8
"""Shares that each process is given, one after another: some take longer than others."""
_BASE: Final = 2**28
_TIMES: Final = 6
"""Bytes that a process takes, and how often over it holds what it was sent; 140 MB and 3.5 times were measured."""
_LASTS: Final = 60
"""Seconds for which an idle process waits for another sweep."""

_Answers = tuple[list[Any], list[float]]
"""What a share of the items gave, and what was added to ``loose`` meanwhile, where that is not the caller's own."""


def side_by_side(
    task: Callable[[Item], Result],
    items: Sequence[Item],
    tell: Tell | None = None,
    about: str = "",
    loose: list[float] | None = None,
) -> list[Result]:
    """Give ``task(item)`` for every item, in order; an interrupt or a fault stops what has not begun.

    Parameters
    ----------
    task
        What it leaves behind but its answer is of no use to others.
    items
        What it is done to, small to send.
    tell, about
        Who is told of progress, and of what.
    loose
        The list to which the task notes what is not certified. None keeps everything in this process, in threads.

    Raises
    ------
    GambitsError
        If another process was ended from outside.
    """
    # Before the first begins, while nothing changes what is packed.
    packed = None if loose is None or len(items) <= 1 else _packed((task, loose))
    number = os.cpu_count() if packed is None else 1
    threads = ThreadPoolExecutor(number, thread_name_prefix="gambits-sweep")
    shares: dict[Future[_Answers], list[int]] = {threads.submit(_here, task, item): [k] for k, item in enumerate(items)}
    results: dict[int, Result] = {}

    def take(future: Future[_Answers]) -> None:
        answers, noted = future.result()
        results.update(zip(shares[future], answers, strict=True))
        if loose is not None:
            loose.extend(noted)
        if tell is not None:
            tell(about, len(results), len(items))

    processes = None
    try:
        for future in _in_time(shares, None if packed is None else HERE):
            take(future)
        if packed is not None and len(results) < len(items):
            processes = _processes(len(packed))
            if processes is not None:
                waiting = [each for each in shares if each.cancel()]
                shares |= _sent(processes, packed, [shares.pop(each)[0] for each in waiting], items)
            for future in as_completed([each for each, numbers in shares.items() if numbers[0] not in results]):
                take(future)
    except BrokenExecutor:
        hint = "memory may have run out: use fewer draws, or fewer processes (LOKY_MAX_CPU_COUNT=2)"
        raise GambitsError("a process that searched was ended from outside", hint) from None
    finally:
        if processes is not None and len(results) < len(items):
            processes.shutdown(kill_workers=True)
        threads.shutdown(cancel_futures=True)
    return [results[k] for k in range(len(items))]


def _here(task: Callable[[Item], Result], item: Item) -> _Answers:
    return [task(item)], []


def _in_time(futures: dict[Future[_Answers], list[int]], seconds: float | None) -> Iterator[Future[_Answers]]:
    """Give what is completed, until the time is up."""
    try:
        yield from as_completed(futures, seconds)
    except TimeoutError:
        return


def _packed(what: object) -> bytes:
    from cloudpickle import dumps  # it packs functions within functions, as most tasks are

    return bytes(dumps(what))


def _processes(sent: int) -> Any:
    """Give other processes, as many as there are processors and as memory holds; None if that is one, or none start."""
    import loky  # needed by long sweeps alone

    number = min(int(loky.cpu_count()), _memory() // 2 // (_BASE + _TIMES * sent))
    if number <= 1:
        return None
    try:
        return loky.get_reusable_executor(number, timeout=_LASTS, initializer=_leave_interrupts)
    except (OSError, ImportError, NotImplementedError):
        return None  # a system without semaphores, as some containers are: it takes longer, and that is all


def _memory() -> int:
    """Say how much memory the machine has, bytes; where it does not tell, as much as a small one."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 2**33


_numbers = count()


def _sent(processes: Any, packed: bytes, rest: list[int], items: Sequence[Item]) -> dict[Future[_Answers], list[int]]:
    """Deal the items out: neighbours, which may all take long, go to different shares."""
    number, turns = next(_numbers), min(len(rest), _TURNS * processes._max_workers)
    shares = [rest[k::turns] for k in range(turns)]
    return {processes.submit(_there, number, packed, [items[k] for k in share]): share for share in shares}


_kept: dict[int, tuple[Callable[[Any], Any], list[float]]] = {}
"""In another process: the task at hand, by the number of its sweep."""


def _there(number: int, packed: bytes, items: list[Any]) -> _Answers:
    """Do a share of the items in another process."""
    if number not in _kept:
        _kept.clear()
        _kept[number] = pickle.loads(packed)
    task, loose = _kept[number]
    before = len(loose)
    return [task(item) for item in items], loose[before:]


def _leave_interrupts() -> None:
    """Leave Ctrl-C, which every process of a terminal gets, to the one that waits for the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
