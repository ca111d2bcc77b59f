"""Who works through blocks of draws: threads of this process, or the workers of a Dask cluster."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any, Final, Protocol

from gambits.errors import GambitsError


class Workers(Protocol):
    """Something that maps a function over blocks and keeps their order."""

    def map(self, task: Callable[..., Any], blocks: Sequence[Any], *more: Sequence[Any]) -> list[Any]:
        """Give ``task(block, *extras)`` for every block, in order."""
        ...


class Threads:
    """Threads of this process: numpy lets go of the interpreter while it computes."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or os.cpu_count() or 1
        self._pool: ThreadPoolExecutor | None = None

    def map(self, task: Callable[..., Any], blocks: Sequence[Any], *more: Sequence[Any]) -> list[Any]:
        """Give ``task(block, *extras)`` for every block, in order."""
        if len(blocks) == 1 or self._count == 1:
            return [task(*each) for each in zip(blocks, *more, strict=True)]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="gambits")
        return list(self._pool.map(task, blocks, *more))

    def __reduce__(self) -> tuple[type[Threads], tuple[int]]:
        """Be one thread in another process: there are as many of those as processors."""
        return Threads, (1,)


THREADS: Final = Threads()
"""As many threads as there are processors, started when first needed."""

_TRIES: Final = 4
_PATIENCE: Final = 10
"""Seconds to wait for a cluster to answer."""
_LOOKS: Final = 2
"""Looks that find no worker before the cluster counts as lost: a worker that is started again is away for a moment."""


class Cluster:
    """The workers of a Dask cluster: each block is sent once, and its part of every sum comes back.

    A block that is lost with its worker is sent again from here.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client  # an extra, and slow to import
        except ImportError:
            hint = "install it with the extra: pip install 'gambits[cluster]'"
            raise GambitsError("--cluster needs Dask, which is not installed", hint) from None
        # A client that failed to connect closes itself when it is collected. If that falls into the start of another
        # one, the two wait for each other forever: let it be now.
        gc.collect()
        try:
            self._client = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            hint = "check that its scheduler runs (`dask scheduler`), or leave --cluster out"
            raise GambitsError(f"cannot reach the cluster at {address}: {reason}", hint) from None
        self._address = address
        self._sent: dict[int, tuple[Any, Any]] = {}

    def map(self, task: Callable[..., Any], blocks: Sequence[Any], *more: Sequence[Any]) -> list[Any]:
        """Give ``task(block, *extras)`` for every block, in order.

        Raises
        ------
        GambitsError
            If the scheduler is gone, no worker is left, or blocks are lost with their workers again and again.
        """
        results: dict[int, Any] = {}
        for _ in range(_TRIES):
            waiting = [k for k in range(len(blocks)) if k not in results]
            if not waiting:
                break
            running = {k: self._submit(task, blocks[k], *(each[k] for each in more)) for k in waiting}
            for k, future in running.items():
                if (result := self._result(future, blocks[k])) is not None:
                    results[k] = result
        if len(results) < len(blocks):
            hint = "look at its workers' logs, or leave --cluster out"
            raise GambitsError(f"the cluster lost {len(blocks) - len(results)} blocks of draws again and again", hint)
        return [results[k] for k in range(len(blocks))]

    def close(self) -> None:
        """Let go of the cluster."""
        self._client.close()

    def _submit(self, task: Callable[..., Any], block: Any, *extras: Any) -> Any:
        # The block itself is kept beside its future, so that its id stays its own.
        if id(block) not in self._sent:
            self._sent[id(block)] = (block, self._asked(lambda: self._client.scatter(block, hash=False)))
        return self._asked(lambda: self._client.submit(task, self._sent[id(block)][1], *extras, pure=False, retries=1))

    def _result(self, future: Any, block: Any) -> Any:
        """Wait for a result; None where the block must be sent again."""
        from distributed import KilledWorker

        empty = 0
        while empty < _LOOKS:
            try:
                return future.result(timeout=_PATIENCE)
            except (KilledWorker, CancelledError):
                self._sent.pop(id(block), None)
                return None
            except TimeoutError:
                # A block may take long. Only a cluster without workers, look after look, is waited for in vain.
                empty = 0 if self._asked(self._client.nthreads) else empty + 1
            except OSError as error:
                raise self._lost(error) from None
        raise self._lost("it has no workers left")

    def _asked(self, question: Callable[[], Any]) -> Any:
        """Ask the cluster for something, and say so where it is gone."""
        try:
            return question()
        except OSError as error:
            raise self._lost(error) from None

    def _lost(self, reason: object) -> GambitsError:
        told = str(reason).splitlines()[0] if str(reason) else type(reason).__name__
        hint = "check its scheduler and its workers, or leave --cluster out"
        return GambitsError(f"lost the cluster at {self._address}: {told}", hint)
