"""The falsifier: a search of instance space for the largest measured / bound and for a broken proof step.

The search has a global part (Hypothesis, which climbs its ``target`` over integers on a grid) and a local one
(Nelder-Mead from the best point found). Every instance is run with the same seed, so that two instances meet the
same noise. The largest of many noisy ratios is too large, so nothing that the search measured is a verdict: the worst
instance is re-tested on fresh seeds by :func:`proofs_check.api.check`, with the claim's own statistics. A step that
must hold in every run is another matter: one violation refutes it, whatever led there; it is shown on its own seed.
"""

from __future__ import annotations

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

from kernels.engine import Trace, log_spaced, prepare, simulate
from proofs_check.api import Report, check, recorder
from proofs_check.catalogue import claims, select
from proofs_check.check import ALPHA_REFUTE, clean_runs
from proofs_check.claim import Claim
from proofs_check.plugin import adopt, load
from proofs_check.ratios import largest_score, score
from proofs_check.record import Recorder
from proofs_check.replay import kept, record, write_replay
from proofs_check.spaces import GRID, Space, spaces
from proofs_check.verdict import frame
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

#: Runs of an instance during the search; fewer than the first batch of a check, which thus repeats all of them.
SEARCH_RUNS = 20
#: Instances that the search should manage: it makes fewer runs of each where a run takes long.
FEWEST = 30
#: Share of the budget, and of the instances, for the search (the rest re-tests) and for its global part.
SEARCH_SHARE, GLOBAL_SHARE = 0.6, 0.6
#: Time for so many runs is left to the re-test of an instance, even if the budget is spent.
LEAST_RETEST = 5
#: Sizes of the first simplex of the local searches, which follow each other from the best point.
SIMPLEX = (0.15, 0.02)


@dataclass(frozen=True)
class Found:
    """An instance that the search kept.

    Attributes:
        what: why: "ratio", "step ID" (a step that must always hold broke) or "event ID" (failed too often).
        instance: the instance. space, point: where it lies.
        measured: the largest measured / bound over the claim's bounds that bite; the number of broken runs; or the
            share of failing runs / allowed share. Of the search's runs: noisy, and too large by having been chosen.
    """

    what: str
    instance: Any
    space: Space
    point: tuple[float, ...]
    measured: float


class _Enough(BaseException):
    """Time or tries are spent; no ``Exception``, so that the optimisers pass it on."""


@dataclass
class _Search:
    """The state of a search: what was tried and what was kept."""

    claim: Claim
    places: tuple[Space, ...]
    horizon: int
    seed: int
    workers: int
    end: float
    limit: int
    tick: Callable[[int], None] | None
    tried: int = 0
    refused: int = 0
    reason: str = ""
    best: Found | None = None
    best_score: float = -math.inf
    n_runs: int = SEARCH_RUNS
    run_seconds: float = 0.0  # of the slowest single run of the warm-up
    broken: dict[str, Found] = field(default_factory=dict)
    events: dict[str, Found] = field(default_factory=dict)
    known: dict[tuple[int, tuple[float, ...]], tuple[float, dict[str, float]] | None] = field(default_factory=dict)

    def warm_up(self, seconds: float) -> None:
        """Compile the loops of every space; where one run takes long, let the search make fewer of each instance."""
        for space in self.places:
            instance = space.build(np.linspace(0.2, 0.8, space.sizes[0]))
            with contextlib.suppress(InvalidInput):  # a hypothesis or the algorithm itself refuses this one
                params = self.claim.algorithm(instance, self.horizon)
                prepare(params, instance, self.claim.watch)
                began = time.monotonic()
                simulate(params, instance, self.horizon, 1, seed=self.seed, watch=self.claim.watch)
                took = time.monotonic() - began
                self.run_seconds = max(self.run_seconds, took)
                self.n_runs = min(self.n_runs, max(1, int(seconds / (FEWEST * took))))

    def evaluate(self, space: Space, point: tuple[float, ...]) -> tuple[float, dict[str, float]] | None:
        """(score, smallest slack of each exact step) of an instance; None if a hypothesis refuses it.

        The score is the largest measured / bound, if a bound bites, and otherwise -log(bound / trivial bound) <= 0,
        which leads to where one does.
        """
        key = (id(space), point)
        if key not in self.known:
            if time.monotonic() > self.end or self.tried + self.refused >= self.limit:
                raise _Enough
            self.known[key] = self._measure(space, point)
            if self.tick is not None:
                self.tick(1)
        return self.known[key]

    def _measure(self, space: Space, point: tuple[float, ...]) -> tuple[float, dict[str, float]] | None:
        claim, horizon = self.claim, self.horizon
        marks = log_spaced(horizon)
        try:
            instance = space.build(np.array(point))
            params = claim.algorithm(instance, horizon)
            for theorem in claim.theorems:
                theorem.require(instance, params, horizon)
            trace = simulate(
                params, instance, horizon, self.n_runs, seed=self.seed, checkpoints=marks, watch=claim.watch,
                workers=self.workers,
            )  # fmt: skip
        except InvalidInput as error:
            self.refused += 1
            self.reason = str(error)
            return None
        self.tried += 1
        largest = max((score(bound, trace, instance, params, horizon) for bound in claim.bounds), default=0.0)
        if self.best is None or largest > self.best_score:
            self.best, self.best_score = Found("ratio", instance, space, point, max(largest, 0.0)), largest
        return largest, self._steps(trace, instance, params, space, point)

    def suspects(self) -> list[Found]:
        """The instances that broke steps or events, each once for either reason.

        The instance of the largest ratio is re-tested anyhow, events included.
        """
        steps = {id(found.instance): found for found in reversed(self.broken.values())}
        events = {id(found.instance): found for found in reversed(self.events.values())}
        best = id(self.best.instance) if self.best is not None else 0
        return [*steps.values(), *(found for key, found in events.items() if key != best)]

    def _steps(
        self, trace: Trace, instance: Any, params: Any, space: Space, point: tuple[float, ...]
    ) -> dict[str, float]:
        """Keep what breaks a step; the smallest slack of every step that must always hold."""
        slacks: dict[str, float] = {}
        for index, step in enumerate(self.claim.steps):
            assert trace.records is not None
            failed = trace.records.violations[:, index] > 0
            if step.probability is not None:
                allowed = step.probability(params, instance, self.horizon)
                excess = float(failed.mean()) / allowed if 0.0 < allowed < 1.0 else float(failed.any() and allowed <= 0)
                if excess > max(1.0, self.events[step.id].measured if step.id in self.events else 0.0):
                    self.events[step.id] = Found(f"event {step.id}", instance, space, point, excess)
                continue
            clean = clean_runs(trace.records, self.claim.steps, step.given)
            n_broken = int((failed & clean).sum())
            if n_broken > (self.broken[step.id].measured if step.id in self.broken else 0):
                self.broken[step.id] = Found(f"step {step.id}", instance, space, point, float(n_broken))
            if clean.any() and np.isfinite(least := trace.records.slack[clean, index].min()):
                slacks[step.id] = float(least)
        return slacks


def _globally(search: _Search) -> None:
    """Hypothesis climbs the score and presses the slack of every exact step."""
    import hypothesis
    from hypothesis import configuration, strategies

    def points(space: Space) -> Any:
        entry = strategies.integers(0, GRID)
        lists = strategies.sampled_from(space.sizes).flatmap(
            lambda n: strategies.lists(entry, min_size=n, max_size=n).map(tuple)
        )
        return lists.map(lambda grid: (space, tuple(k / GRID for k in grid)))

    @hypothesis.seed(search.seed)
    @hypothesis.settings(
        max_examples=search.limit, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.target], verbosity=hypothesis.Verbosity.quiet,
    )  # fmt: skip
    @hypothesis.given(strategies.one_of([points(space) for space in search.places]))
    def climb(place: tuple[Space, tuple[float, ...]]) -> None:
        outcome = search.evaluate(*place)
        hypothesis.assume(outcome is not None and math.isfinite(outcome[0]))
        assert outcome is not None
        hypothesis.target(outcome[0], label="measured / bound")
        for name, slack in outcome[1].items():
            hypothesis.target(-slack, label=name)

    home = vars(configuration).get("__hypothesis_home_directory")
    with tempfile.TemporaryDirectory() as folder:
        configuration.set_hypothesis_home_dir(folder)  # else it leaves a folder .hypothesis where the user stands
        try:
            climb()
        except hypothesis.errors.Unsatisfiable:
            pass  # every instance was refused; the caller says so
        finally:
            configuration.set_hypothesis_home_dir(home)


def _locally(search: _Search) -> None:
    """Nelder-Mead on the coordinates of the best instance, the same noise for all."""
    tries = search.limit - search.tried - search.refused
    for size in SIMPLEX:
        if search.best is None:
            return
        space, start = search.best.space, np.array(search.best.point)
        corners = np.vstack([start, start + np.diag(np.where(start + size <= 1.0, size, -size))])

        def loss(x: Float, space: Space = space) -> float:
            outcome = search.evaluate(space, tuple(float(v) for v in x))
            return math.inf if outcome is None else -outcome[0]

        minimize(
            loss, start, method="Nelder-Mead", bounds=[(0.0, 1.0)] * len(start),
            options={"maxfev": max(1, tries // len(SIMPLEX)), "initial_simplex": corners, "xatol": 1e-4, "fatol": 1e-6},
        )  # fmt: skip


@dataclass(frozen=True)
class Retest:
    """An instance found and what fresh runs (of an exact step: the same runs) say of it."""

    found: Found
    seed: int
    report: Report

    @property
    def ratio(self) -> float:
        """Measured / bound on the runs of the re-test, as the search measures it; nan without runs or bounds."""
        return largest_score(self.report)

    @property
    def verdicts(self) -> pd.DataFrame:
        """The verdicts of the check; of a broken step's own seed, those of the steps that must always hold."""
        return frame(kept(self.found.what, self.report))


@dataclass
class Falsification:
    """What a search found.

    Attributes:
        claim, horizon, seed: what was searched. algorithm: a user's, in the place of the claim's own, or None.
        places: the spaces, in words.
        tried, refused: instances run, and instances outside the hypotheses.
        retests: the worst ratio first, then broken steps and events that failed too often during the search.
        interrupted: stopped by the user. seconds: taken.
    """

    claim: Claim
    algorithm: Any
    horizon: int
    seed: int
    places: tuple[str, ...]
    tried: int
    refused: int
    retests: list[Retest]
    interrupted: bool
    seconds: float

    @property
    def verdicts(self) -> pd.DataFrame:
        """Every verdict of every re-test (columns of :class:`proofs_check.verdict.Verdict`)."""
        return pd.concat([retest.verdicts for retest in self.retests], ignore_index=True)

    @property
    def refuted(self) -> bool:
        """Whether a re-test refutes a statement of the claim."""
        return bool((self.verdicts["verdict"] == "refuted").any())

    @property
    def verdict(self) -> str:
        """ "refuted", "undecided" (the budget or the replications ended first) or "not refuted"."""
        if self.refuted:
            return "refuted"
        undecided = (self.verdicts["verdict"] == "undecided").any() or any(r.report.interrupted for r in self.retests)
        return "undecided" if undecided else "not refuted"

    @property
    def exit_code(self) -> int:
        """0 not refuted, 1 refuted, 3 undecided."""
        return {"not refuted": 0, "refuted": 1, "undecided": 3}[self.verdict]

    @property
    def ratio(self) -> float:
        """The largest measured / bound of the search (0 where no bound bites): noisy, and too large by selection."""
        return self.retests[0].found.measured

    @property
    def instance(self) -> Any:
        """The instance of the largest ratio."""
        return self.retests[0].found.instance

    @property
    def summary(self) -> pd.DataFrame:
        """A row for each re-test: what was found, where, and the words of the statements re-tested."""
        rows = []
        for retest in self.retests:
            table = retest.verdicts
            rows.append(
                {
                    "found": retest.found.what, "instance": retest.found.instance.name, "horizon": self.horizon,
                    "in_search": retest.found.measured, "retested": retest.ratio, "seed": retest.seed,
                    "n_runs": int(table["n_runs"].max()) if len(table) else 0,
                    "refuted": ", ".join(table.loc[table["verdict"] == "refuted", "id"]),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def lines(self) -> list[str]:
        """The outcome in sentences."""
        refused = f", {self.refused} outside the hypotheses" if self.refused else ""
        stopped = ", stopped by the user" if self.interrupted else ""
        words = [f"{self.tried} instances tried ({'; '.join(self.places)}){refused}{stopped}, {self.seconds:.1f} s"]
        rows: list[Any] = list(self.summary.itertuples())
        for row in rows:
            if row.found == "ratio":
                shown = (
                    f"largest measured / bound {row.in_search:.4g} in the search, {row.retested:.4g} on {row.n_runs} "
                    "fresh runs"
                    if row.in_search > 0.0
                    else "no bound with known constants that a run could break was met; re-tested"
                )
            elif row.found.startswith("step "):
                shown = f"{row.found} broken in {row.in_search:g} runs of seed {row.seed}"
            else:
                shown = f"{row.found} failed {row.in_search:.3g} times as often as allowed in the search"
            words.append(f"{shown}: {row.instance}, horizon {row.horizon:,}")
        names = {result.claim.slug for retest in self.retests for result in retest.report.results}
        return [*words, f"{', '.join(names) or self.claim.slug}: {self.verdict}{self._level}"]

    @property
    def _level(self) -> str:
        """The error probability of the word "refuted"."""
        if not self.refuted:
            return ""
        refuted = self.verdicts.query("verdict == 'refuted'")
        if ((refuted["layer"] == "step") & (refuted["kind"] != "event")).any():
            return " (a step broke that must hold in every run)"
        return f" (error probability at most {ALPHA_REFUTE:g} for each re-test)"

    def files(self, folder: Path | str) -> list[Path]:
        """Where :meth:`save` writes the instances, in the order of the re-tests."""
        return [Path(folder) / f"{self.claim.slug}-{r.found.what.replace(' ', '-')}.json" for r in self.retests]

    def save(self, folder: Path | str, formats: Sequence[str] = ("png",)) -> list[Path]:
        """Write a replay file for each instance, and a figure of its regret against the bound; the paths written.

        Raises:
            InvalidInput: an unknown format of figures, or a folder that cannot be written.
        """
        from proofs_check.report import regret_figure  # Matplotlib takes a while

        for form in formats:
            if form not in ("png", "svg", "pdf"):
                raise InvalidInput(f"figure format is {form!r}; expected one of png, svg, pdf")
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(f"cannot write to {folder}: {error.strerror}") from error
        written = []
        for retest, path in zip(self.retests, self.files(folder)):
            found, report = retest.found, retest.report
            write_replay(
                record(
                    self.claim,
                    self.algorithm,
                    found.what,
                    found.measured,
                    found.instance,
                    self.horizon,
                    retest.seed,
                    report,
                ),
                path,
            )
            written.append(path)
            for result in retest.report.results:
                for shown in result.cases:
                    figure = regret_figure(result, shown)
                    for form in formats:
                        written.append(path.with_suffix(f".{form}"))
                        figure.savefig(written[-1], format=form)
        return written

    def commands(self, folder: Path | str) -> list[str]:
        """What replays each re-test from its file: a command, or Python for a claim that no catalogue has."""
        known = claims().get(self.claim.slug) is self.claim
        return [
            f"regretlab check --replay {path}" if known else f"regretlab.replay({str(path)!r}, claim=claim).verdicts"
            for path in self.files(folder)
        ]


def falsify(
    claim: str | Claim,
    *,
    algorithm: Any = None,
    budget: float = 60.0,
    seed: int = 0,
    tries: int = 400,
    rounds: int | None = None,
    using: Recorder | None = None,
    announce: Callable[[str, int], None] | None = None,
    tick: Callable[[int], None] | None = None,
) -> Falsification:
    """Search for the instance on which a claim is worst, and re-test it on fresh seeds.

    Args:
        claim: a slug, or a claim of one's own. algorithm: a user's, in the place of the claim's own, as of
            :func:`proofs_check.api.check`.
        budget: seconds for search and re-test together, compiling left out.
        seed: the search runs on it, the re-test on seed + 1. Unless the budget ends the search or cuts its runs, the
            same seed and ``tries`` find the same instance.
        tries: instances tried at most.
        rounds: rounds or episodes (default: those of the claim's first case).
        using: a recorder for the re-test. announce, tick: progress callbacks.

    Ctrl-C ends the search and re-tests the best instance so far; once more, and the re-test ends too. Before the first
    instance there is nothing to keep: it is passed on.

    Raises:
        UnknownName: an unknown slug.
        InvalidInput: a budget, seed, number of tries or of rounds out of range; a claim whose instances have no search
            space; or no instance found that satisfies the hypotheses.
    """
    if not 0.0 < budget < math.inf:
        raise InvalidInput(f"budget is {budget} seconds; expected a positive, finite number")
    if not 0 <= seed < 2**63 - 1:
        raise InvalidInput(f"seed is {seed}; expected an integer in 0 .. 2^63 - 2")
    for what, value in (("tries", tries), ("rounds", rounds)):
        if value is not None and value < 1:
            raise InvalidInput(f"{what} is {value}; expected at least 1")
    (chosen,) = select([claim])
    horizon = rounds or chosen.cases[0].horizon
    places = spaces(chosen, horizon)
    recording = using or recorder()
    if algorithm is not None and recording.cluster:
        raise InvalidInput("the workers of a cluster do not have the file of your algorithm; leave out the cluster")
    plugin = load(algorithm) if isinstance(algorithm, str) else algorithm
    adopted = None if plugin is None else adopt(chosen, plugin)
    began = time.monotonic()
    search = _Search(
        chosen if adopted is None else adopted.claim, places, horizon, seed, recording.workers, math.inf, tries, tick
    )
    try:
        started, interrupted = _search(search, budget, announce)
        retests = _retested(search, started + budget, recording, announce)
    except Exception as error:
        if adopted is not None:
            adopted.fail(error)
        raise
    interrupted = interrupted or any(retest.report.interrupted for retest in retests)
    return Falsification(
        chosen, algorithm, horizon, seed, tuple(space.text for space in places), search.tried, search.refused, retests,
        interrupted, time.monotonic() - began,
    )  # fmt: skip


def _search(search: _Search, budget: float, announce: Callable[[str, int], None] | None) -> tuple[float, bool]:
    """Search to the end of the budget's share or of the tries: when it began, and whether the user stopped it."""
    slug, tries = search.claim.slug, search.limit
    started, interrupted = time.monotonic(), False
    if announce is not None:
        announce(f"{slug}: compiling", tries)
    try:
        search.warm_up(SEARCH_SHARE * budget)
        started = time.monotonic()
        search.end = started + SEARCH_SHARE * budget
        if announce is not None:
            announce(f"{slug}: searching", tries)
        for part, limit in ((_globally, max(1, int(GLOBAL_SHARE * tries))), (_locally, tries)):
            search.limit = limit
            with contextlib.suppress(_Enough):
                part(search)
    except KeyboardInterrupt:
        if search.best is None:
            raise
        interrupted = True
    if search.best is None:
        why = f"; the last was refused: {search.reason}" if search.reason else ""
        raise InvalidInput(
            f"{slug}: no instance within the hypotheses found in {search.tried + search.refused} tries{why}"
        )
    return started, interrupted


def _retested(
    search: _Search, end: float, recording: Recorder, announce: Callable[[str, int], None] | None
) -> list[Retest]:
    """What the search kept, the worst ratio first, each checked in its part of the time that is left."""
    assert search.best is not None
    suspects = [search.best, *search.suspects()]
    retests: list[Retest] = []
    for i, found in enumerate(suspects):
        left = max(end - time.monotonic(), 1.0, LEAST_RETEST * search.run_seconds)
        fresh = search.seed if found.what.startswith("step ") else search.seed + 1
        report = check(
            [search.claim], instance=found.instance, horizon=search.horizon, seed=fresh,
            budget=left / (len(suspects) - i), using=recording, announce=announce,
        )  # fmt: skip
        retests.append(Retest(found, fresh, report))
        if report.interrupted:
            break
    return retests
