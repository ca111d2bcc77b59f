"""The track record: how good estimates were, and what that says about those of today.

A forecast of a quantity is judged by where in its distribution the outcome lay, as a standard normal z: honest
forecasts give z with mean 0 and spread 1. A forecast of a success is judged by its probability. What is learned is
shrunk: a kind of estimate towards honesty, an owner within it towards the kind, each as if ``strength`` more outcomes
had come out as forecast.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr, ndtri

from gambits.quantities.estimates import Estimate, Shape
from gambits.quantities.quantiles import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STRENGTH: Final = 10.0
"""Outcomes as forecast that a prior counts for."""
LEAST: Final = 10
"""Outcomes below which nothing is said of a group."""
_LEAST_OF_AN_OWNER: Final = 5
_HONEST_Z: Final = 6.0
"""Outcomes beyond so many σ count as so many: one slip of a unit must not decide."""
_INSIDE: Final = 1.6448536269514722
"""A 90 % interval reaches so many σ to each side."""
_MOST_SHIFT: Final = 20.0
SUCCESS: Final = "success"


@dataclass(frozen=True, slots=True)
class Pair:
    """An estimate and what came of it, with whose and of which kind it was."""

    kind: str
    owner: str
    path: str
    estimate: Estimate
    outcome: float


@dataclass(frozen=True, slots=True)
class Score:
    """How good the estimates of a group were; None for what its estimates do not have, or where there are too few.

    ``brier`` is the mean squared error of probabilities; ``coverage`` the part of outcomes inside 90 % intervals;
    ``bias`` how far outcomes lay above their estimates: as a difference of probability for successes, as a factor of
    the median for what is positive.
    """

    outcomes: int
    brier: float | None = None
    coverage: float | None = None
    bias: float | None = None

    @property
    def is_enough(self) -> bool:
        """Whether there are enough outcomes to say anything."""
        return self.outcomes >= LEAST

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""
        return {
            "outcomes": self.outcomes,
            "enough": self.is_enough,
            "brier": self.brier,
            "coverage": self.coverage,
            "bias": self.bias,
        }


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a track record says: chances move by ``shift`` in the logit; quantities by ``shift`` σ, times ``spread``."""

    shift: float
    spread: float = 1.0

    def to_dict(self) -> dict[str, float]:
        """Give the record as JSON."""
        return {"shift": self.shift, "spread": self.spread}


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """Scores by kind, owner and path, and the lessons by kind and by owner within a kind."""

    pairs: tuple[Pair, ...]
    strength: float
    by_kind: Mapping[str, Score]
    by_owner: Mapping[str, Mapping[str, Score]]
    by_path: Mapping[str, Mapping[str, Score]]
    lessons: Mapping[str, Lesson]
    of_owners: Mapping[tuple[str, str], Lesson] = field(default_factory=dict)

    def lesson(self, kind: str, owner: str) -> Lesson | None:
        """Give what holds for an estimate: its owner's lesson, else that of its kind, else none."""
        return self.of_owners.get((kind, owner), self.lessons.get(kind))

    def to_dict(self) -> dict[str, Any]:
        """Give the record as JSON."""

        def scores(groups: Mapping[str, Mapping[str, Score]]) -> dict[str, Any]:
            return {name: {kind: score.to_dict() for kind, score in each.items()} for name, each in groups.items()}

        return {
            "outcomes": len(self.pairs),
            "strength": self.strength,
            "kinds": {kind: score.to_dict() for kind, score in self.by_kind.items()},
            "owners": scores(self.by_owner),
            "paths": scores(self.by_path),
            "lessons": {kind: lesson.to_dict() for kind, lesson in self.lessons.items()},
            "lessons_of_owners": [
                {"kind": kind, "owner": owner, **lesson.to_dict()} for (kind, owner), lesson in self.of_owners.items()
            ],
        }


def track_record(pairs: Iterable[Pair], strength: float = STRENGTH) -> TrackRecord:
    """Judge estimates by their outcomes.

    Parameters
    ----------
    pairs
        Estimates with outcomes.
    strength
        How many outcomes as forecast each prior counts for; above 0.
    """
    found = tuple(pairs)
    kinds = _grouped(found, lambda pair: pair.kind)
    lessons = {kind: _lesson(kind, group, strength, _HONEST) for kind, group in kinds.items() if len(group) >= LEAST}
    of_owners = {
        (kind, owner): _lesson(kind, group, strength, lessons[kind])
        for kind in lessons
        for owner, group in _grouped(kinds[kind], lambda pair: pair.owner).items()
        if owner and len(group) >= _LEAST_OF_AN_OWNER
    }
    return TrackRecord(
        pairs=found,
        strength=strength,
        by_kind={kind: score(group) for kind, group in kinds.items()},
        by_owner=_scores(found, lambda pair: pair.owner or "nobody named"),
        by_path=_scores(found, lambda pair: pair.path),
        lessons=lessons,
        of_owners=of_owners,
    )


_HONEST: Final = Lesson(0.0, 1.0)


def _grouped(pairs: Iterable[Pair], name: Callable[[Pair], str]) -> dict[str, list[Pair]]:
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(name(pair), []).append(pair)
    return dict(sorted(groups.items()))


def _scores(pairs: Iterable[Pair], name: Callable[[Pair], str]) -> dict[str, dict[str, Score]]:
    return {
        group: {kind: score(each) for kind, each in _grouped(members, lambda pair: pair.kind).items()}
        for group, members in _grouped(pairs, name).items()
    }


def score(pairs: list[Pair]) -> Score:
    """Score estimates of one kind.

    Notes
    -----
    Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78(1).
    """
    if len(pairs) < LEAST:
        return Score(len(pairs))
    outcomes = np.array([pair.outcome for pair in pairs])
    middles = np.array([pair.estimate.central for pair in pairs])
    if pairs[0].kind == SUCCESS:
        error = middles - outcomes
        return Score(len(pairs), brier=float((error**2).mean()), bias=float(-error.mean()))
    spread = [z_of(pair.estimate, pair.outcome) for pair in pairs if not pair.estimate.is_certain]
    coverage = float(np.mean(np.abs(spread) <= _INSIDE)) if spread else None
    positive = bool((outcomes > 0).all() and (middles > 0).all())
    bias = float(np.exp(np.log(outcomes / middles).mean())) if positive else None
    return Score(len(pairs), coverage=coverage, bias=bias)


def z_of(estimate: Estimate, outcome: float) -> float:
    """Say where in its distribution an outcome lay, as a standard normal; at most 6 to either side."""

    def beyond(z: float) -> float:
        return float(quantile(estimate, np.array([ndtr(z)]))[0]) - outcome

    if beyond(-_HONEST_Z) >= 0 or beyond(_HONEST_Z) <= 0:
        return -_HONEST_Z if beyond(-_HONEST_Z) >= 0 else _HONEST_Z
    return float(brentq(beyond, -_HONEST_Z, _HONEST_Z, xtol=1e-10))


def _lesson(kind: str, pairs: list[Pair], strength: float, prior: Lesson) -> Lesson:
    if kind == SUCCESS:
        return Lesson(_shift_of_chances(pairs, strength, prior.shift))
    z = np.array([z_of(pair.estimate, pair.outcome) for pair in pairs if not pair.estimate.is_certain])
    count = len(z)
    shift = float((z.sum() + strength * prior.shift) / (count + strength))
    spread = math.sqrt((((z - shift) ** 2).sum() + strength * prior.spread**2) / (count + strength))
    return Lesson(shift, spread)


def _shift_of_chances(pairs: list[Pair], strength: float, prior: float) -> float:
    """Find the shift of the logit at which outcomes are likeliest, with ``strength`` that came as the prior says."""
    open_ones = [pair for pair in pairs if 0 < pair.estimate.central < 1]
    if not open_ones:
        return prior
    place = logit(np.array([pair.estimate.central for pair in open_ones]))
    outcomes = np.array([pair.outcome for pair in open_ones])

    def slope(shift: float) -> float:
        observed = (outcomes - expit(place + shift)).sum()
        return float(observed + strength * (expit(place + prior) - expit(place + shift)).mean())

    return float(brentq(slope, -_MOST_SHIFT, _MOST_SHIFT, xtol=1e-12))


def recalibrated(estimate: Estimate, kind: str, lesson: Lesson) -> Estimate:
    """Give an estimate as its track record says it should have been written.

    One without spread stays as it is: it says nothing about how sure its author is.
    """
    if kind == SUCCESS:
        values = np.array(estimate.values)
        inside = (values > 0) & (values < 1)
        shifted = np.where(inside, expit(logit(np.where(inside, values, 0.5)) + lesson.shift), values)
        return Estimate(estimate.shape, tuple(shifted.tolist()), estimate.bounds)
    if estimate.is_certain:
        return estimate
    if estimate.shape is Shape.RANGE:
        return _moved_range(estimate, lesson)
    places = ndtr(lesson.shift + lesson.spread * ndtri(np.array([0.1, 0.5, 0.9])))
    moved = quantile(estimate, np.clip(places, 1e-9, 1 - 1e-9))
    return _feasible(Estimate(estimate.shape, tuple(moved.tolist()), estimate.bounds))


def _moved_range(estimate: Estimate, lesson: Lesson) -> Estimate:
    """Shift and widen the normal, or log-normal, that a range stands for."""
    is_log = estimate.values[0] > 0
    low, high = np.log(estimate.values) if is_log else np.array(estimate.values)
    sigma = (high - low) / (2 * _INSIDE)
    ends = (low + high) / 2 + sigma * (lesson.shift + lesson.spread * np.array([-_INSIDE, _INSIDE]))
    return Estimate(estimate.shape, tuple((np.exp(ends) if is_log else ends).tolist()), estimate.bounds)


def _feasible(estimate: Estimate) -> Estimate:
    """Move a median that no distribution of three percentiles has to where one does."""
    limits = estimate.middle_limits
    if limits is None:
        return estimate
    low, middle, high = estimate.values
    return Estimate(estimate.shape, (low, min(max(middle, limits[0]), limits[1]), high), estimate.bounds)
