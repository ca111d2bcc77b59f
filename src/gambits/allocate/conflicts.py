"""Which rules cannot hold together: a smallest set, by dropping rules one at a time (deletion filter)."""

from __future__ import annotations

import pulp

from gambits.allocate.programme import BLOCKS, PAID, Layout, Limit, lay_out, state
from gambits.allocate.solver import LiveModel, Status, expression
from gambits.errors import BrokenRule, InfeasibleError


def explain(layout: Layout) -> InfeasibleError:
    """Make the error that names a smallest set of rules that no plan obeys together.

    Each rule of the set is needed: without it the rest can hold.
    """
    layout = lay_out(layout.portfolio, layout.gambit, layout.initiatives, (1.0,), 0.0, bare=True)
    limits = [limit for block in BLOCKS for limit in block(layout)]
    rules = list(dict.fromkeys(limit.rule for limit in limits))
    needed: list[BrokenRule] = []
    for k, rule in enumerate(rules):
        kept = {*needed, *rules[k + 1 :]}
        if _feasible(layout, [limit for limit in limits if limit.rule in kept]):
            needed.append(rule)
    shown = tuple(rule for rule in needed if rule.rule != PAID)
    return InfeasibleError("these rules cannot all hold", shown, "loosen one of the rules above, and solve again")


def can_hold(layout: Layout) -> bool:
    """Say whether some plan obeys every rule, whatever it is worth."""
    return _feasible(layout, [limit for block in BLOCKS for limit in block(layout)])


def _feasible(layout: Layout, limits: list[Limit]) -> bool:
    problem = pulp.LpProblem("rules", pulp.LpMinimize)
    # A floor on the tail cannot fail where nothing says what the tail is worth.
    columns = [
        problem.add_variable(name, 0, None if most is None else 1)
        for name, most in zip(layout.names, layout.upper, strict=True)
    ]
    problem.setObjective(expression([(columns[0], 0.0)]))
    state(problem, columns, tuple(limits))
    return LiveModel(problem, columns).solve().status is not Status.INFEASIBLE
