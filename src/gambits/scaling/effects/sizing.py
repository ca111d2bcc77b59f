"""From a law and its arguments to an estimate that says by which law it was made."""

from __future__ import annotations

import math
from typing import Any, Final

import yaml

from gambits.files.kinds import Refused
from gambits.files.sections import Key
from gambits.quantities.estimates import Bounds, Estimate, Shape
from gambits.scaling.effects import spread
from gambits.scaling.effects.law import (
    EFFECT_TAGS,
    FLAGSHIP,
    STOCK,
    EffectLaw,
    Form,
    LawEstimate,
    Provenance,
    Setting,
    Values,
)
from gambits.scaling.effects.spread import Quantile
from gambits.scaling.published import Constant

_DIGITS: Final = 4
"""An effect is rounded to as many digits: it is not known better."""
_UNKNOWN: Final = Setting()


def size(law: EffectLaw, lever: str, arguments: Values, setting: Setting = _UNKNOWN) -> LawEstimate:
    """Give the effect on a lever at full funding: a 90 % range, or a point if nothing in it is uncertain.

    Parameters
    ----------
    law
        The law.
    lever
        One of its levers.
    arguments
        Values by name, as the law's section reads them; what is absent has its default.
    setting
        What the portfolio says.

    Raises
    ------
    Refused
        If arguments contradict each other, or one is needed that neither they nor the portfolio give.
    """
    form = law.form(lever)
    given = _filled(law, arguments, setting)
    law.refuse(_medians(given))
    constants = _used(law, form, given)
    tag = form.tag or max((each.tag for each in constants), key=list(EFFECT_TAGS).index)
    certain = _medians(given) | {each.name: each.value for each in constants}
    if law.joint is not None:
        certain["joint"] = law.joint(certain, 0.5)
    uncertain = _uncertain(law, given, constants, tag)

    def effect(at: Values) -> float:
        try:
            return _sound(_sound(form.of(at)) ** float(at.get("widening", 1.0)))
        except ArithmeticError:
            return _sound(math.nan)

    central = effect(certain)
    low, high = spread.percentiles(effect, certain, uncertain) if uncertain else (central, central)
    provenance = Provenance(
        law=law.name,
        title=law.title,
        lever=lever,
        arguments=tuple((name, _shown(value)) for name, value in given.items()),
        formula=form.formula,
        central=central,
        spread=_words(uncertain, constants, tag),
        constants=constants,
        source=law.source,
        tag=tag,
        reach=law.reach,
        note=law.note,
        fitted_to=law.fitted_to,
    )
    return LawEstimate(*_rounded(low, high), Bounds.POSITIVE, law=provenance)


def _filled(law: EffectLaw, arguments: Values, setting: Setting) -> Values:
    """Give every argument in the order of the table, with defaults; what has none is left out."""
    from_portfolio = {FLAGSHIP: setting.flop, STOCK: setting.unique_tokens}
    filled: Values = {}
    for key in law.arguments:
        if key.name in arguments:
            filled[key.name] = arguments[key.name]
        elif key.default in from_portfolio:
            filled[key.name] = _from_portfolio(key, from_portfolio[key.default])
        elif key.default:
            filled[key.name] = key.kind.parse(yaml.ScalarNode("tag:yaml.org,2002:str", key.default))
    return filled


def _from_portfolio(key: Key, value: float | None) -> float:
    if value is None:
        message = f"`{key.name}` is by default that of `frontier`, and there is none"
        raise Refused("law-argument", message, f"give `{key.name}:`")
    return value


def _medians(given: Values) -> Values:
    return {name: value.central if isinstance(value, Estimate) else value for name, value in given.items()}


def _used(law: EffectLaw, form: Form, given: Values) -> tuple[Constant, ...]:
    names = form.uses(given)
    return tuple(each for each in law.constants if each.name in names)


def _uncertain(law: EffectLaw, given: Values, constants: tuple[Constant, ...], tag: str) -> dict[str, Quantile]:
    """Give a quantile function for everything uncertain; constants without an interval widen the gain by rule."""
    uncertain: dict[str, Quantile] = {}
    if law.joint is not None:
        joint, certain = law.joint, _medians(given)
        uncertain["joint"] = lambda probability: joint(certain, probability)
    for name, value in given.items():
        if isinstance(value, Estimate) and not value.is_certain:
            uncertain[name] = spread.quantile_of_estimate(value)
    for each in constants:
        if each.interval is not None:
            uncertain[each.name] = spread.quantile_of_constant(each)
    if any(each.interval is None for each in constants):
        uncertain["widening"] = spread.quantile_of_widening(tag)
    return uncertain


def _sound(value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        message = "the law gives no finite effect above 0 for these arguments"
        raise Refused("law-argument", message, "use other arguments, or write a range")
    return value


def _rounded(low: float, high: float) -> tuple[Shape, tuple[float, ...]]:
    ends = tuple(float(f"{value:.{_DIGITS}g}") for value in (low, high))
    return (Shape.POINT, ends[:1]) if ends[0] == ends[1] else (Shape.RANGE, ends)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(uncertain: dict[str, Quantile], constants: tuple[Constant, ...], tag: str) -> str:
    """Say how the range came about."""
    if not uncertain:
        return "no range, since nothing in it is uncertain"
    named = {each.name: each for each in constants}
    return "5th to 95th percentile over " + ", ".join(_source_of_spread(name, named, tag) for name in uncertain)


def _source_of_spread(name: str, constants: dict[str, Constant], tag: str) -> str:
    match name:
        case "joint":
            return "the fitted constants, drawn together"
        case "widening":
            factor = spread.WIDENING[tag]
            return f"the gain's logarithm, {factor:g} times less or more, as for every {tag} figure without an interval"
        case _ if name in constants:
            low, high = constants[name].interval or (0.0, math.inf)
            return f"{name} ({constants[name].level:.0%}: {low:g} to {high:g})"
        case _:
            return f"{name} as written"
