"""A portfolio whose author changes one estimate: what ``load`` would give for the edited file, without the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gambits.portfolio.graph import prerequisites
from gambits.portfolio.model import Frontier, Initiative, Lever, Portfolio, Trend
from gambits.portfolio.order import bonds_of, canonical_order
from gambits.quantities.estimates import Estimate

_CERTAIN_SUCCESS = 1.0


def estimates(portfolio: Portfolio) -> dict[str, Estimate]:
    """List every estimate that the portfolio states and a plan can depend on, by dotted key, sorted.

    Chances of 1, values of 0 and the market's levels, which cancel out of every gain, are not among them.
    """
    found = dict(_of_the_frontier(portfolio.frontier)) if portfolio.frontier else {}
    for each in portfolio.initiatives:
        for key, estimate in _of_an_initiative(each):
            is_part = each.part == "stages" and ".uses." in key and key in found
            found[key] = _sum_of(found[key], estimate) if is_part else estimate
    for synergy in portfolio.synergies:
        found |= {synergy.key(lever): estimate for lever, estimate in synergy.effects.items()}
    found |= {overlap.key: overlap.cap for overlap in portfolio.overlaps}
    return dict(sorted(found.items()))


def own_estimates(portfolio: Portfolio, id: str) -> dict[str, Estimate]:
    """List the estimates of one initiative, by dotted key, sorted.

    Raises
    ------
    KeyError
        If there is no such initiative.
    """
    mine = dict(_of_an_initiative(portfolio.initiative(id)))
    return {key: estimate for key, estimate in estimates(portfolio).items() if key in mine}


def with_estimates(portfolio: Portfolio, changes: Mapping[str, Estimate]) -> Portfolio:
    """Give the portfolio with other estimates, by dotted key; the initiatives stay in their order.

    A stage that costs another part of the whole takes another part of its resources and of what was spent, and where
    later stages count by expectation, another chance of success makes them count more or less.
    """
    before = estimates(portfolio)
    changed = [_edited(each, changes, before) for each in portfolio.initiatives]
    edited = replace(portfolio, initiatives=tuple(_rejoined(portfolio, changed)))
    synergies = (
        replace(each, effects={lever: changes.get(each.key(lever), old) for lever, old in each.effects.items()})
        for each in portfolio.synergies
    )
    return replace(
        edited,
        frontier=_edited_frontier(portfolio.frontier, changes) if portfolio.frontier else None,
        synergies=tuple(synergies),
        overlaps=tuple(replace(each, cap=changes.get(each.key, each.cap)) for each in portfolio.overlaps),
    )


def in_order(portfolio: Portfolio) -> Portfolio:
    """Put an edited portfolio's initiatives into the order in which ``load`` would."""
    bonds = bonds_of(portfolio.groups, portfolio.excludes, portfolio.synergies, portfolio.overlaps)
    return replace(portfolio, initiatives=canonical_order(portfolio.initiatives, bonds))


def _of_the_frontier(frontier: Frontier) -> Iterator[tuple[str, Estimate]]:
    for name, trend in (("compute", frontier.compute), ("unique_tokens", frontier.unique_tokens)):
        yield f"frontier.{name}.{_START[name]}", trend.start
        yield f"frontier.{name}.growth_per_year", trend.growth_per_year
    if frontier.inference_tokens.central > 0:
        yield "frontier.inference_tokens", frontier.inference_tokens


_START = {"compute": "flop", "unique_tokens": "count"}


def _edited_frontier(frontier: Frontier, changes: Mapping[str, Estimate]) -> Frontier:
    def edited(name: str, trend: Trend) -> Trend:
        prefix = f"frontier.{name}"
        return Trend(
            changes.get(f"{prefix}.{_START[name]}", trend.start),
            changes.get(f"{prefix}.growth_per_year", trend.growth_per_year),
        )

    return replace(
        frontier,
        compute=edited("compute", frontier.compute),
        unique_tokens=edited("unique_tokens", frontier.unique_tokens),
        inference_tokens=changes.get("frontier.inference_tokens", frontier.inference_tokens),
    )


def _of_an_initiative(initiative: Initiative) -> Iterator[tuple[str, Estimate]]:
    yield initiative.key("cost"), initiative.cost
    if not (initiative.success.is_certain and initiative.success.central == _CERTAIN_SUCCESS):
        yield initiative.key("success"), initiative.success
    if not (initiative.value.is_certain and initiative.value.central == 0):
        yield initiative.key("value"), initiative.value
    for lever, estimate in initiative.effects.items():
        yield initiative.key(f"effects.{lever.value}"), estimate
    for name, estimate in initiative.uses.items():
        yield initiative.key(f"uses.{name}"), estimate


def _edited(initiative: Initiative, changes: Mapping[str, Estimate], before: Mapping[str, Estimate]) -> Initiative:
    def of(name: str, old: Estimate) -> Estimate:
        return changes.get(initiative.key(name), old)

    def used(name: str, old: Estimate) -> Estimate:
        key = initiative.key(f"uses.{name}")
        # Stages share what the whole uses: each has a fraction of it.
        return _times(changes[key], old.central / before[key].central) if key in changes else old

    effects: dict[Lever, Estimate] = {
        lever: of(f"effects.{lever.value}", old) for lever, old in initiative.effects.items()
    }
    return replace(
        initiative,
        cost=of("cost", initiative.cost),
        success=of("success", initiative.success),
        value=of("value", initiative.value),
        effects=effects,
        uses={name: used(name, old) for name, old in initiative.uses.items()},
    )


def _rejoined(portfolio: Portfolio, changed: list[Initiative]) -> Iterator[Initiative]:
    """Split what a whole uses and was paid over its stages by their new costs, and count each by its new chance."""
    needed = prerequisites(portfolio)
    old = {each.id: each for each in portfolio.initiatives}
    for each in changed:
        stages = [one for one in changed if one.part == "stages" and one.entry == each.entry]
        if each.part != "stages" or all(_costs_as(one, old[one.id]) for one in stages):
            yield each
            continue
        stages.sort(key=lambda one: len(needed[one.id]))
        before = [old[one.id] for one in stages]
        fraction = _fraction(each, stages) / _fraction(old[each.id], before)
        reached = each.reached
        for one in stages:
            if portfolio.budget.by_expectation and one.id in needed[each.id]:
                reached *= one.success.central / old[one.id].success.central
        yield replace(
            each,
            uses={name: _times(use, fraction) for name, use in each.uses.items()},
            reached=reached,
            spent=_paid(stages, before)[each.id],
        )


def _costs_as(stage: Initiative, before: Initiative) -> bool:
    return stage.cost == before.cost and stage.success == before.success


def _paid(stages: list[Initiative], before: list[Initiative]) -> dict[str, tuple[tuple[int, float], ...]]:
    """Give what was spent to the first stage until it is full, then to the next."""
    left: dict[int, float] = {}
    for when, money in (payment for one in before for payment in one.spent):
        left[when] = left.get(when, 0.0) + money
    found = {}
    for stage in stages:
        room, taken = stage.cost.central, {}
        for when in sorted(left):
            taken[when] = min(left[when], room)
            left[when] -= taken[when]
            room -= taken[when]
        found[stage.id] = tuple((when, money) for when, money in taken.items() if money > 0)
    return found


def _fraction(stage: Initiative, stages: list[Initiative]) -> float:
    return stage.cost.central / sum(one.cost.central for one in stages)


def _times(estimate: Estimate, factor: float) -> Estimate:
    if factor == 1.0:
        return estimate
    return Estimate(estimate.shape, tuple(value * factor for value in estimate.values), estimate.bounds)


def _sum_of(first: Estimate, second: Estimate) -> Estimate:
    """Add up the parts of what a whole uses: fractions of one estimate."""
    return _times(first, 1 + second.central / first.central)
