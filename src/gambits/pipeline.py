"""The whole story, top to bottom: load → forecast → allocate → analyse."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gambits.allocate import timing
from gambits.allocate.cuts import Ending, Optimum, search
from gambits.allocate.cuts import allocate as find_optimum
from gambits.allocate.eligible import eligible
from gambits.allocate.export import Export
from gambits.allocate.export import export as write_master
from gambits.allocate.money import paid_before, spend
from gambits.allocate.plan import Allocation, Plan
from gambits.analyse import honesty
from gambits.analyse.alternatives import ALTERNATIVE, COUNT, WITHIN, Alternatives, find_alternatives
from gambits.analyse.compare import Comparison
from gambits.analyse.contributions import contributions, extrapolated, matching_compute
from gambits.analyse.explain import explain as explain_one
from gambits.analyse.explanation import Explanation
from gambits.analyse.flips import flips
from gambits.analyse.frontier import POINTS, Frontier, find_frontier
from gambits.analyse.gaming import gaming
from gambits.analyse.given import shared_out
from gambits.analyse.honesty import Honesty
from gambits.analyse.information import Information
from gambits.analyse.market import token_gdp
from gambits.analyse.outlook import Outlook
from gambits.analyse.plan_file import read_money
from gambits.analyse.prices import find_prices
from gambits.analyse.projection import project_plan
from gambits.analyse.repairs import find_repairs
from gambits.analyse.score import Score
from gambits.analyse.score import score as find_score
from gambits.analyse.sensitivity import Sensitivity
from gambits.analyse.study import Settings, Study
from gambits.analyse.tornado import tornado
from gambits.analyse.voi import MOST_DRAWS, value_of_information
from gambits.analyse.weighing import weigh
from gambits.errors import GambitsError, InfeasibleError, InputError, Problem, UnfinishedError, Where
from gambits.files.reading import did_you_mean
from gambits.forecast.bill import serving_bill
from gambits.forecast.oracle import Forecast, Projection
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.graph import waits_for
from gambits.portfolio.model import Portfolio
from gambits.scaling.laws import Law, load_law
from gambits.versions import versions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

GAMBITS = ("incumbent", "challenger")
"""The two risk profiles that a board chooses between."""

FEWER: Final = Settings(draws=200, batches=0)
"""For questions that take some hundred solves."""

_LEAST_IN_BATCH: Final = 100


def solve(portfolio: Portfolio, gambit: Gambit | str = GAMBITS[0], settings: Settings = Settings()) -> Plan:
    """Find the best plan for a portfolio under a gambit.

    Parameters
    ----------
    portfolio
        As ``load`` gives it.
    gambit
        A gambit, the name of a built-in one, or the path of a gambit file.
    settings
        How many futures to draw, and from which seed.

    Raises
    ------
    InputError
        If there is no such gambit, it does not fit the portfolio, or the draws would not fit into memory.
    InfeasibleError
        If no plan obeys every rule.
    """
    study, chosen = Study(portfolio, settings), gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    with mending(study, chosen):
        return plan_of(study, chosen)


def solve_with_prices(
    portfolio: Portfolio,
    gambit: Gambit | str = GAMBITS[0],
    settings: Settings = Settings(),
    told: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Do what ``solve`` does, and say what one more and one less of each number in the rules is worth.

    ``told`` is told which number is being priced.

    Raises
    ------
    InputError, InfeasibleError
        As ``solve``.
    """
    study, chosen = Study(portfolio, settings), gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    with mending(study, chosen):
        plan = plan_of(study, chosen)
    return replace(plan, prices=tuple(find_prices(study, chosen, told).to_dict()))


@contextmanager
def mending(study: Study, gambit: Gambit) -> Iterator[None]:
    """Where rules cannot all hold, find what would mend that before the error goes on."""
    try:
        yield
    except InfeasibleError as error:
        repairs = find_repairs(study, gambit, error)
        raise InfeasibleError(error.message, error.conflict, error.hint, repairs) from None


def plan_of(study: Study, gambit: Gambit) -> Plan:
    """Find the best plan for a portfolio under study; what was drawn and found before is not worked out again.

    Raises
    ------
    InfeasibleError
        If no plan obeys every rule.
    """
    return _report(study, gambit, study.best(gambit))


def export(
    portfolio: Portfolio, gambit: Gambit | str = GAMBITS[0], settings: Settings = Settings(), form: str = "lp"
) -> Export:
    """Find the best plan under a gambit, and give the master that proves it as ``lp`` or ``mps``.

    Raises
    ------
    InputError
        If there is no such gambit, or it does not fit the portfolio.
    InfeasibleError
        If no plan obeys every rule.
    """
    chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    seen = Study(portfolio, settings).forecast(chosen)
    return write_master(*search(portfolio, chosen, seen, watch=settings.watch), form)


def compare(
    portfolio: Portfolio, gambits: Iterable[Gambit | str] = GAMBITS, settings: Settings = Settings()
) -> Comparison:
    """Find the best plan under each of several gambits, and lay them side by side.

    Raises
    ------
    InputError
        If a gambit is unknown or does not fit the portfolio.
    InfeasibleError
        If no plan obeys every rule of one of them.
    """
    chosen = [gambit if isinstance(gambit, Gambit) else load_gambit(gambit) for gambit in gambits]
    names = [gambit.name for gambit in chosen]
    for gambit in chosen:
        if names.count(gambit.name) > 1:
            message = f"two gambits are called `{gambit.name}`"
            raise InputError((Problem("same-name", Where(gambit.file, 1), message, "rename one of them"),))
    return comparison_of(Study(portfolio, settings), chosen)


def comparison_of(study: Study, gambits: Sequence[Gambit]) -> Comparison:
    """Lay side by side the plans of a portfolio under study, with what to hold them against.

    Raises
    ------
    InfeasibleError
        If no plan obeys every rule of one of them.
    """
    plans = {}
    for gambit in gambits:
        with mending(study, gambit):
            plans[gambit.name] = plan_of(study, gambit)
    return weigh(study, gambits, plans)


def frontier(
    portfolio: Portfolio, gambit: Gambit | str = GAMBITS[0], settings: Settings = Settings(), points: int = POINTS
) -> Frontier:
    """Turn a gambit's share of architect from none to all, the budget, and the weight of the tail, and plan for each.

    Parameters
    ----------
    portfolio, gambit, settings
        As in ``solve``. The built-in gambits' own plans are marked beside the curve.
    points
        Shares looked at, at least 2.

    Raises
    ------
    InputError
        If there is no such gambit, or it does not fit the portfolio.
    InfeasibleError
        If no plan obeys the rules, whatever the shares.
    """
    study, chosen = Study(portfolio, settings), gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    marked = [load_gambit(name) for name in GAMBITS if name != chosen.name]
    with mending(study, chosen.without_shares()):
        return find_frontier(study, chosen, marked, points)


def score(
    portfolio: Portfolio, plan: str | Path | Plan, gambit: Gambit | str = GAMBITS[0], settings: Settings = Settings()
) -> Score:
    """Hold a plan that someone made elsewhere against a gambit's rules and its best plan.

    Parameters
    ----------
    portfolio, gambit, settings
        As in ``solve``.
    plan
        A CSV or JSON file of money by initiative and period, or a plan.

    Raises
    ------
    InputError
        If the file or the gambit has faults.
    InfeasibleError
        If no plan obeys every rule.
    """
    chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    money = (
        shared_out(portfolio, {each.id: np.array(each.spend) for each in plan.allocations})
        if isinstance(plan, Plan)
        else read_money(plan, portfolio)
    )
    study = Study(portfolio, settings)
    with mending(study, chosen):
        return find_score(study, chosen, money)


def alternatives(
    portfolio: Portfolio,
    gambit: Gambit | str = GAMBITS[0],
    settings: Settings = FEWER,
    within: float = WITHIN,
    count: int = COUNT,
) -> Alternatives:
    """Find plans that are nearly as good as the best and as different as possible.

    Parameters
    ----------
    portfolio, gambit, settings
        As in ``solve``; some hundred searches, so fewer draws unless told.
    within
        What a plan may be worth less than the best, OOM; above 0.
    count
        Plans, the best one among them.

    Raises
    ------
    InputError
        If there is no such gambit, or it does not fit the portfolio.
    InfeasibleError
        If no plan obeys every rule.
    UnfinishedError
        If the best plan is not certified.
    """
    chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    study = Study(portfolio, settings)
    with mending(study, chosen):
        _certified(study, chosen)
    found, ranges = find_alternatives(study, chosen, within, count)
    plans = [_report(study, chosen, optimum) for optimum in found]
    return Alternatives(
        portfolio=portfolio.name,
        gambit=chosen.name,
        money=portfolio.money,
        within=within,
        plans=(plans[0], *(replace(plan, status=ALTERNATIVE) for plan in plans[1:])),
        ranges=ranges,
        draws=study.forecast(chosen).draws.count,
        seed=None if settings.certain else settings.seed,
        uncertified=study.uncertified,
    )


def project(portfolio: Portfolio, gambit: Gambit | str = GAMBITS[0], settings: Settings = Settings()) -> Outlook:
    """Project the lab without the portfolio, what each initiative would add, and when data run out.

    The margin and the ledger are those of the plan under the gambit.

    Raises
    ------
    InputError
        If there is no such gambit, or it does not fit the portfolio.
    InfeasibleError
        If no plan obeys every rule.
    """
    chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    study = Study(portfolio, settings)
    return project_plan(study, chosen, study.best(chosen))


def sensitivity(
    portfolio: Portfolio,
    gambit: Gambit | str = GAMBITS[0],
    settings: Settings = FEWER,
    initiatives: Iterable[str] | None = None,
) -> Sensitivity:
    """Say what the plan under a gambit rests on: bars of every estimate, flips, and what exaggerating would pay.

    Parameters
    ----------
    portfolio, gambit, settings
        As in ``solve``. The plan is that of these settings: some hundred solves, so fewer draws unless told.
    initiatives
        Whose flips to look for: None for all, empty for none.

    Raises
    ------
    InputError
        If there is no such gambit, it does not fit the portfolio, or there is no such initiative.
    InfeasibleError
        If no plan obeys every rule.
    UnfinishedError
        If the plan itself is not certified.
    """
    chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    ids = None if initiatives is None else [part for id in initiatives for part in parts_of(portfolio, id)]
    study = Study(portfolio, settings)
    optimum = _certified(study, chosen)
    bars = tornado(study, chosen)
    found = flips(study, chosen, bars, ids or ()) if ids is None or ids else ()
    asked = {each.id for each in portfolio.initiatives} if ids is None else set(ids)
    return Sensitivity(
        portfolio=portfolio.name,
        gambit=chosen.name,
        money=portfolio.money,
        objective=optimum.objective,
        tornado=bars,
        flips=found,
        firm=tuple(sorted(asked - {flip.initiative for flip in found})),
        gaming=gaming(study, chosen),
        draws=study.forecast(chosen).draws.count,
        seed=None if settings.certain else settings.seed,
        uncertified=study.uncertified,
    )


def voi(
    portfolio: Portfolio, gambit: Gambit | str = GAMBITS[0], settings: Settings = Settings(batches=0)
) -> Information:
    """Say what it would be worth to know more before the money is split, and what to find out first.

    Parameters
    ----------
    portfolio, gambit, settings
        As in ``solve``. Plans are made on at most 200 draws, and knowledge is valued on as many as are asked for.

    Raises
    ------
    GambitsError
        If the settings ask for the central future, in which nothing is left to find out.
    InputError
        If there is no such gambit, or it does not fit the portfolio.
    InfeasibleError
        If no plan obeys every rule.
    UnfinishedError
        If the plan itself is not certified.
    """
    if settings.certain:
        raise GambitsError("the central future leaves nothing to find out", "ask about draws: leave `certain` out")
    chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    study = Study(portfolio, replace(settings, draws=min(settings.draws, MOST_DRAWS)))
    with mending(study, chosen):
        _certified(study, chosen)
    return value_of_information(study, chosen, settings.draws)


def explain(
    portfolio: Portfolio, id: str, gambit: Gambit | str = GAMBITS[0], settings: Settings = Settings()
) -> Explanation:
    """Say why an initiative is in the plan under a gambit or out of it, and what the other would cost.

    Parameters
    ----------
    portfolio, gambit, settings
        As in ``solve``.
    id
        An initiative, or one of its stages or sizes; by itself one in stages stands for its last, and one in sizes
        for the size that the plan funds most of.

    Raises
    ------
    InputError
        If there is no such gambit or initiative, or the gambit does not fit the portfolio.
    InfeasibleError
        If no plan obeys every rule.
    UnfinishedError
        If the plan itself is not certified.
    """
    chosen = gambit if isinstance(gambit, Gambit) else load_gambit(gambit)
    parts = parts_of(portfolio, id)
    study = Study(portfolio, settings)
    funded = _certified(study, chosen).funded[:, -1]
    row = {each.id: i for i, each in enumerate(portfolio.initiatives)}
    order = waits_for(portfolio)

    def rank(part: str) -> tuple[int, float, float]:
        is_size = portfolio.initiatives[row[part]].is_size
        cheapest = -portfolio.initiatives[row[part]].price
        return (0, float(funded[row[part]]), cheapest) if is_size else (len(order[part]), 0.0, 0.0)

    return explain_one(study, chosen, max(parts, key=rank))


def _certified(study: Study, gambit: Gambit) -> Optimum:
    """Find the plan that questions are asked about."""
    optimum = study.best(gambit)
    if optimum.ending is not Ending.OPTIMAL:
        gap = optimum.bound - optimum.objective
        hint = "let it run longer, or use fewer draws"
        raise UnfinishedError(f"the plan of {gambit.name} is not certified (gap {gap:.1e} OOM)", hint)
    return optimum


def parts_of(portfolio: Portfolio, id: str) -> tuple[str, ...]:
    """Give the ids that a user means by one: itself, or the stages or sizes of what stands in the file under it.

    Raises
    ------
    InputError
        If there is none.
    """
    ids = [each.id for each in portfolio.initiatives]
    found = tuple(sorted(each.id for each in portfolio.initiatives if id in (each.id, each.entry)))
    if not found:
        problem = Problem("unknown-initiative", Where(portfolio.file), f"no initiative `{id}`", did_you_mean(id, ids))
        raise InputError((problem,))
    return found


def _report(study: Study, gambit: Gambit, optimum: Optimum) -> Plan:
    """Turn arrays into the answer."""
    portfolio, settings, seen = study.portfolio, study.settings, study.forecast(gambit)
    initiatives = portfolio.initiatives
    counted = timing.counted(initiatives, optimum.progress, optimum.funded, seen.periods)
    split = contributions(seen, *counted)
    projection = seen.project(*counted)
    allocations = _allocations(portfolio, optimum)
    inputs = inputs_of(portfolio, gambit)
    looked_at, status = None, optimum.ending
    if not settings.certain:
        try:
            looked_at = _honesty(study, gambit, optimum, counted)
        except KeyboardInterrupt:
            status = Ending.INTERRUPTED  # the plan is found and certified; what speaks against it is not
    return Plan(
        status=status.value,
        gambit=gambit.name,
        portfolio=portfolio.name,
        money=portfolio.money,
        periods=portfolio.periods.names,
        objective=optimum.objective,
        bound=optimum.bound,
        rounds=optimum.rounds,
        expected=optimum.values.expected,
        cvar=optimum.values.tail,
        allocations=tuple(sorted(allocations, key=lambda each: each.id)),
        baseline=_mean_of_horizon(portfolio, seen, projection.baseline),
        gain=_mean_of_horizon(portfolio, seen, projection.gain),
        contributions={each.id: float(part) for each, part in zip(initiatives, split, strict=True)},
        seed=None if settings.certain else settings.seed,
        draws=seen.draws.count,
        versions=versions(),
        input_sha256=input_sha256(inputs, settings),
        inputs=inputs,
        warnings=_warnings(portfolio, gambit, allocations),
        market=_market(portfolio, seen, projection),
        serving=_serving(portfolio, counted),
        extrapolated=extrapolated(portfolio, split),
        tail=gambit.tail,
        honesty=looked_at,
        fixed=portfolio.now,
    )


def _mean_of_horizon(portfolio: Portfolio, seen: Forecast, by_draw: Array) -> tuple[float, ...]:
    return tuple((seen.draws.probability @ by_draw)[: portfolio.periods.count].tolist())


def _serving(portfolio: Portfolio, counted: tuple[Array, Array]) -> tuple[float, ...] | None:
    bill = serving_bill(portfolio)
    return None if bill is None else tuple(bill.evaluate(*counted)[0][: portfolio.periods.count].tolist())


def _market(portfolio: Portfolio, seen: Forecast, projection: Projection) -> dict[str, Any] | None:
    if portfolio.market is None:
        return None
    found = token_gdp(portfolio.market, seen.draws, projection, portfolio.periods.count)
    return {name: report.to_dict() for name, report in found.items()}


def _honesty(study: Study, gambit: Gambit, optimum: Optimum, counted: tuple[Array, Array]) -> dict[str, Any]:
    """Hold fresh draws, scenarios and batches against a plan."""
    portfolio, settings, seen = study.portfolio, study.settings, study.forecast(gambit)
    fresh = study.forecast(gambit, f"{settings.seed}/fresh")
    spent = spend(portfolio, optimum.funded).sum(axis=1)
    size = max(_LEAST_IN_BATCH, settings.draws // max(1, settings.batches))

    patience = settings.patience(settings.gap)

    def chosen_on(number: int) -> Array:
        batch = study.forecast(gambit, f"{settings.seed}/batch/{number}", size)
        return find_optimum(portfolio, gambit, batch, near=optimum, patience=patience).funded[:, -1]

    # Who interrupted the search does not want to wait for eight more.
    batches = 0 if optimum.ending is Ending.INTERRUPTED else settings.batches
    plans = study.each(chosen_on, range(batches), "batches of draws")
    return Honesty(
        out_of_sample=honesty.out_of_sample(fresh, fresh.project(*counted), gambit.aversion),
        scenarios=honesty.by_scenario(seen, seen.project(*counted)),
        missing=honesty.missing_money(seen, spent),
        stability=honesty.stability(seen.ids, plans) if plans else {},
    ).to_dict()


def _allocations(portfolio: Portfolio, optimum: Optimum) -> list[Allocation]:
    initiatives = portfolio.initiatives
    received = np.diff(optimum.funded, axis=1, prepend=paid_before(initiatives)[:, np.newaxis])
    money = spend(portfolio, optimum.funded)
    return [
        Allocation(
            id=each.id,
            title=each.title,
            path=each.path,
            spend=tuple(money[i].tolist()),
            funded=float(optimum.funded[i, -1]),
            progress=tuple(optimum.progress[i].tolist()),
            uses={name: tuple((received[i] * amount.central).tolist()) for name, amount in each.uses.items()},
            spent=sum(paid for _, paid in each.spent),
            fixed=portfolio.now,
        )
        for i, each in enumerate(initiatives)
    ]


def _warnings(portfolio: Portfolio, gambit: Gambit, allocations: list[Allocation]) -> tuple[str, ...]:
    """Say what a reader of the plan should not overlook."""
    found = [f"{problem.where}: {problem.message}" for problem in portfolio.warnings]
    counted = [each for each in allocations if each.path in gambit.share_paths]
    if gambit.shares and not sum(each.total for each in counted) > 0:
        able, _ = eligible(portfolio, gambit)
        paths = {each.path for each in able}
        empty = [path for path, share in gambit.shares.items() if share.low > 0 and path not in paths]
        reason = f": no initiative on path {' or '.join(empty)} can get money" if empty else ""
        nothing = f"the plan funds nothing on {' and '.join(gambit.share_paths)}"
        found.append(f"{nothing}, since the shares of {gambit.name} cannot be met{reason}")
    if gambit.only is not None and not any(each.path in gambit.only for each in portfolio.initiatives):
        found.append(f"{gambit.name} funds {', '.join(gambit.only)} only, and no initiative is on that path")
    return tuple(found)


def law_of(portfolio: Portfolio) -> Law | None:
    """Read the law of a portfolio; None without a frontier."""
    return load_law(portfolio.frontier.law, Path(portfolio.file).parent) if portfolio.frontier else None


def compute_to_match(portfolio: Portfolio, plan: Plan) -> float | None:
    """Give the factor of bought compute that alone would gain as much at the end."""
    law = law_of(portfolio)
    if law is None or portfolio.frontier is None or plan.gain[-1] < 0:
        return None
    years = portfolio.periods.years * (len(plan.baseline) - 1)
    trends = (portfolio.frontier.compute, portfolio.frontier.unique_tokens)
    compute, tokens = (math.log(one.start.central) + years * math.log(one.growth_per_year.central) for one in trends)
    served = portfolio.frontier.inference_tokens.central
    return matching_compute(law.central, compute, tokens, plan.gain[-1], math.log(served) if served else None)


def inputs_of(portfolio: Portfolio, gambit: Gambit) -> dict[str, Mapping[str, object]]:
    """Give all that a plan was made from: portfolio and gambit as written, the law by its constants."""
    read = law_of(portfolio)
    law = read.inputs if read else {}
    return {"portfolio": dict(portfolio.inputs), "gambit": dict(gambit.inputs), "law": law}


def input_sha256(inputs: Mapping[str, object], settings: Settings) -> str:
    """Hash all that decides a plan."""
    drawn = {"certain": True} if settings.certain else {"draws": settings.draws, "seed": settings.seed}
    return _hash({"inputs": inputs, "settings": drawn})


def _hash(value: Any) -> str:
    """Hash contents, not layout: keys sorted, numbers as numbers."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
