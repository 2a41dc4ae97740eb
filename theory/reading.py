"""What bounds read from an instance, in the symbols of the papers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]


def positive_gaps(instance: Any) -> Float:
    """The gaps D_i > 0 of a bandit instance (attribute ``gaps``, shape (n_arms,)), shape (n_suboptimal,)."""
    gaps = np.asarray(instance.gaps, dtype=np.float64)
    return gaps[gaps > 0.0]


def tabular_sizes(instance: Any) -> tuple[int, int, int]:
    """(S, A, H): states, actions and stages of an episodic instance."""
    return int(instance.n_states), int(instance.n_actions), int(instance.horizon)
