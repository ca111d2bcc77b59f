"""What a memo is written from: every question that it answers, asked once, over one set of futures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from gambits import pipeline
from gambits.allocate.eligible import eligible
from gambits.allocate.money import spend
from gambits.allocate.plan import Plan
from gambits.analyse import given
from gambits.analyse.changes import find_changes
from gambits.analyse.compare import Comparison
from gambits.analyse.dependencies import Edge, dependencies, with_plan
from gambits.analyse.dials import Dial
from gambits.analyse.flips import flips
from gambits.analyse.frontier import find_frontier
from gambits.analyse.given import Held
from gambits.analyse.prices import find_prices
from gambits.analyse.projection import project_plan
from gambits.analyse.spread import Spread, spread_of
from gambits.analyse.study import Study
from gambits.analyse.tornado import tornado
from gambits.analyse.voi import SCENARIOS, value_of_information
from gambits.analyse.weighing import weigh
from gambits.errors import InfeasibleError
from gambits.forecast.oracle import Forecast
from gambits.ledger.records import Kind
from gambits.ledger.store import Ledger
from gambits.ledger.tripwires import standing_since, watch
from gambits.memo.graph_drawing import svg
from gambits.memo.naming import estimate_names
from gambits.memo.record import Loose, Material, record_of
from gambits.portfolio.gambit import Gambit, load_gambit
from gambits.portfolio.model import Portfolio
from gambits.rerun.again import history_of, newly_funded, worth_today
from gambits.rerun.attribution import WORLDS, bridge
from gambits.rerun.sides import Side
from gambits.rerun.worlds import of_today

_LARGEST: Final = 5
"""Bets whose estimates are moved one by one."""
_SHARES: Final = 11
"""Shares of architect at which the plan is found anew."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was decided before: the ledger, where there is one, and an older answer to set the memo against.

    ``against`` is what the memo calls that answer, empty for none; about ``worlds`` mixtures of old and new inputs are
    solved to say which edit moved what.
    """

    ledger: Ledger | None = None
    against: str = ""
    older: Side | None = None
    worlds: int = WORLDS


Step = Callable[[str, int, int], None]
"""Is told of each question before it is asked: its words, its number from 1, and how many there are."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What every question is about: the portfolio and its futures, the gambit, the plans, and the past.

    ``fewer`` are futures for questions that take many solves: as many as settle them.
    """

    study: Study
    fewer: Study
    gambit: Gambit
    comparison: Comparison
    past: Past

    @property
    def plan(self) -> Plan:
        """The plan that the memo recommends."""
        return self.comparison.plans[self.gambit.name]

    @property
    def uncertified(self) -> int:
        """How many searches so far ended before their answers were certified."""
        return sum(each.uncertified for each in {id(each): each for each in (self.study, self.fewer)}.values())


def beside(study: Study, gambit: Gambit) -> Comparison:
    """Find the plan of a gambit, and lay beside it those of the two that a board chooses between.

    Another gambit that has no plan is left out, with a warning on this one's.

    Raises
    ------
    InfeasibleError
        If the gambit itself has no plan.
    """
    with pipeline.mending(study, gambit):
        plans = {gambit.name: pipeline.plan_of(study, gambit)}
    gambits = [gambit]
    for other in map(load_gambit, pipeline.GAMBITS):
        if other.name not in plans:
            try:
                plans[other.name] = pipeline.plan_of(study, other)
                gambits.append(other)
            except InfeasibleError as error:
                warning = f"the {other.name} has no plan: {error.message}"
                plans[gambit.name] = replace(plans[gambit.name], warnings=(*plans[gambit.name].warnings, warning))
    return weigh(study, gambits, plans)


def brief(
    study: Study,
    gambit: Gambit,
    comparison: Comparison,
    past: Past = Past(),
    step: Step = lambda words, number, total: None,
    known: Mapping[str, Any] = MappingProxyType({}),
    *,
    is_quick: bool = False,
) -> dict[str, Any]:
    """Find out all that the memo for one gambit's plan says, and give the record that its figures are bound to.

    Parameters
    ----------
    study
        The portfolio and its futures.
    gambit
        Whose plan the memo recommends.
    comparison
        That plan and those beside it, found in the same study.
    past
        What was decided before.
    step
        Is told of each question before it is asked.
    known
        Answers that were found before about the same inputs, by the key of their question; these are not asked, and
        count as certified.
    is_quick
        Whether to leave out the questions that take many solves.

    Raises
    ------
    KeyError
        If the comparison holds no plan of the gambit.
    """
    inquiry = Inquiry(study, _fewer(study), gambit, comparison, past)
    asked = [name for name in QUESTIONS if not (name in LONG and (is_quick or name in known))]
    analyses: dict[str, Any] = dict.fromkeys(QUESTIONS)
    if not is_quick:
        analyses |= {name: known[name] for name in LONG if name in known}
    loose = [Loose("plans", "which plans are best", comparison.uncertified)]
    for number, name in enumerate(asked, 1):
        words, ask = QUESTIONS[name]
        step(words, number, len(asked))
        before = inquiry.uncertified
        analyses[name] = ask(inquiry)
        loose.append(Loose(name, words, inquiry.uncertified - before))
    return record_of(
        Material(
            portfolio=study.portfolio,
            gambit=gambit,
            comparison=comparison,
            law=pipeline.law_of(study.portfolio),
            match=pipeline.compute_to_match(study.portfolio, inquiry.plan),
            barred=eligible(study.portfolio, gambit)[1],
            analyses=analyses,
            loose=tuple(each for each in loose if each.searches),
        )
    )


def _fewer(study: Study) -> Study:
    """Give fewer of the futures; one future stays what it is."""
    settings = study.settings
    if settings.certain or settings.draws <= pipeline.FEWER.draws:
        return study
    return Study(study.portfolio, replace(settings, draws=pipeline.FEWER.draws, batches=0))


def _free(inquiry: Inquiry) -> dict[str, Any] | None:
    """Find the best plan without the gambit's shares, from what is known of the futures."""
    study, gambit = inquiry.study, inquiry.gambit
    if not gambit.shares:
        return None
    found = study.under(gambit.without_shares())
    spent: dict[str, float] = {}
    decided = spend(study.portfolio, found.funded)[:, study.portfolio.now :].sum(axis=1)
    for each, money in zip(study.portfolio.initiatives, decided, strict=True):
        spent[each.path] = spent.get(each.path, 0.0) + float(money)
    whole = sum(spent.values())
    return {
        "objective": found.objective,
        "expected": found.values.expected,
        "cvar": found.values.tail,
        # Two plans are each found to within a gap, so that a rule which costs nothing may seem to bring a hair.
        "cost": max(0.0, found.objective - inquiry.plan.objective),
        "shares": {path: money / whole if whole else 0.0 for path, money in sorted(spent.items())},
    }


def _spreads(inquiry: Inquiry) -> dict[str, Any]:
    """Say how the value of each option varies; nothing where there is one future."""
    study = inquiry.study
    if study.settings.certain:
        return {}
    seen = study.forecast(inquiry.gambit)
    return {name: _spread(study.portfolio, seen, each).to_dict() for name, each in _options(inquiry).items()}


def _options(inquiry: Inquiry) -> dict[str, Held]:
    """Give what the gambits' plans hold, and what the references do but for doing nothing."""
    study, comparison = inquiry.study, inquiry.comparison
    found = {inquiry.gambit.name: given.found(study.best(inquiry.gambit))}
    for name in comparison.plans:
        if name not in found:
            found[name] = given.found(study.best(load_gambit(name)))
    for name, reference in comparison.references.items():
        if name != given.NOTHING:
            money = np.array([reference.spend[each.id] for each in study.portfolio.initiatives])
            found[name] = given.held(study.portfolio, money)
    return found


def _spread(portfolio: Portfolio, seen: Forecast, plan: Held) -> Spread:
    return spread_of(seen.project(*plan.counted(portfolio, seen)).value, seen.draws.probability)


def _compared(inquiry: Inquiry) -> dict[str, Any]:
    """Give what the comparison says beside its plans."""
    return {name: part for name, part in inquiry.comparison.to_dict().items() if name not in ("format", "plans")}


def _prices(inquiry: Inquiry) -> list[dict[str, Any]]:
    """Price the gambit's own rules, all of the money, and what limits the period that is committed next."""
    portfolio = inquiry.study.portfolio
    now = portfolio.periods.names[min(portfolio.now, portfolio.periods.count - 1)]

    def wanted(dial: Dial) -> bool:
        return dial.key.startswith("gambit:") or dial.key == "budget.total" or dial.name.endswith(f" in {now}")

    rows = find_prices(inquiry.fewer, inquiry.gambit, wanted=wanted).to_dict()
    return [_a_hundredth(row) for row in rows]


def _a_hundredth(row: dict[str, Any]) -> dict[str, Any]:
    """Add what a hundredth more adds and a hundredth less takes away: a point of a share, or of all there is."""
    step = 0.01 if row["unit"].startswith("point") else row["value"] / 100
    more, less = (None if row[key] is None else row[key] * step for key in ("more", "less"))
    return row | {"step": step, "adds": more, "takes": less}


def _sensitivity(inquiry: Inquiry) -> dict[str, Any] | None:
    """Say how far the estimates of the largest bets move the plan, and what would flip the largest; None if certain."""
    study, gambit = inquiry.fewer, inquiry.gambit
    if study.settings.certain:
        return None
    largest = _largest(inquiry)
    entries = {study.portfolio.initiative(id).entry for id in largest}

    def wanted(key: str) -> bool:
        section, _, rest = key.partition(".")
        return section == "frontier" or (section == "initiatives" and rest.partition(".")[0] in entries)

    names = estimate_names(study.portfolio)
    bars = tornado(study, gambit, wanted)
    found = flips(study, gambit, bars, largest[:1])
    return {
        "objective": study.best(gambit).objective,
        "draws": study.settings.draws,
        "tornado": [asdict(bar) | {"name": names.get(bar.estimate, bar.estimate)} for bar in bars],
        "flips": [asdict(flip) | {"name": names.get(flip.estimate, flip.estimate)} for flip in found],
        "asked": largest[:1],
    }


def _largest(inquiry: Inquiry) -> list[str]:
    """List the bets that bring most."""
    brings = inquiry.plan.contributions
    return sorted(brings, key=lambda id: (-round(abs(brings[id]), 6), id))[:_LARGEST]


def _information(inquiry: Inquiry) -> dict[str, Any] | None:
    """Say what to find out first: what pilots tell, and whether the largest bets work; None if all is certain."""
    study, portfolio = inquiry.fewer, inquiry.study.portfolio
    if study.settings.certain:
        return None
    wanted = {key for each in portfolio.initiatives if each.pilot is not None for key in each.pilot.informs}
    wanted |= {portfolio.initiative(id).key("success") for id in _largest(inquiry)} | {SCENARIOS}
    found = value_of_information(study, inquiry.gambit, inquiry.study.settings.draws, wanted.__contains__).to_dict()
    names = estimate_names(portfolio) | {SCENARIOS: "which scenario comes true"}
    titles = {each.entry: f"{each.title or each.id}, pilot" for each in portfolio.initiatives if each.pilot is not None}
    queue = [row | {"title": titles.get(row["name"], names.get(row["name"], row["name"]))} for row in found["queue"]]
    return found | {"queue": queue}


def _frontier(inquiry: Inquiry) -> dict[str, Any] | None:
    """Turn the share of architect, the budget and the weight of the tail; None where no plan has both paths."""
    others = [load_gambit(name) for name in inquiry.comparison.plans if name != inquiry.gambit.name]
    try:
        return find_frontier(inquiry.fewer, inquiry.gambit, others, _SHARES).to_dict()
    except InfeasibleError:
        return None


def _graph(inquiry: Inquiry) -> dict[str, Any] | None:
    """Draw what waits for what, with what the plan funds; None where nothing waits."""
    found = dependencies(inquiry.study.portfolio)
    if not found.edges:
        return None
    plan = inquiry.plan
    drawn = with_plan(
        found, {each.id: each.funded for each in plan.allocations}, {each.id: each.total for each in plan.allocations}
    )
    path = drawn.critical_path
    return {
        "svg": svg(drawn, is_titled=False),
        "layers": len(drawn.layers),
        "edges": [{"of": each.of, "waits": each.waits, "how": _how(each)} for each in drawn.edges],
        "critical_path": list(path),
        "counts": drawn.period(drawn.timing[path[-1]].counts) if path else None,
    }


def _how(edge: Edge) -> str:
    return ", ".join(filter(None, (edge.kind, edge.words)))


def _outlook(inquiry: Inquiry) -> dict[str, Any]:
    study, gambit = inquiry.study, inquiry.gambit
    return project_plan(study, gambit, study.best(gambit)).to_dict()


def _watched(inquiry: Inquiry) -> dict[str, Any]:
    """Look at criteria, objections, review dates and approvals, on the day of the estimates."""
    portfolio, ledger = inquiry.study.portfolio, inquiry.past.ledger
    outcomes = ledger.outcomes() if ledger is not None else ()
    history = history_of(ledger, portfolio)
    found = watch(portfolio, inquiry.plan.to_dict(), outcomes, history, portfolio.as_of).to_dict()
    found["stands"] = {each.id: str(standing_since(each, portfolio, history)) for each in portfolio.initiatives}
    approved = ledger.approved(portfolio.name, inquiry.gambit.name) if ledger is not None else None
    if ledger is None or approved is None:
        return found | {"approved": None}
    last = [event for event in ledger.events(approved.number) if event.kind is Kind.APPROVED][-1]
    return found | {"approved": {"run": approved.number, "by": last.name, "on": last.at[:10]}}


def _since(inquiry: Inquiry) -> dict[str, Any] | None:
    """Say what moved since an older answer, and which edit moved it."""
    study, gambit, older = inquiry.study, inquiry.gambit, inquiry.past.older
    if older is None:
        return None
    new = Side(of_today(study.portfolio, gambit, study.settings), inquiry.plan.to_dict(), is_ours=True)
    changes = find_changes(older.plan, new.plan)
    if inquiry.past.worlds and (changes.edits or changes.is_moved):
        changes = replace(changes, bridge=bridge(older, new, inquiry.past.worlds))
    told, names = changes.to_dict(), estimate_names(study.portfolio)
    return {
        **told,
        "lines": told["lines"] and [line | {"name": names.get(line["edit"], line["edit"])} for line in told["lines"]],
        "against": inquiry.past.against,
        "as_of": older.world.portfolio["as_of"],
        "old_plan_today": worth_today(study, gambit, older),
        "started": list(newly_funded(new.plan, older.plan)),
        "stopped": list(newly_funded(older.plan, new.plan)),
    }


QUESTIONS: Final[dict[str, tuple[str, Callable[[Inquiry], Any]]]] = {
    "compared": ("what it costs to be wrong", _compared),
    "free": ("what the rule of shares costs", _free),
    "prices": ("what one more unit is worth", _prices),
    "spreads": ("how values vary", _spreads),
    "frontier": ("what each split is worth", _frontier),
    "sensitivity": ("which estimates it rests on", _sensitivity),
    "information": ("what to find out first", _information),
    "graph": ("what waits for what", _graph),
    "outlook": ("where scaling leads", _outlook),
    "watched": ("what people bound themselves to", _watched),
    "since": ("what moved since last time", _since),
}
"""What a memo asks beside the plans: the key in the record, the words for who waits, and the answer as JSON."""

LONG: Final = ("prices", "frontier", "sensitivity", "information")
"""Questions that take tens of solves or more, and that a quick memo leaves out."""
