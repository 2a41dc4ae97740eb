"""Reductions over vectors that compile without reference counts (NumPy's array methods do not)."""

from __future__ import annotations

from kernels.jit import compiled


@compiled
def least(values):
    """min of a non-empty vector."""
    found = values[0]
    for i in range(1, values.shape[0]):
        found = min(found, values[i])
    return found


@compiled
def sum_of(values):
    """Sum of a vector, from the first entry on."""
    total = 0.0
    for i in range(values.shape[0]):
        total += values[i]
    return total
