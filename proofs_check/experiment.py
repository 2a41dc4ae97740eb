"""Experiments: named runs that are recorded once and drawn by the figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Run:
    """One algorithm on one instance.

    Attributes:
        label: what legends call it; unique within the experiment. Anything but the theorem's parameters is named in it.
        algorithm: () -> hyper-parameters. instance: () -> the instance.
        horizon: rounds or episodes. n_runs: replications of the quick size.
        full_horizon, full_runs: the ``--full`` size (default: the quick size).
    """

    label: str
    algorithm: Callable[[], Any]
    instance: Callable[[], Any]
    horizon: int
    n_runs: int
    full_horizon: int | None = None
    full_runs: int | None = None


@dataclass(frozen=True)
class Experiment:
    """The runs behind a figure. ``caption`` says what the figure shows and with which parameters."""

    slug: str
    title: str
    caption: str
    runs: tuple[Run, ...]
