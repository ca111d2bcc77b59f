"""Who works through the draws: threads, and the workers of a Dask cluster, with the same answer from all of them."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gambits import pipeline
from gambits.allocate.cuts import Optimum, Watch, allocate
from gambits.allocate.plan import Plan
from gambits.analyse.study import Settings, Study
from gambits.errors import GambitsError
from gambits.forecast import workers
from gambits.forecast.oracle import Values
from gambits.forecast.workers import THREADS, Cluster, Threads, Workers
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.load import load
from gambits.portfolio.model import Portfolio

Array = NDArray[np.float64]

DRAWS = 4000
"""Four blocks."""


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    return load("minimal")


@pytest.fixture(scope="module")
def gambit() -> Gambit:
    return load_gambit("incumbent")


@pytest.fixture(scope="module")
def solve(portfolio: Portfolio, gambit: Gambit) -> Callable[..., Plan]:
    """Give a function that solves the minimal portfolio over four blocks of draws with some workers."""

    def solve(some: Workers, **settings: Any) -> Plan:
        return pipeline.solve(
            portfolio, gambit, Settings(**({"draws": DRAWS, "batches": 0, "workers": some} | settings))
        )

    return solve


def evaluated(portfolio: Portfolio, gambit: Gambit, some: Workers) -> Values:
    """Evaluate one plan over four blocks."""
    seen = Study(portfolio, Settings(workers=some)).forecast(gambit, "1", DRAWS)
    assert len(seen.blocks) == 4
    plan = np.random.default_rng(1).uniform(0, 1, (len(seen.ids), seen.periods))
    return seen.evaluate(plan, plan)


def arrays(values: Values) -> list[Array]:
    parts = [values.by_period, np.array([values.expected, values.tail])]
    return [*parts, *values.expected_slopes, *values.tail_slopes]


def optimum(portfolio: Portfolio, gambit: Gambit, some: Workers, watch: Watch | None = None) -> Optimum:
    """Search over four blocks, and nothing after it."""
    seen = Study(portfolio, Settings(workers=some)).forecast(gambit, "1", DRAWS)
    return allocate(portfolio, gambit, seen, watch=watch)


def assert_same(one: Optimum, other: Optimum) -> None:
    """Two searches went the same way: to 1e-9, in every number of the plan and of its certificate."""
    assert (one.rounds, one.ending) == (other.rounds, other.ending)
    assert one.funded == pytest.approx(other.funded, abs=1e-9)
    assert one.progress == pytest.approx(other.progress, abs=1e-9)
    assert (one.objective, one.bound) == pytest.approx((other.objective, other.bound), abs=1e-9)
    for first, second in zip(arrays(one.values), arrays(other.values), strict=True):
        assert first == pytest.approx(second, abs=1e-9)


# Threads.


@pytest.mark.parametrize("count", [2, 3, 7])
def test_any_number_of_threads_gives_the_same_bits(count: int, portfolio: Portfolio, gambit: Gambit) -> None:
    one = evaluated(portfolio, gambit, Threads(1))
    many = evaluated(portfolio, gambit, Threads(count))

    for first, second in zip(arrays(one), arrays(many), strict=True):
        assert np.array_equal(first, second)


def test_any_number_of_threads_gives_the_same_plan_with_all_that_is_said_of_it(solve: Callable[..., Plan]) -> None:
    plans = [solve(Threads(count), draws=1100, batches=2).to_dict() for count in (1, 2, 3)]

    assert plans[0] == plans[1] == plans[2]


def test_there_are_as_many_threads_as_processors_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert Threads()._count == 5
    assert Threads(2)._count == 2
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert Threads()._count == 1


@pytest.mark.parametrize("some", [Threads(1), Threads(3)])
def test_threads_keep_the_order_and_pair_blocks_with_what_belongs_to_them(some: Threads) -> None:
    assert some.map(pow, range(20), [2] * 20) == [number**2 for number in range(20)]
    assert some.map(abs, [-4]) == [4]


@pytest.mark.parametrize("some", [Threads(1), Threads(3)])
def test_what_goes_wrong_in_a_block_comes_out(some: Threads) -> None:
    with pytest.raises(ZeroDivisionError):
        some.map(divmod, [1, 2, 3], [1, 0, 1])


def test_the_default_is_threads_of_this_process() -> None:
    assert Settings().workers is THREADS


# A cluster that is pretended: what is sent, and how often.


class PretendFuture:
    def __init__(self, outcome: Callable[[], Any], waits: list[BaseException]) -> None:
        self.outcome, self.waits = outcome, waits

    def result(self, timeout: float) -> Any:
        assert timeout == workers._PATIENCE
        if self.waits:
            raise self.waits.pop(0)
        return self.outcome()


class PretendClient:
    """Does the work at once, and loses the blocks that it is told to lose."""

    def __init__(self) -> None:
        self.scattered: list[int] = []
        self.losing: list[BaseException] = []
        self.waits: list[BaseException] = []
        self.threads: list[dict[str, int]] = []
        self.refusal: BaseException | None = None
        self.is_closed = False

    def nthreads(self) -> dict[str, int]:
        return self.threads.pop(0)

    def scatter(self, block: Any, **_: Any) -> Any:
        if self.refusal:
            raise self.refusal
        self.scattered.append(id(block))
        return block

    def submit(self, task: Callable[..., Any], *arguments: Any, **_: Any) -> PretendFuture:
        if self.losing:
            error = self.losing.pop(0)

            def lose() -> Any:
                raise error

            return PretendFuture(lose, self.waits)
        return PretendFuture(lambda: task(*arguments), self.waits)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> PretendClient:
    """Put a pretended client in place of Dask's."""
    found = PretendClient()
    monkeypatch.setattr("distributed.Client", lambda *_, **__: found)
    return found


def killed() -> BaseException:
    from distributed import KilledWorker

    return KilledWorker("task", None, 3)


def test_each_block_is_sent_once_for_the_whole_search(client: PretendClient, solve: Callable[..., Plan]) -> None:
    found = solve(Cluster("tcp://there:1"))

    assert found.rounds > 3
    # Those of the search, and those of the fresh draws.
    assert len(client.scattered) == len(set(client.scattered)) == 8


@pytest.mark.parametrize("losses", [[CancelledError()], [CancelledError(), CancelledError()], "killed"], ids=str)
def test_a_block_that_is_lost_is_sent_again(losses: Any, client: PretendClient) -> None:
    cluster = Cluster("tcp://there:1")
    client.losing = [killed()] if losses == "killed" else list(losses)
    lost = len(client.losing)

    assert cluster.map(pow, [3, 4, 5], [2, 2, 2]) == [9, 16, 25]
    assert len(client.scattered) == 3 + lost
    assert cluster.map(pow, [3, 4, 5], [3, 3, 3]) == [27, 64, 125]
    assert len(client.scattered) == 3 + lost


def test_blocks_that_are_lost_again_and_again_end_in_a_clear_error(client: PretendClient) -> None:
    cluster = Cluster("tcp://there:1")
    client.losing = [CancelledError() for _ in range(8)]

    with pytest.raises(GambitsError, match="the cluster lost 2 blocks of draws again and again") as caught:
        cluster.map(pow, [3, 4], [2, 2])
    assert caught.value.hint == "look at its workers' logs, or leave --cluster out"
    assert caught.value.exit_code == 1


def test_a_block_that_takes_long_is_waited_for_while_there_are_workers(client: PretendClient) -> None:
    cluster = Cluster("tcp://there:1")
    client.waits = [TimeoutError(), TimeoutError(), TimeoutError()]
    client.threads = [{"worker": 1}, {}, {"worker": 1}]

    assert cluster.map(pow, [3], [2]) == [9]
    assert client.threads == []


def lost(cluster: Cluster) -> str:
    with pytest.raises(GambitsError, match=r"lost the cluster at tcp://there:1: ") as caught:
        cluster.map(pow, [3], [2])
    assert caught.value.hint == "check its scheduler and its workers, or leave --cluster out"
    assert caught.value.exit_code == 1
    return str(caught.value)


def test_a_cluster_without_workers_is_not_waited_for_without_end(client: PretendClient) -> None:
    cluster = Cluster("tcp://there:1")
    client.waits = [TimeoutError(), TimeoutError()]
    client.threads = [{}, {}]

    assert "it has no workers left" in lost(cluster)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError("No valid workers found"), "No valid workers"),
        (OSError("gone\nfor good"), "gone"),
        (OSError(), "OSE"),
    ],
    ids=["no workers", "gone", "without words"],
)
def test_a_scheduler_that_is_gone_is_said_so(error: OSError, told: str, client: PretendClient) -> None:
    cluster = Cluster("tcp://there:1")
    client.refusal = error
    assert told in lost(cluster)
    assert "for good" not in lost(cluster)

    client.refusal, client.waits = None, [OSError("connection closed")]
    assert "connection closed" in lost(cluster)


def test_what_goes_wrong_in_a_block_is_not_tried_again(client: PretendClient) -> None:
    cluster = Cluster("tcp://there:1")

    with pytest.raises(ZeroDivisionError):
        cluster.map(divmod, [1], [0])
    assert len(client.scattered) == 1


def test_letting_go_of_the_cluster_closes_the_client(client: PretendClient) -> None:
    Cluster("tcp://there:1").close()

    assert client.is_closed


# No cluster.


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(GambitsError, match="--cluster needs Dask, which is not installed") as caught:
        Cluster("tcp://localhost:8786")
    assert caught.value.hint == "install it with the extra: pip install 'gambits[cluster]'"
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("address", ["nonsense", "elsewhere://host:1", ""])
def test_an_address_that_is_none_is_said_so(address: str) -> None:
    with pytest.raises(GambitsError, match=f"cannot reach the cluster at {address}: ") as caught:
        Cluster(address)
    assert caught.value.exit_code == 1
    assert "check that its scheduler runs (`dask scheduler`), or leave --cluster out" in caught.value.hint


def test_a_cluster_that_does_not_answer_is_said_so_before_anything_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client

    monkeypatch.setattr(workers, "_PATIENCE", 0.5)
    # A client that never found its scheduler waits for it again when it is thrown away.
    monkeypatch.setattr(Client, "__del__", lambda _: None)

    with pytest.raises(GambitsError, match=r"cannot reach the cluster at tcp://127\.0\.0\.1:9: Timed out") as caught:
        Cluster("tcp://127.0.0.1:9")
    assert caught.value.exit_code == 1


# A cluster of processes on this machine.


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """Start a cluster of one process; tests scale it. Stopping it takes as long as starting."""
    from distributed import LocalCluster

    # Port 0: any that is free, for several clusters may run on one machine at a time.
    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, **quiet) as cluster:
        yield cluster


@pytest.fixture
def scaled(local: Any) -> Iterator[Callable[[int], Cluster]]:
    """Give a function that connects to the cluster once it has so many workers."""
    open_ones: list[Cluster] = []

    def scaled(count: int) -> Cluster:
        local.scale(count)
        open_ones.append(Cluster(local.scheduler_address))
        open_ones[0]._client.wait_for_workers(count, timeout=60)
        return open_ones[0]

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    yield scaled
    for each in open_ones:
        each.close()


def pids(cluster: Cluster) -> Sequence[int]:
    return sorted(cluster._client.run(os.getpid).values())


@pytest.mark.parametrize("count", [1, 2])
def test_any_number_of_processes_finds_the_plan_of_threads(
    count: int, scaled: Callable[[int], Cluster], portfolio: Portfolio, gambit: Gambit
) -> None:
    cluster = scaled(count)
    assert len(pids(cluster)) == count

    assert_same(optimum(portfolio, gambit, cluster), optimum(portfolio, gambit, THREADS))


def test_a_worker_that_is_lost_in_the_middle_is_survived(
    scaled: Callable[[int], Cluster], portfolio: Portfolio, gambit: Gambit
) -> None:
    cluster = scaled(2)
    victim, other = pids(cluster)

    def watch(rounds: int, bound: float, best: float) -> None:
        if rounds == 2:
            os.kill(victim, signal.SIGKILL)

    found = optimum(portfolio, gambit, cluster, watch)

    assert found.rounds > 3
    assert victim not in pids(cluster)
    assert other in pids(cluster)
    assert_same(found, optimum(portfolio, gambit, THREADS))
