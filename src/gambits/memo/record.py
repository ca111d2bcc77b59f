"""Everything that a memo's figures can be bound to, in one record: what was asked, the plans, and what follows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite, log10
from typing import Any, Final

from gambits import words
from gambits.allocate.plan import Plan, rounded
from gambits.analyse.compare import Comparison
from gambits.errors import BrokenRule
from gambits.portfolio.gambit import Gambit
from gambits.portfolio.graph import prerequisites
from gambits.portfolio.model import Initiative, Portfolio
from gambits.scaling.effects.law import EFFECT_TAGS, JUDGED
from gambits.scaling.laws import Law
from gambits.scaling.published import Constant

FORMAT: Final = "gambits/memo/1"
SMALL: Final = 0.05
"""Money below this rounds to nothing."""
_HAIR: Final = 1e-6
"""Part of all money below which no money is planned: a trace of the solver."""

JUDGEMENT, GIVEN, PUBLISHED = "judgement", "given", "published"
EVIDENCE: Final = {
    JUDGEMENT: "judgement",
    JUDGED: "judged from published results",
    GIVEN: "the author's figure, from the source named",
    PUBLISHED: "as published",
}
"""What an effect can rest on, weakest first: no source, a law whose step from its source to a multiplier is ours, a
figure of the author's with its source, or a law that gives what was published."""

_MOST_STAKES: Final = 10
_CONSTANTS: Final = {"interval": 0.9, "tenfold": 10, "in_twenty": 20, "low": 10, "high": 90}


@dataclass(frozen=True, slots=True)
class Loose:
    """A question, by its key and in words, and how many searches behind its answer ended uncertified."""

    question: str
    words: str
    searches: int


@dataclass(frozen=True, slots=True)
class Material:
    """What a memo is written from.

    ``match`` is the factor of bought compute that alone would gain as much at the end (infinite: none would).
    ``barred`` says who may get no money and why. ``analyses`` holds what else was found out, as JSON, by name, and
    ``loose`` the questions whose searches were not all certified.
    """

    portfolio: Portfolio
    gambit: Gambit
    comparison: Comparison
    law: Law | None
    match: float | None
    barred: Mapping[str, tuple[BrokenRule, ...]]
    analyses: Mapping[str, Any] = field(default_factory=dict)
    loose: tuple[Loose, ...] = ()

    @property
    def plan(self) -> Plan:
        """The plan that the memo recommends."""
        return self.comparison.plans[self.gambit.name]


def record_of(material: Material) -> dict[str, Any]:
    """Gather the record that a memo is composed from, as JSON."""
    portfolio = material.portfolio
    plans = dict(material.comparison.plans)
    record = {
        "format": FORMAT,
        "about": _about(material),
        "decision": _decision(portfolio),
        "portfolio": {
            "initiatives": {each.id: _initiative(each) for each in portfolio.initiatives},
            "resources": {
                each.name: {"unit": each.unit, "capacity": list(each.capacity)} for each in portfolio.resources
            },
            "correlation": asdict(portfolio.correlation),
        },
        "law": _law(material),
        "plans": {name: _without_inputs(plan) for name, plan in plans.items()},
        "differences": [row.id for row in material.comparison.differences if row.spread >= SMALL],
        "facts": _facts(material),
        "uncertified": sum(each.searches for each in material.loose),
        "uncertified_in": {each.question: {"words": each.words, "searches": each.searches} for each in material.loose},
        "constants": _CONSTANTS | {"tags": EFFECT_TAGS, "evidence": EVIDENCE},
    }
    # Through JSON, so that a record just made and one read back are the same.
    return json.loads(json.dumps(rounded(record | dict(material.analyses)), allow_nan=False))  # type: ignore[no-any-return]


def _about(material: Material) -> dict[str, Any]:
    portfolio, plan = material.portfolio, material.plan
    objective = material.gambit.objective_for(portfolio)
    return {
        "portfolio": portfolio.name,
        "as_of": portfolio.as_of.isoformat(),
        "money": portfolio.money,
        "budget": portfolio.budget.total,
        "periods": list(portfolio.periods.names),
        "now": _now(portfolio),
        "initiatives": len(portfolio.initiatives),
        "gambit": plan.gambit,
        "others": [name for name in material.comparison.plans if name != plan.gambit],
        "is_compute_alone": objective.token_gdp == 0 and objective.value == 0,
        "weights": {
            "effective compute": objective.effective_compute,
            "token GDP": objective.token_gdp,
            "points of value": objective.value,
        },
        "draws": plan.draws,
        "seed": plan.seed,
        "input_sha256": plan.input_sha256,
    }


def _decision(portfolio: Portfolio) -> dict[str, Any]:
    decision = portfolio.decision
    by = decision.by.isoformat() if decision.by else ""
    return {"question": decision.question, "decider": decision.decider, "by": by}


def _initiative(each: Initiative) -> dict[str, Any]:
    return {
        "title": each.title,
        "path": each.path,
        "owner": each.owner,
        "team": each.team,
        "source": each.source,
        "note": each.note,
        "cost": str(each.cost),
        "price": each.price,
        "success": each.success.central,
        "effects": {
            lever.words: f"{estimate}{'' if lever.is_additive else '×'}" for lever, estimate in each.effects.items()
        },
        "laws": {
            lever.words: {
                "title": law.title,
                "words": law.words,
                "source": law.source,
                "formula": law.formula,
                "arguments": ", ".join(" ".join(pair) for pair in law.arguments),
                "central": law.central,
                "spread": law.spread,
                "tag": law.tag,
                "reach": law.reach,
                "note": law.note,
            }
            for lever, law in each.laws.items()
        },
        "evidence": evidence_of(each),
        "fitted_to": each.fitted_to,
        "verified": each.verified,
    }


def _law(material: Material) -> dict[str, Any] | None:
    law, frontier = material.law, material.portfolio.frontier
    if law is None or frontier is None:
        return None
    flagship = _flagship(material.portfolio)
    return {
        "title": law.title,
        "source": law.source,
        "note": law.note,
        "fitted_to": law.fitted_to,
        "constants": {each.name: _constant(each) for each in law.constants.values()},
        "flagship": list(flagship),
        "beyond": flagship[-1] - log10(law.fitted_to),
        "unique_tokens": frontier.unique_tokens.start.central,
    }


def _constant(constant: Constant) -> dict[str, Any]:
    where = "not published"
    if constant.interval is not None:
        low, high = constant.interval
        level = f" ({constant.level:.0%})" if constant.level is not None else ""
        where = f"{low:g} to {high:g}{level}" if isfinite(high) else f"{low:g} or more{level}"
    return {"name": constant.name, "value": constant.value, "where": where, "tag": constant.tag, "note": constant.note}


def _flagship(portfolio: Portfolio) -> tuple[float, ...]:
    """Give training compute of the baseline by period, log10 FLOP."""
    assert portfolio.frontier is not None, "a flagship needs a frontier"
    trend, years = portfolio.frontier.compute, portfolio.periods.years
    growth = log10(trend.growth_per_year.central)
    return tuple(log10(trend.start.central) + growth * years * k for k in range(portfolio.periods.count))


def _without_inputs(plan: Plan) -> dict[str, Any]:
    """Give a plan as JSON without the file behind it, which a reader has."""
    return {name: value for name, value in plan.to_dict().items() if name != "inputs"}


def _facts(material: Material) -> dict[str, Any]:
    """Give what follows from the plans and is told in sentences."""
    portfolio, plan = material.portfolio, material.plan
    totals = {each.id: each.total for each in plan.allocations}
    here = _now(portfolio)
    first = {each.id: each.spend[here] for each in plan.allocations}
    funded, now = _most_first(totals), _most_first(first)
    return {
        "funded": {"count": len(funded), "ids": funded, "rest": _rest(plan, totals)},
        "now": {
            "count": len(now),
            "ids": now,
            "money": plan.spend_by_period[here],
            "rest": _rest(plan, first),
            "of_cost": {id: first[id] / portfolio.initiative(id).price for id in now},
            "teams": _by_team(material),
            "uses": {
                each.name: sum(
                    allocation.uses[each.name][here] for allocation in plan.allocations if each.name in allocation.uses
                )
                for each in portfolio.resources
            },
        },
        "later": {"money": sum(plan.spend_by_period[here + 1 :])},
        "unfunded": {id: _reason(material, id) for id, total in sorted(totals.items()) if total < SMALL},
        "parts": _parts(plan),
        "unsteady": _unsteady(plan),
        "evidence": _by_evidence(material),
        "percents": _percents(material),
        "enablers": _enablers(material),
        "stakes": _stakes(material),
        "match": material.match if material.match is None or material.match < float("inf") else None,
        "is_walled": material.match is not None and material.match == float("inf"),
        "against": {other.gambit: _against(plan, other) for other in _others(material)},
    }


def _now(portfolio: Portfolio) -> int:
    """Give the number of the period whose money is committed next: the first that is not over."""
    return min(portfolio.now, portfolio.periods.count - 1)


def _others(material: Material) -> list[Plan]:
    return [plan for name, plan in material.comparison.plans.items() if name != material.gambit.name]


def _most_first(money: Mapping[str, float]) -> list[str]:
    with_money = [id for id, amount in money.items() if amount >= SMALL]
    return sorted(with_money, key=lambda id: (-round(money[id], 6), id))


def _rest(plan: Plan, money: Mapping[str, float]) -> dict[str, Any] | None:
    """Sum up those who get too little each for a row of their own, so that rows add up to all; None for no one."""
    least = _HAIR * plan.total_spend
    rest = [each for each in plan.allocations if least < money[each.id] < SMALL]
    if not rest:
        return None
    return {
        "count": len(rest),
        "spend": [sum(each.spend[t] for each in rest) for t in range(len(plan.periods))],
        "total": sum(each.total for each in rest),
    }


def _by_team(material: Material) -> dict[str, dict[str, Any]]:
    """Sum up money and resources of the first period by team; teams whose money rounds to nothing make one row."""
    teams: dict[str, dict[str, Any]] = {}
    names = [each.name for each in material.portfolio.resources]
    here = _now(material.portfolio)
    team_of = {each.id: each.team or "no team named" for each in material.portfolio.initiatives}
    spent: dict[str, float] = {}
    for allocation in material.plan.allocations:
        spent[team_of[allocation.id]] = spent.get(team_of[allocation.id], 0.0) + allocation.spend[here]
    # All of them, so that the rows add up to what is used of a resource that is used up.
    for allocation in material.plan.allocations:
        if not allocation.spend[here] > 0:
            continue
        team = team_of[allocation.id] if spent[team_of[allocation.id]] >= SMALL else "other teams"
        row = teams.setdefault(team, {"money": 0.0, "uses": dict.fromkeys(names, 0.0)})
        row["money"] += allocation.spend[here]
        for name, amounts in allocation.uses.items():
            row["uses"][name] += amounts[here]
    some = {team: row for team, row in teams.items() if max([row["money"], *row["uses"].values()]) >= SMALL}
    return dict(sorted(some.items(), key=lambda item: (-round(item[1]["money"], 6), item[0])))


def _reason(material: Material, id: str) -> str:
    """Say why an initiative gets no money."""
    rules = material.barred.get(id)
    if rules:
        return "; ".join(rule.rule for rule in rules)
    serves = [each.id for each in material.portfolio.initiatives if id in each.waits_for]
    if not material.portfolio.initiative(id).effects and serves:
        return f"nothing that needs it is funded ({', '.join(sorted(serves))})"
    return "its money is worth more elsewhere under these rules"


def _parts(plan: Plan) -> list[str]:
    """List who brings something, most first."""
    bring = [id for id, part in plan.contributions.items() if abs(part) >= 0.0005]  # noqa: PLR2004  (rounds to 0)
    return sorted(bring, key=lambda id: (-round(plan.contributions[id], 6), id))


def _unsteady(plan: Plan) -> list[str]:
    """List whose funding plans of other draws disagree on."""
    stability = (plan.honesty or {}).get("stability", {})
    return sorted(id for id, firm in stability.items() if 0 < firm["funded"] < 1)


def _by_evidence(material: Material) -> dict[str, float]:
    """Split the plan's positive value by what it rests on."""
    found = dict.fromkeys(EVIDENCE, 0.0)
    for id, part in material.plan.contributions.items():
        found[evidence_of(material.portfolio.initiative(id))] += max(0.0, part)
    whole = sum(found.values())
    return {kind: part / whole if whole else 0.0 for kind, part in found.items()}


def _percents(material: Material) -> dict[str, Any]:
    """Give the parts that a sentence lists in whole per cent that add up to a hundred."""
    free = material.analyses.get("free")
    return {
        "plans": {name: words.percents(plan.shares) for name, plan in material.comparison.plans.items()},
        "free": words.percents(free["shares"]) if free else None,
        "evidence": words.percents(_by_evidence(material)),
    }


def evidence_of(initiative: Initiative) -> str:
    """Say what the effects of an initiative rest on, by the weakest of them."""
    if initiative.rests_on_judgement:
        return JUDGEMENT
    if any(law.tag == JUDGED for law in initiative.laws.values()):
        return JUDGED
    return PUBLISHED if set(initiative.laws) == set(initiative.effects) and initiative.effects else GIVEN


def _enablers(material: Material) -> list[dict[str, Any]]:
    """List funded initiatives whose failure voids others, by the value that their failure may cost."""
    plan, portfolio = material.plan, material.portfolio
    needed = prerequisites(portfolio)
    found = []
    for allocation in plan.allocations:
        behind = [id for id, before in needed.items() if allocation.id in before and plan.allocation(id).total >= SMALL]
        if behind and allocation.total >= SMALL:
            value = sum(plan.contributions[id] for id in (allocation.id, *behind))
            fails = 1 - portfolio.initiative(allocation.id).success.central
            found.append({"id": allocation.id, "count": len(behind), "value": value, "fails": fails})
    return sorted(found, key=lambda row: (-round(row["fails"] * row["value"], 6), row["id"]))


def _stakes(material: Material) -> list[dict[str, Any]]:
    """List funded initiatives that may fail, by what that is expected to cost."""
    found = []
    for id, value in material.plan.contributions.items():
        fails = 1 - material.portfolio.initiative(id).success.central
        if fails > 0 and value >= 0.0005:  # noqa: PLR2004  (rounds to 0)
            found.append((round(-fails * value, 6), id, {"id": id, "fails": fails, "value": value}))
    return [row for _, _, row in sorted(found, key=lambda each: each[:2])][:_MOST_STAKES]


def _against(plan: Plan, other: Plan) -> dict[str, Any]:
    """Give by how much another plan is better, by each measure, OOM."""
    scenarios, here = ((each.honesty or {}).get("scenarios", {}) for each in (other, plan))
    return {
        "expected": other.expected - plan.expected,
        "cvar": other.cvar - plan.cvar,
        "gain": other.gain[-1] - plan.gain[-1],
        "scenarios": {name: each["expected"] - here[name]["expected"] for name, each in scenarios.items()},
    }
