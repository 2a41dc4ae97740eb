"""Full information: prediction with expert advice on the adversaries of the bandits, every loss of a round is seen.

An algorithm's module states ``PROTOCOL = FULL_INFORMATION``; its ``observe(params, state, t, arm, row)`` gets the
losses of all arms, shape (K,). Everything else is as in :func:`bandits.loops.adversarial`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from bandits.loops import Adversarial
from kernels.jit import embedded


@embedded
def revealed(arm, n_arms):
    """Which losses of the round the algorithm is shown: all of them."""
    return slice(0, n_arms)


class FullInformation(Adversarial):
    """The adversarial protocol with every loss revealed."""

    def bindings(
        self, params: Any, instance: Any, watch: ModuleType | None, overrides: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Those of the adversarial loop, and what is revealed."""
        return {**super().bindings(params, instance, watch, overrides), "revealed": revealed}


FULL_INFORMATION = FullInformation()
