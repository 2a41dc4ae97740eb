"""What the command line does, as functions: check, sabotage, list, all returning pandas frames or plain results."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from kernels.loops import source_digest
from proofs_check.catalogue import citation, claims, select
from proofs_check.check import FULL, QUICK, ClaimResult, SabotageResult, Size, check_claim, run_sabotage
from proofs_check.claim import Case, Claim
from proofs_check.cluster import Cluster
from proofs_check.plugin import adopt, explained, load
from proofs_check.record import Recorder
from proofs_check.store import Store, default_directory
from proofs_check.verdict import exit_code, frame
from theory.errors import HypothesisViolated, InvalidInput


@dataclass
class Report:
    """The outcome of a check of several claims.

    Attributes:
        results: one per claim, in order. skipped: (slug, reason) of claims that do not apply to a user's instance.
        options: what repeats the check. interrupted: stopped by the user before the end.
    """

    results: list[ClaimResult] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def verdicts(self) -> pd.DataFrame:
        """All verdicts, a row each (columns of :class:`proofs_check.verdict.Verdict`)."""
        return frame(v for result in self.results for v in result.verdicts)

    @property
    def sabotages(self) -> pd.DataFrame:
        """All planted faults, a row each."""
        rows = [
            {
                "slug": s.slug, "fault": s.sabotage.id, "what": s.sabotage.fault, "caught": s.caught,
                "by": ", ".join(s.by), "expected": ", ".join(s.sabotage.caught_by), "where": s.where,
                "n_runs": s.n_runs, "seed": s.seed,
            }
            for result in self.results
            for s in result.sabotages
        ]  # fmt: skip
        return pd.DataFrame(
            rows, columns=["slug", "fault", "what", "caught", "by", "expected", "where", "n_runs", "seed"]
        )

    @property
    def exit_code(self) -> int:
        """0 all verified (or vacuous), 1 something refuted or a fault missed, 3 undecided or interrupted."""
        code = exit_code(v for result in self.results for v in result.verdicts)
        if any(not s.caught for result in self.results for s in result.sabotages):
            return 1
        return 3 if code == 0 and self.interrupted else code


def recorder(
    workers: int | None = None,
    store: Path | str | None = None,
    tick: Callable[[int], None] | None = None,
    *,
    cluster: str | None = None,
) -> Recorder:
    """A recorder on the given store (default: the user's); leaving it as a context manager closes its connection.

    Args:
        workers: threads of this process (default: as many as processors).
        store: folder of recorded runs. tick: called with the number of replications just finished or found.
        cluster: address of a Dask scheduler whose workers simulate instead, see :mod:`proofs_check.cluster`.

    Raises:
        InvalidInput: fewer than one thread, or threads and a cluster; ClusterError if the cluster cannot be used.
    """
    count = workers if workers is not None else os.cpu_count() or 1
    if count < 1:
        raise InvalidInput(f"workers is {count}; expected at least 1")
    if workers is not None and cluster is not None:
        raise InvalidInput(
            f"workers is {workers}, threads of this process, and cluster is {cluster}, which brings its own; "
            "expected one of them"
        )
    kept = Store(default_directory() if store is None else store)
    return Recorder(kept, count if cluster is None else Cluster(cluster), tick)


def check(
    slugs: Sequence[str | Claim] | str | Claim = (),
    *,
    full: bool = False,
    seed: int = 0,
    budget: float = math.inf,
    workers: int | None = None,
    cluster: str | None = None,
    store: Path | str | None = None,
    instance: Any = None,
    horizon: int | None = None,
    max_runs: int | None = None,
    algorithm: Any = None,
    sabotage: bool = False,
    using: Recorder | None = None,
    announce: Callable[[str, int], None] | None = None,
    done: Callable[[ClaimResult], None] | None = None,
) -> Report:
    """Check claims.

    Args:
        slugs: which claims, by slug or as :class:`Claim` objects of one's own (default all).
        full: the larger cases and more replications.
        seed: integer >= 0. budget: seconds; the rest of the statements is then undecided.
        workers: threads. cluster: address of a Dask scheduler whose workers simulate. store: folder of recorded runs.
        instance: a user's instance in place of the claims' own; claims of other settings are left out, and claims
            whose hypotheses it violates are skipped with the reason, unless they were named in ``slugs``.
        horizon: rounds or episodes on the user's instance (default: the claim's). max_runs: replications on it.
        algorithm: a user's algorithm in place of the claims' own, see :mod:`proofs_check.plugin`: a NamedTuple class,
            or one with its values, or "FILE.py:CLASS".
        sabotage: also plant every fault of the claims (on their own instances).
        using: a recorder to use instead of ``workers``, ``cluster`` and ``store``.
        announce, done: progress callbacks.

    Raises:
        UnknownName: an unknown slug, with the nearest names.
        HypothesisViolated: a named claim does not apply to the instance: which hypothesis, by how much.
        InvalidInput: anything else that is wrong with the input, before anything runs.
    """
    names = [slugs] if isinstance(slugs, str | Claim) else list(slugs)
    if not (budget > 0):
        raise InvalidInput(f"budget is {budget} seconds; expected a positive number")
    if horizon is not None and horizon < 1:
        raise InvalidInput(f"horizon is {horizon} (rounds or episodes); expected at least 1")
    chosen = select(names)
    plugin = load(algorithm) if isinstance(algorithm, str) else algorithm
    size = FULL if full else QUICK
    report = Report(options={"slugs": [c.slug for c in chosen], "size": size.name, "seed": seed})
    if algorithm is not None and (sabotage or not names):
        raise InvalidInput(
            "faults are planted in the claims' own algorithms; leave out sabotage"
            if sabotage
            else "an algorithm of your own needs the claim that it is held against, such as ucb1"
        )
    if instance is not None:
        chosen = _applicable(chosen, instance, horizon, bool(names), report)
    end = time.monotonic() + budget
    later = [claim.slug for claim in chosen[1:] if claims().get(claim.slug) is claim]
    with contextlib.ExitStack() as opened:
        recording = using or opened.enter_context(recorder(workers, store, cluster=cluster))
        report.options |= {"workers": recording.workers, "cluster": recording.cluster}
        if plugin is not None and recording.cluster:
            raise InvalidInput("the workers of a cluster do not have the file of your algorithm; leave out the cluster")
        opened.enter_context(recording.backend.compiling(later, size.name))
        for i, claim in enumerate(chosen):
            now = time.monotonic()
            deadline = now + (end - now) / (len(chosen) - i)
            cases = None if instance is None else [_user_case(claim, instance, horizon, max_runs)]
            adopted = None
            if plugin is not None:
                if announce is not None:
                    announce(f"{claim.slug}: compiling", 1)
                adopted = adopt(claim, plugin, cases)
                claim = adopted.claim
            try:
                result = check_claim(
                    claim, recording, size=size, seed=seed, deadline=deadline, cases=cases, announce=announce
                )
            except Exception as error:
                if adopted is not None:
                    adopted.fail(error)
                raise
            if adopted is not None:
                result = explained(result, adopted, seed)
            report.results.append(result)
            report.interrupted = result.interrupted
            if instance is None and adopted is None and not result.interrupted:
                recording.store.note(claim.slug, _status(claim, result, size, seed))
            if sabotage and not result.interrupted:
                report.interrupted = not _plant(claim, result, recording, seed, end, announce)
            if done is not None:
                done(result)
            if report.interrupted:
                break
    return report


def sabotage(
    slugs: Sequence[str | Claim] | str | Claim = (),
    *,
    seed: int = 0,
    budget: float = math.inf,
    using: Recorder | None = None,
    announce: Callable[[str, int], None] | None = None,
    done: Callable[[ClaimResult], None] | None = None,
) -> Report:
    """Plant every fault of the claims, without checking the claims themselves; arguments as of :func:`check`."""
    names = [slugs] if isinstance(slugs, str | Claim) else list(slugs)
    recording = using or recorder()
    report = Report(
        options={"slugs": [str(n) for n in names], "size": "sabotage", "seed": seed, "workers": recording.workers}
    )
    end = time.monotonic() + budget
    for claim in select(names):
        result = ClaimResult(claim, [])
        report.interrupted = not _plant(claim, result, recording, seed, end, announce)
        report.results.append(result)
        if done is not None:
            done(result)
        if report.interrupted:
            break
    return report


def _plant(
    claim: Claim,
    result: ClaimResult,
    recording: Recorder,
    seed: int,
    end: float,
    announce: Callable[[str, int], None] | None,
) -> bool:
    """Run the claim's faults into ``result``; False if the user interrupted."""
    try:
        for fault in claim.sabotages:
            if announce is not None:
                announce(f"{claim.slug}: fault {fault.id}", fault.n_runs)
            result.sabotages.append(run_sabotage(claim, fault, recording, seed=seed, deadline=end))
    except KeyboardInterrupt:
        return False
    return True


def setting_of(instance: Any) -> str:
    """The setting an instance belongs to: its own, or that of its interaction protocol."""
    return str(getattr(instance, "setting", instance.protocol.setting))


#: Elementary operations of the algorithm in one run on a supplied instance, unless the horizon is given. Watching the
#: proof steps costs several times more; together a run takes about a second.
USER_WORK = 4e7


def user_horizon(claim: Claim, instance: Any) -> int:
    """Rounds or episodes on a user's instance: the claim's, less if a run would take long or the data end earlier."""
    longest = claim.user_horizon
    if claim.work is not None:
        longest = min(longest, int(USER_WORK / max(claim.work(instance), 1.0)))
    elif claim.setting == "episodic MDP":
        longest = min(longest, int(USER_WORK / (instance.horizon * len(instance.successors))))
    available = getattr(instance, "n_rounds", None)
    return max(1, longest if available is None else min(longest, int(available)))


def _user_case(claim: Claim, instance: Any, horizon: int | None, max_runs: int | None) -> Case:
    case = Case("user", lambda: instance, horizon or user_horizon(claim, instance))
    return case if max_runs is None else replace(case, max_runs=max_runs)


def _applicable(
    chosen: Sequence[Claim], instance: Any, horizon: int | None, named: bool, report: Report
) -> list[Claim]:
    fitting = []
    setting = setting_of(instance)
    for claim in chosen:
        try:
            if claim.setting != setting:
                raise HypothesisViolated(f"{claim.slug} is about {claim.setting}s; the instance is a {setting}")
            length = horizon or user_horizon(claim, instance)
            params = claim.algorithm(instance, length)
            for theorem in claim.theorems:
                theorem.require(instance, params, length)
            sys.modules[type(params).__module__].allocate(params, instance.problem(length))  # may refuse the instance
            fitting.append(claim)
        except InvalidInput as error:
            if named:
                raise
            if claim.setting == setting:
                report.skipped.append((claim.slug, str(error)))
    if not fitting:
        reasons = "; ".join(reason for _, reason in report.skipped)
        raise HypothesisViolated(
            f"no claim applies to {instance.name} ({setting}): {reasons or 'none of this setting'}"
        )
    return fitting


def _claim_digest(claim: Claim) -> str:
    """Digest of every source that a claim's verdict depends on."""
    return source_digest({claim.algorithm.__module__, "proofs_check.check"})


def _status(claim: Claim, result: ClaimResult, size: Size, seed: int) -> dict[str, Any]:
    words = [v.verdict for v in result.verdicts]
    counts = {word: words.count(word) for word in dict.fromkeys(words)}
    return {"counts": counts, "size": size.name, "seed": seed, "digest": _claim_digest(claim)}


def status_of(claim: Claim, store: Store) -> str:
    """The outcome of the last check with this store: "never checked", its counts, or that the sources changed since."""
    last = store.noted(claim.slug)
    if last is None:
        return "never checked"
    if last.get("digest") != _claim_digest(claim):
        return "changed since its last check"
    return ", ".join(f"{n} {word}" for word, n in last.get("counts", {}).items()) + f" ({last.get('size')})"


def catalogue(store: Path | str | None = None) -> pd.DataFrame:
    """Every claim: slug, title, paper, setting, kinds of theorem, constants, layers, steps, faults, last outcome."""
    rows = []
    kept = Store(default_directory() if store is None else store)
    for claim in claims().values():
        theorems = [b.theorem for b in claim.bounds] + ([claim.rate.theorem] if claim.rate is not None else [])
        layers = ["bound"] * bool(claim.bounds) + ["steps"] * bool(claim.steps) + ["rate"] * (claim.rate is not None)
        rows.append(
            {
                "slug": claim.slug, "title": claim.title, "paper": citation(claim), "setting": claim.setting,
                "kind": ", ".join(dict.fromkeys(t.kind for t in theorems)),
                "constants": ", ".join(dict.fromkeys(t.constants for t in theorems)),
                "layers": ", ".join(layers), "steps": len(claim.steps), "faults": len(claim.sabotages),
                "status": status_of(claim, kept),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


__all__ = [
    "FULL",
    "QUICK",
    "Report",
    "SabotageResult",
    "Size",
    "catalogue",
    "check",
    "recorder",
    "sabotage",
    "setting_of",
]
