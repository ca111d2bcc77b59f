"""Mixtures of experts: more parameters than are used for any one token."""

from __future__ import annotations

import math
from typing import Final

from gambits.files.kinds import Number, Whole
from gambits.files.sections import Key
from gambits.scaling.effects.gains import KEPT, factor
from gambits.scaling.effects.law import JUDGED, EffectLaw, Form, Values, always
from gambits.scaling.published import Constant


def saturated_experts(experts: float, start: float, most: float) -> float:
    """Give Ê, the experts that count: 1/Ê = 1/(E − 1 + (1/start − 1/most)⁻¹) + 1/most.

    Notes
    -----
    Clark et al. 2022, arXiv 2202.01169; the formula is quoted from memory (M). One expert gives ``start``, without
    end gives ``most``. With start 1.847 and most 314.5, 128 experts count as 91.4.
    """
    return 1 / (1 / (experts - 1 + 1 / (1 / start - 1 / most)) + 1 / most)


def worth_of_routing(experts: float, parameters: float, constants: Values) -> float:
    """Give how many times larger a dense model would have to be to match one with experts.

    Parameters
    ----------
    experts
        E, how many experts each routed layer chooses among.
    parameters
        N of the dense model that each token meets.
    constants
        a, b, c, E_start and E_max.

    Notes
    -----
    Clark et al. 2022: log L = a log N + b log Ê + c log N log Ê + d, to the base of 10. The dense model of the same
    loss has log N' = log N + (b + c log N)(log Ê − log E_start) / (a + c log E_start). S-BASE with 128 experts: 3.6
    times at 1.3 billion parameters, 2.4 at 10 billion, nothing at 10^12, where b + c log N = 0.
    """
    log_n = math.log10(parameters)
    start = math.log10(constants["E_start"])
    counted = math.log10(saturated_experts(experts, constants["E_start"], constants["E_max"]))
    gained = (constants["b"] + constants["c"] * log_n) * (counted - start)
    return float(10 ** (gained / (constants["a"] + constants["c"] * start)))


def worth_of_granularity(granularity: float, g: float, a: float, gamma: float, alpha: float) -> float:
    """Give the factor on parameters of experts cut G times finer: ((g + a) / (g G^−γ + a))^(1/α).

    Notes
    -----
    Krajewski et al. 2024, arXiv 2402.07871: L = c + (g/G^γ + a)/N^α + b/D^β. With a 18.1, α 0.115, g 2.1, γ 0.58
    experts 8 times finer are worth 1.93 times the parameters of a mixture with G = 1, 64 times finer 2.37.
    """
    return float(((g + a) / (g * granularity**-gamma + a)) ** (1 / alpha))


MOE: Final = EffectLaw(
    name="moe",
    title="Mixture of experts",
    source="Fedus et al. 2021, arXiv 2101.03961; Ling team 2025, arXiv 2507.17702",
    reach="Switch: T5 models; Ling: 0.85 billion active parameters on 1 trillion tokens",
    note=(
        "Against a dense model. A lab that trains sparse models already has most of it in its baseline. The memory of "
        "all parameters must be paid for in serving."
    ),
    fitted_to=5.1e21,
    arguments=(KEPT,),
    forms=(factor("compute", "gain"), factor("parameter_efficiency", "gain")),
    constants=(
        Constant(
            "gain",
            4.0,
            JUDGED,
            (2.0, 7.0),
            0.9,
            "up to 7 times faster pre-training, 4 times over T5-XXL (Switch, R1 abstract); over 7 times less compute "
            "(Ling, R1 abstract); the range is our judgement",
        ),
    ),
)

CLARK: Final = EffectLaw(
    name="routing",
    title="Routed experts",
    source="Clark et al. 2022, arXiv 2202.01169",
    reach="hundreds of experts; it says that routing stops paying near 10^12 parameters",
    note=(
        "Krajewski et al. 2024 find gains that grow with size instead (from memory); take it as the low end. Against a "
        "dense model."
    ),
    arguments=(
        Key("experts", Whole(1, 1024), "experts that a routed layer chooses among", required=True),
        Key(
            "parameters", Number(above=0, high=1e12), "parameters of the dense model that a token meets", required=True
        ),
    ),
    forms=(
        Form(
            "parameter_efficiency",
            "10^((b + c log N)(log Ê − log E_start) / (a + c log E_start))",
            lambda at: worth_of_routing(at["experts"], at["parameters"], at),
            uses=always("a", "b", "c", "E_start", "E_max"),
            tag="M",
        ),
    ),
    constants=(
        Constant("a", -0.082, "R2", note="S-BASE routing"),
        Constant("b", -0.108, "R2", note="S-BASE routing"),
        Constant("c", 0.009, "R2", note="S-BASE routing"),
        Constant("E_start", 1.847, "R2", note="the formula that it saturates by is from memory"),
        Constant("E_max", 314.5, "R2", note="the formula that it saturates by is from memory"),
    ),
)

KRAJEWSKI: Final = EffectLaw(
    name="granularity",
    title="Finer experts",
    source="Krajewski et al. 2024, arXiv 2402.07871",
    reach="the authors put the best granularity at 8 for 1e18 FLOP and at 64 for 1e25",
    note=(
        "Against a mixture of experts with as many parameters and experts as large as its layers, not against a dense "
        "model."
    ),
    arguments=(Key("granularity", Number(1, 64), "how many times finer the experts are cut, G", required=True),),
    forms=(
        Form(
            "parameter_efficiency",
            "((g + a) / (g G^−γ + a))^(1/α)",
            lambda at: worth_of_granularity(at["granularity"], at["g"], at["a"], at["gamma"], at["alpha"]),
            uses=always("g", "a", "gamma", "alpha"),
        ),
    ),
    constants=(
        Constant("g", 2.1, "R2"),
        Constant("a", 18.1, "R2"),
        Constant("gamma", 0.58, "R2"),
        Constant("alpha", 0.115, "R2"),
    ),
)
