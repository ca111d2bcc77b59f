r"""The frontier when one budget trains a model and serves it: the inference-aware optimum.

Sardana et al. 2023 (arXiv 2401.00448): a model of N parameters that is trained on D tokens and then serves T takes
6ND + 2NT FLOP. In the units of ``frontier`` (N = U_N e^y, D = U e^z, s = ln(C/C_U)) and with τ = ln(T/3U)
the budget is e^y (e^z + e^τ) = e^s, A, B and E cancel as they do there, and ln C_eff = ln C_U + Ψ(s, τ) with

    Ψ(s, τ) = max over z of F(s − ln(e^z + e^τ), z),
    F(y, z) = −(1/γ) ln( β/(α+β) n'(y)^−α + α/(α+β) d'(z)^−β )

F is concave and rises in both, y is concave in (s, τ, z), so Ψ is jointly concave in (s, τ), and effective compute in
(ln C, ln U, ln T). With q = e^τ/(e^z + e^τ) the part of the budget that serves, and F_y = ∂F/∂y at the optimum,
Ψ_s = F_y and Ψ_τ = −q F_y by the envelope theorem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gambits.scaling.repetition import bent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_MOST_STEPS: Final = 200
_STEP_TOLERANCE: Final = 1e-12
"""In z. The value errs by its square, the slopes by as much."""
_LN_2: Final = np.log(2.0)


def best_over_life(
    s: Array, tau: Array, alpha: Array, beta: Array, r_d: Array, r_n: Array, start: Array | None
) -> tuple[Array, Array, Array, Array]:
    """Give z = ln(D/U), Ψ, Ψ_s and the part q of the budget that serves; everything of one shape (n,).

    Parameters
    ----------
    s, tau
        ln(C/C_U) and ln(T/3U).
    alpha, beta, r_d, r_n
        Of the law.
    start
        z of a nearby point, to start from.
    """
    low, high = _bracket(s, tau, alpha, beta)
    z = np.clip(_guess(s, tau, alpha, beta, r_d, r_n) if start is None else start, low, high)
    left, at = np.arange(len(s)), z.copy()
    part = (s, tau, alpha, beta, r_d, r_n)
    for _ in range(_MOST_STEPS):
        tilt, falls = _tilt(at, *part)
        low, high = np.where(tilt > 0, at, low), np.where(tilt > 0, high, at)
        newton = at - tilt / falls
        following = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
        going = np.abs(following - at) > _STEP_TOLERANCE * (1 + np.abs(at))
        z[left] = following
        if not going.any():
            break
        # Most settle within a few steps: go on with the rest alone.
        left, low, high, at = left[going], low[going], high[going], following[going]
        part = tuple(each[going] for each in part)  # type: ignore[assignment]
    return _worth(z, s, tau, alpha, beta, r_d, r_n)


def _worth(
    z: Array, s: Array, tau: Array, alpha: Array, beta: Array, r_d: Array, r_n: Array
) -> tuple[Array, Array, Array, Array]:
    trained_and_served = np.logaddexp(z, tau)
    ln_n, ln_elastic_n, _ = bent(s - trained_and_served, r_n)
    ln_d, _, _ = bent(z, r_d)
    both = alpha + beta
    ln_parameter_term = np.log(beta / both) - alpha * ln_n
    ln_reducible = np.logaddexp(ln_parameter_term, np.log(alpha / both) - beta * ln_d)
    worth = -ln_reducible * both / (alpha * beta)
    by_s = both / beta * np.exp(ln_parameter_term - ln_reducible + ln_elastic_n)
    return z, worth, by_s, np.exp(tau - trained_and_served)


def _tilt(z: Array, s: Array, tau: Array, alpha: Array, beta: Array, r_d: Array, r_n: Array) -> tuple[Array, Array]:
    """Give ln of the ratio of the two marginal gains, which falls in z and is 0 at the optimum, and its slope."""
    ln_training = z - np.logaddexp(z, tau)
    trains = np.exp(ln_training)
    ln_n, ln_elastic_n, falls_n = bent(s - z + ln_training, r_n)
    ln_d, ln_elastic_d, falls_d = bent(z, r_d)
    tilt = ln_elastic_d - beta * ln_d - ln_elastic_n + alpha * ln_n - ln_training
    by_y = alpha * np.exp(ln_elastic_n) - falls_n
    return tilt, falls_d - beta * np.exp(ln_elastic_d) - trains * by_y - (1 - trains)


def _bracket(s: Array, tau: Array, alpha: Array, beta: Array) -> tuple[Array, Array]:
    """Give z between which the tilt changes sign.

    Above, N lies below U_N and each side of the tilt is bounded by what it is without repetition; below, so does D.
    """
    high = np.maximum(np.maximum(s, tau), 0) + _LN_2 / alpha
    trained = alpha * (s - _LN_2) / (alpha + beta)
    served = (tau * (1 - alpha) + alpha * (s - _LN_2)) / (1 + beta)
    return np.minimum(np.minimum(trained, served), 0) - 1e-6, high


def _guess(s: Array, tau: Array, alpha: Array, beta: Array, r_d: Array, r_n: Array) -> Array:
    """Give z as it would be were nothing repeated, or, deep past the wall, where both repetitions fade alike."""
    shallow = np.maximum(alpha * s / (alpha + beta), (tau * (1 - alpha) + alpha * s) / (1 + beta))
    deep = np.full_like(s, np.inf)
    fades = np.isfinite(r_d) & np.isfinite(r_n)
    deep[fades] = (s[fades] + np.log(r_d[fades] / r_n[fades])) / 2
    return np.where(shallow > 0, np.minimum(shallow, np.maximum(deep, 0)), shallow)
