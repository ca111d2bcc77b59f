"""How an effect is written: an estimate, or the name of a law with its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import yaml

from gambits.files.kinds import BAD, Refused, Uncertain
from gambits.files.reading import Report, did_you_mean
from gambits.files.sections import unique_items
from gambits.quantities.estimates import Estimate
from gambits.scaling.effects.law import EffectLaw, Setting
from gambits.scaling.effects.registry import effect_laws, find_effect_law
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
