"""How an effect is written: an estimate, or the name of a law with its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from gambits.files.kinds import BAD, Refused, Uncertain
from gambits.files.reading import Report, did_you_mean
from gambits.files.sections import Draft, unique_items
from gambits.quantities.estimates import Estimate
from gambits.scaling.effects.law import EffectLaw, LawEstimate, Provenance, Setting
from gambits.scaling.effects.registry import effect_laws, find_effect_law
from gambits.scaling.effects.serving import OVERTRAIN
from gambits.scaling.effects.sizing import size

_PERCENTILES: Final = frozenset({"p10", "p50", "p90"})


@dataclass(frozen=True, slots=True)
class Effect(Uncertain):
    """An estimate of an effect on a lever, or a law that gives one: ``{parscale: {streams: 8}}``.

    A law is worked out when it is read, so that draws, scenarios and medians see an estimate like any other.
    """

    lever: str

    @property
    def words(self) -> str:
        laws = ", ".join(f"`{name}`" for name in effect_laws(self.lever))
        return f"estimate, {self.bounds.value}, or a law: {laws}" if laws else f"estimate, {self.bounds.value}"

    def read(self, node: yaml.Node, report: Report, key: str) -> Any:
        if not isinstance(node, yaml.MappingNode) or not node.value or _has_percentiles(node):
            return Uncertain.read(self, node, report, key)
        items = unique_items(node, report, key)
        if len(items) != 1:
            names = ", ".join(f"`{name}`" for name, _, _ in items)
            report.add(node, "one-law", f"`{key}` names more than one law: {names}", "keep one of them")
            return BAD
        name, place, arguments = items[0]
        law = self._law(name, place, report, key)
        return BAD if law is None else self._sized(law, place, arguments, report, f"{key}.{name}")

    def _law(self, name: str, place: yaml.Node, report: Report, key: str) -> EffectLaw | None:
        here = effect_laws(self.lever)
        law = find_effect_law(name)
        if law is None:
            report.add(place, "unknown-effect-law", f"`{key}`: there is no law `{name}`", did_you_mean(name, here))
        elif name not in here:
            message = f"`{key}`: the law `{name}` says nothing about {self.lever}"
            report.add(place, "law-lever", message, f"use it below {' or '.join(f'`{each}`' for each in law.levers)}")
            return None
        return law

    def _sized(self, law: EffectLaw, place: yaml.Node, arguments: yaml.Node, report: Report, key: str) -> Any:
        report.where[key] = report.at(place)
        faults = len(report.problems)
        given = law.section.read(arguments, report, key)
        if len(report.problems) > faults:
            return BAD
        setting = _setting(report)
        if setting is None:
            return BAD
        try:
            return size(law, self.lever, given, setting)
        except Refused as refusal:
            report.add(place, refusal.code, f"`{key}`: {refusal.message}", refusal.fix)
            return BAD

    def schema(self) -> dict[str, Any]:
        laws = {
            name: law.section.schema() | {"description": f"{law.title} ({law.source})"}
            for name, law in effect_laws(self.lever).items()
        }
        if not laws:
            return Uncertain.schema(self)
        named = {
            "type": "object",
            "properties": laws,
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }
        return {"anyOf": [{"$ref": "#/$defs/estimate"}, named]}


def check_law_costs_count(draft: Draft, report: Report, folder: Path) -> None:
    """A law that gains on one lever and harms on another is used on both, where the portfolio counts the other."""
    for place, lever, found in _found_by_law(draft):
        law = find_effect_law(found.law)
        assert law is not None, "an effect by law has its law"
        for cost in law.costs if lever not in law.costs else ():
            counts = cost != "inference_cost" or "market" in report.where or "frontier.inference_tokens" in report.where
            if counts and f"{place}.{cost}" not in report.where:
                message = f"`{place}.{lever}` has the gain of {law.title}, and its cost in {cost} is left out"
                report.warn(f"{place}.{lever}", "cost-left-out", message, f"add `{cost}: {{{law.name}: …}}`")


def check_law_gains_count_once(draft: Draft, report: Report, folder: Path) -> None:
    """What smaller models save over their life is not counted in serving as well."""
    saved = {place for place, lever, found in _found_by_law(draft) if lever == "inference_cost" and _is_saving(found)}
    for place, lever, found in _found_by_law(draft):
        if place in saved and lever == "compute" and _is_saving(found):
            message = f"`{place}` have the saving of {found.title} under compute and under inference_cost"
            report.warn(f"{place}.compute", "counted-twice", message, "write `count: training`, or keep one of them")


def check_smaller_models_count_once(draft: Draft, report: Report, folder: Path) -> None:
    """A frontier that serves its flagship has made it smaller already."""
    served = draft.get("frontier", {}).get("inference_tokens")
    for place, lever, found in _found_by_law(draft):
        if served is not None and served.central > 0 and found.law == OVERTRAIN.name:
            message = (
                f"`{place}.{lever}`: {found.title} is what `frontier.inference_tokens` already does to every model"
            )
            report.warn(f"{place}.{lever}", "counted-twice", message, "leave the effect out, or the tokens served")


def _found_by_law(draft: Draft) -> Iterator[tuple[str, str, Provenance]]:
    """List (place of the effects, lever, provenance) of the effects that laws gave."""
    for id, initiative in draft.get("initiatives", {}).items():
        for lever, effect in initiative.get("effects", {}).items():
            if isinstance(effect, LawEstimate):
                yield f"initiatives.{id}.effects", lever, effect.law


def _is_saving(found: Provenance) -> bool:
    return ("count", "lifetime") in found.arguments


def _has_percentiles(node: yaml.MappingNode) -> bool:
    return any(str(name.value) in _PERCENTILES for name, _ in node.value)


def _setting(report: Report) -> Setting | None:
    """Give what laws may take from the portfolio; None if it is there and could not be read."""
    if "frontier" not in report.where:
        return Setting()
    flop = report.values.get("frontier.compute.flop")
    tokens = report.values.get("frontier.unique_tokens.count")
    if not (isinstance(flop, Estimate) and isinstance(tokens, Estimate)):
        return None
    return Setting(flop.central, tokens.central)
