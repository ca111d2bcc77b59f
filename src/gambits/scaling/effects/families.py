"""Families of models: small ones cut and taught from a large one, in place of training each."""

from __future__ import annotations

from typing import Final

from gambits.files.kinds import Number
from gambits.files.sections import Key
from gambits.scaling.effects.law import JUDGED, EffectLaw, Form, always
from gambits.scaling.published import Constant


def worth_of_distillation(students: float, fewer_tokens: float) -> float:
    """Give the factor on the compute of a family: (1 + s) / (1 + s/r).

    Parameters
    ----------
    students
        s, compute of the students if trained from scratch, over the teacher's.
    fewer_tokens
        r, how many times fewer tokens a student needs from its teacher.

    Notes
    -----
    Minitron (Muralidharan et al. 2024, arXiv 2407.14679): 8 and 4 billion parameters from 15 billion with up to 40
    times fewer tokens, s = 12/15, give 1.76; the authors say 1.8. Without students there is nothing to save: a
    frontier model alone gains nothing.
    """
    return (1 + students) / (1 + students / fewer_tokens)


DISTILLATION: Final = EffectLaw(
    name="distillation",
    title="Distilled family",
    source="Muralidharan et al. 2024, arXiv 2407.14679",
    reach="a family of 15, 8 and 4 billion parameters",
    note=(
        "Saves compute on the family, and gives the frontier model nothing. Pays only up to a level of compute, "
        "unless the teacher exists or has many students (Busbridge et al. 2025, arXiv 2502.08606, R1 abstract)."
    ),
    arguments=(Key("students", Number(low=0), "compute of the students from scratch, over the teacher's", "", "0.8"),),
    forms=(
        Form(
            "compute",
            "(1 + s) / (1 + s/r)",
            lambda at: worth_of_distillation(at["students"], at["fewer_tokens"]),
            uses=always("fewer_tokens"),
        ),
    ),
    constants=(
        Constant(
            "fewer_tokens", 20.0, JUDGED, (10.0, 40.0), 0.9, "published as up to 40 (R1 abstract), hence the upper end"
        ),
    ),
)
