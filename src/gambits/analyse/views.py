"""Ways to look at plans: as a gambit weighs mean and tail, and by the mean in one scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gambits.analyse.given import Held
from gambits.analyse.study import Study
from gambits.forecast.oracle import Forecast
from gambits.portfolio.gambit import Gambit


@dataclass(frozen=True, slots=True)
class View:
    """Futures and how they are weighed.

    ``study`` holds the futures. ``lens`` has the objective, tail and aversion of the view, and no rules.
    """

    name: str
    study: Study
    lens: Gambit

    @property
    def forecast(self) -> Forecast:
        """The futures through the objective and tail."""
        return self.study.forecast(self.lens)

    def value(self, plan: Held) -> float:
        """Say what a plan is worth, OOM; its rules are not looked at."""
        values = self.forecast.evaluate(*plan.counted(self.study.portfolio, self.forecast))
        return (1 - self.lens.aversion) * values.expected + self.lens.aversion * values.tail

    def through(self, gambit: Gambit) -> Gambit:
        """Give the gambit with its own rules and the weighing of the view.

        A floor under the tail is a rule of the gambit's own weighing; elsewhere it is left out.
        """
        lens = self.lens
        return replace(gambit, aversion=lens.aversion, tail=lens.tail, objective=lens.objective, cvar_floor=None)


def views_of(study: Study, gambits: Sequence[Gambit]) -> tuple[View, ...]:
    """List the views that plans of these gambits are held against.

    First every gambit's own weighing, by its name; then, where there are several scenarios, the mean in each, by its
    name.
    """
    own = [View(each.name, study, _lens(each)) for each in gambits]
    scenarios = study.forecast(gambits[0]).draws.scenarios
    if len(scenarios) == 1:
        return tuple(own)
    mean = replace(_lens(gambits[0]), aversion=0.0)
    taken = {each.name for each in gambits}
    return (
        *own,
        *(
            View(f"scenario {name}" if name in taken else name, study.believing({name: 1.0}), mean)
            for name in scenarios
        ),
    )


def _lens(gambit: Gambit) -> Gambit:
    return Gambit(
        gambit.name,
        aversion=gambit.aversion,
        tail=gambit.tail,
        objective=gambit.objective,
        file=gambit.file,
        where=gambit.where,
    )
