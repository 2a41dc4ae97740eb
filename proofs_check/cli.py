"""The console command ``regretlab``."""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from proofs_check.cli_falsify import falsify
from proofs_check.cli_grade import grade
from proofs_check.cli_plan import plan
from theory.errors import InvalidInput

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Take a theorem about a bandit or RL algorithm and find out whether it holds in code, and how tight it is.",
)


def _console(stderr: bool = False) -> Console:
    """A console as wide as the terminal; wide enough for the tables when the output goes elsewhere."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=160)


out, err = _console(), _console(stderr=True)

#: Seconds for a check on a supplied instance unless told otherwise: its difficulty is unknown.
USER_BUDGET = 180.0
#: Tabular models of at most so many state-action pairs are given one-hot features, so that linear claims apply.
ONE_HOT = 128

COLOURS = {"verified": "green", "refuted": "bold red", "undecided": "yellow", "vacuous": "dim"}

Slugs = Annotated[list[str] | None, typer.Argument(metavar="[SLUG]...", help="claims; all of them if none is given")]
Seed = Annotated[int, typer.Option(help="replication r is a function of (seed, r) alone")]
Workers = Annotated[int | None, typer.Option(help="threads; the numbers do not depend on it  [default: processors]")]
ClusterAddress = Annotated[
    str | None,
    typer.Option("--cluster", metavar="tcp://HOST:PORT", help="simulate on the workers of this Dask scheduler"),
]
StoreDir = Annotated[Path | None, typer.Option("--store", help="folder of recorded runs  [default: the user's cache]")]


class _Rate(ProgressColumn):
    """Replications a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.1f} runs/s" if task.speed else "", style="progress.data.speed")


class _Progress:
    """A live line for what runs now; silent when the output is not a terminal."""

    def __init__(self) -> None:
        self.bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(),
            TimeRemainingColumn(), console=err, transient=True, disable=not err.is_terminal,
        )  # fmt: skip
        self.task = self.bar.add_task("starting", total=None)

    def announce(self, what: str, total: int) -> None:
        self.bar.reset(self.task, description=escape(what), total=total)

    def tick(self, n: int) -> None:
        self.bar.advance(self.task, n)


@contextlib.contextmanager
def _progress() -> Iterator[_Progress]:
    progress = _Progress()
    with progress.bar:
        yield progress


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"


def _rows(table: pd.DataFrame) -> list[Any]:
    """The rows of a frame as named tuples."""
    return list(table.itertuples())


def _number(value: Any) -> str:
    """A number for a table cell: four digits, empty for nan."""
    if isinstance(value, float) and math.isnan(value):
        return ""
    return f"{value:.4g}"


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        print(importlib.metadata.version("regretlab"))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command("list")
def list_claims(
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False, store: StoreDir = None
) -> None:
    """Every claim: paper, setting, kind of theorem, layers, and the outcome of its last check here."""
    from proofs_check.api import catalogue

    table = catalogue(store)
    if as_json:
        print(table.to_json(orient="records", indent=2))
        return
    shown = Table(title=f"{len(table)} claims", header_style="bold")
    for column in ("slug", "paper", "setting", "kind", "constants", "layers", "steps", "faults", "status"):
        shown.add_column(column, overflow="fold")
    for row in _rows(table):
        shown.add_row(
            f"[bold]{escape(row.slug)}[/]", escape(row.paper),
            row.setting, row.kind, row.constants, row.layers, str(row.steps), str(row.faults),
            row.status,
        )  # fmt: skip
    out.print(shown)


@app.command()
def show(slug: Annotated[str, typer.Argument(help="a claim")]) -> None:
    """A claim in full: theorems, hypotheses, constants, sources, instances, proof steps, planted faults."""
    from proofs_check.catalogue import select

    (claim,) = select([slug])
    out.print(f"[bold]{escape(claim.title)}[/] ({claim.slug}), {claim.setting}\n{escape(claim.paper)}")
    for bound in claim.bounds:
        theorem = bound.theorem
        out.print(f"\n[bold]Theorem[/] {theorem.id}: {escape(theorem.source)}")
        out.print(f"  {escape(theorem.statement)}")
        read = "" if theorem.confirmed else " (not re-read in the source)"
        out.print(f"  kind: {theorem.kind}; regret: {theorem.regret}; constants: {theorem.constants}{read}")
        for hypothesis in theorem.hypotheses:
            out.print(f"  requires that {escape(hypothesis.text)}")
        if theorem.remarks:
            out.print(f"  [dim]{escape(theorem.remarks)}[/]")
    if claim.rate is not None:
        out.print(
            f"\n[bold]Rate[/] R / f flat in {claim.rate.sweep} over {claim.rate.grid}, {escape(claim.rate.preset)}"
        )
        out.print(f"  f from {claim.rate.theorem.id}: {escape(claim.rate.theorem.statement)}")
    out.print("\n[bold]Instances[/]")
    for case in claim.cases:
        instance = case.build()
        params = claim.algorithm(instance, case.horizon)
        size = " (with --full)" if case.full_only else ""
        out.print(f"  {escape(case.id)}: {escape(instance.name)}, horizon {case.horizon}{size}")
        out.print(f"    {escape(repr(params))}", soft_wrap=True)
        for bound in claim.bounds:
            if bound.theorem.constants == "explicit" and bound.outcome is None:
                value = float(np.asarray(bound.theorem.bound(instance, params, np.array([float(case.horizon)])))[0])
                trivial = float(np.asarray(instance.trivial_regret(np.array([float(case.horizon)])))[0])
                out.print(f"    {bound.theorem.id}: bound {value:.6g}, trivial bound {trivial:.6g}")
    if claim.lower_bound_name:
        out.print(f"\n[bold]Lower bound[/] {escape(claim.lower_bound_name)}")
    out.print("\n[bold]Proof steps[/]")
    for step in claim.steps:
        given = f", given {', '.join(step.given)}" if step.given else ""
        out.print(f"  {step.id} ({step.kind}{given}): {escape(step.statement)}\n    [dim]{escape(step.source)}[/]")
    out.print("\n[bold]Planted faults[/]")
    for fault in claim.sabotages:
        out.print(f"  {fault.id}: {escape(fault.fault)}; must be caught by {', '.join(fault.caught_by)}")
    if claim.notes:
        out.print(f"\n{escape(claim.notes)}")


@app.command()
def check(
    slugs: Slugs = None,
    quick: Annotated[bool, typer.Option("--quick", help="the small cases (default)")] = False,
    full: Annotated[bool, typer.Option("--full", help="all cases, four times the replications")] = False,
    budget: Annotated[
        float | None,
        typer.Option(help="seconds; what is undecided then stays so  [default: none; 180 on a supplied instance]"),
    ] = None,
    seed: Seed = 0,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    mdp: Annotated[Path | None, typer.Option(help="check on this model: .npz, .json or PRISM explicit .tra")] = None,
    bandit: Annotated[
        Path | None, typer.Option(help="check on this table: CSV or Parquet of means, losses, contexts")
    ] = None,
    env: Annotated[str | None, typer.Option(help="check on this tabular Gymnasium environment")] = None,
    horizon: Annotated[int | None, typer.Option(help="stages of an episode of --mdp or --env")] = None,
    rounds: Annotated[int | None, typer.Option(help="rounds, or episodes, on a supplied instance")] = None,
    algorithm: Annotated[
        str | None, typer.Option(metavar="FILE.py:CLASS", help="check your own algorithm, with --like SLUG")
    ] = None,
    like: Annotated[list[str] | None, typer.Option(help="the claim that --algorithm is held against")] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="repeat what regretlab falsify found, bit for bit")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="write one self-contained HTML report")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="write all verdicts as JSON")] = None,
    store: StoreDir = None,
    sabotage: Annotated[
        bool, typer.Option("--sabotage", help="plant every fault; fails unless each is caught")
    ] = False,
) -> None:
    """Check claims: run the algorithms, test the theorems and every step of their proofs.

    Exit code 0: all verified (a vacuous bound is shown as such and is no failure); 1: something was refuted, or a
    planted fault was not caught; 2: wrong usage or input; 3: something is undecided.
    """
    from proofs_check import api

    if quick and full:
        raise InvalidInput("--quick and --full exclude each other")
    if sum(x is not None for x in (mdp, bandit, env)) > 1:
        raise InvalidInput("--mdp, --bandit and --env exclude each other")
    chosen_anew = (slugs, full, budget, seed, mdp, bandit, env, horizon, rounds, algorithm, like, sabotage, cluster)
    if replay is not None and any(chosen_anew):
        raise InvalidInput(
            "--replay FILE holds the claim, the instance and the seed; expected no claims and no options"
        )
    supplied = [f"--{name}" for name, value in (("mdp", mdp), ("bandit", bandit), ("env", env)) if value is not None]
    if sabotage and supplied:
        raise InvalidInput(f"--sabotage plants faults on the claims' own instances; leave out {supplied[0]}")
    if rounds is not None and not supplied:
        raise InvalidInput("--rounds is for a supplied instance; expected --mdp, --bandit or --env with it")
    if horizon is not None and mdp is None and env is None:
        raise InvalidInput("--horizon is for a supplied model; expected --mdp or --env with it")
    if (algorithm is None) != (not like) or (like and slugs):
        raise InvalidInput("--algorithm FILE.py:CLASS and --like SLUG go together, without other claims")
    if sabotage and algorithm is not None:
        raise InvalidInput("--sabotage plants faults in the claims' own algorithms; leave out --algorithm")
    for target in (report, json_file):
        if target is not None and not target.resolve().parent.is_dir():
            raise InvalidInput(f"cannot write {target}: folder {target.parent} does not exist")
        if target is not None and target.is_dir():
            raise InvalidInput(f"cannot write {target}: it is a folder; expected the name of a file")
    instance = _instance(mdp, bandit, env, horizon)
    seconds = budget if budget is not None else math.inf if instance is None else USER_BUDGET
    began = time.monotonic()
    replayed = None
    with _progress() as progress, api.recorder(workers, store, progress.tick, cluster=cluster) as recording:
        if replay is not None:
            from proofs_check.replay import replay as run_again

            replayed = run_again(replay, workers=workers, tick=progress.tick, announce=progress.announce)
            result = replayed.report
        elif sabotage:
            result = api.sabotage(slugs or (), seed=seed, budget=seconds, using=recording, announce=progress.announce)
        else:
            result = api.check(
                like or slugs or (), full=full, seed=seed, budget=seconds, instance=instance, horizon=rounds,
                algorithm=algorithm, using=recording, announce=progress.announce,
                done=lambda r: progress.bar.console.print(_summary_line(r)) if err.is_terminal else None,
            )  # fmt: skip
    result.options |= {"command": " ".join(["regretlab", *sys.argv[1:]]), "seconds": round(time.monotonic() - began, 1)}
    if len(result.verdicts):
        out.print(verdict_table(result.verdicts))
    for text in _broken_steps(result.verdicts):
        out.print(text)
    for slug, reason in result.skipped:
        out.print(f"[dim]{escape(slug)} skipped: {escape(reason)}[/]")
    if len(result.sabotages):
        out.print(sabotage_table(result.sabotages))
    if json_file is not None:
        _write_json(result, json_file)
    if report is not None:
        from proofs_check.report import write_report

        write_report(result, report)
        out.print(f"report: {report}")
    counts = result.verdicts["verdict"].value_counts().to_dict()
    words = ", ".join(f"{counts[w]} {w}" for w in COLOURS if w in counts)
    faults = result.sabotages
    if len(faults):
        words = ", ".join(
            filter(None, [words, f"{int(faults['caught'].sum())} of {len(faults)} planted faults caught"])
        )
    out.print(f"{words or 'nothing finished'} in {_seconds(time.monotonic() - began)}")
    for line in replayed.lines() if replayed is not None else ():
        out.print(escape(line), soft_wrap=True)
    if result.interrupted:
        out.print("interrupted: finished runs are kept; the same command resumes from them")
    raise typer.Exit(result.exit_code if replayed is None else replayed.exit_code)


def _instance(mdp: Path | None, bandit: Path | None, env: str | None, horizon: int | None) -> Any:
    """The user's instance, or None."""
    if mdp is None and bandit is None and env is None:
        return None
    if bandit is not None:
        from bandits.files import read_bandit

        return read_bandit(bandit)
    if mdp is not None:
        from mdps.files import read_mdp

        model = read_mdp(mdp) if horizon is None else read_mdp(mdp, horizon=horizon)
    else:
        from mdps.gym import from_gymnasium

        assert env is not None
        model = from_gymnasium(env, horizon=horizon)
    from mdps.loops import Episodes

    pairs = model.n_states * model.n_actions
    one_hot = np.eye(pairs).reshape(model.n_states, model.n_actions, pairs) if pairs <= ONE_HOT else None
    return Episodes(model, one_hot)


def _summary_line(result: Any) -> str:
    words = [v.verdict for v in result.verdicts]
    parts = ", ".join(f"[{c}]{words.count(w)} {w}[/]" for w, c in COLOURS.items() if w in words) or "interrupted"
    return f"{escape(result.claim.slug)}: {parts} ({_seconds(result.seconds)})"


def verdict_table(verdicts: pd.DataFrame) -> Table:
    """The table of verdicts: bounds and rates line by line, the steps of each case in one line."""
    table = Table(header_style="bold", caption="vacuity = bound / trivial bound; tightness = measured / bound")
    for column in ("claim", "statement", "instance", "verdict"):
        table.add_column(column, overflow="fold")
    for column in ("runs", "measured", "bound", "vacuity", "tightness", "/ lower"):
        table.add_column(column, justify="right")
    for (slug, case), rows in verdicts.groupby(["slug", "case"], sort=False):
        for v in _rows(rows[rows["layer"] != "step"]):
            shown = v.id if v.layer == "bound" else f"rate in {v.case.split()[0]} ({v.preset})"
            bound = _number(v.bound) if v.layer == "bound" else f"{v.case.split()[0]}^{v.bound:g}"
            table.add_row(
                escape(v.slug), escape(shown), escape(f"{v.case}, {v.horizon:,}"), _word(v.verdict), f"{v.n_runs:,}",
                _number(v.estimate) if v.layer == "bound" else f"{v.case.split()[0]}^{v.estimate:.3f}", bound,
                _number(v.vacuity), _number(v.tightness), _number(v.above_lower),
            )  # fmt: skip
        steps = rows[rows["layer"] == "step"]
        if len(steps):
            counts = steps["verdict"].value_counts()
            words = ", ".join(f"{_word(w)} {counts[w]}" for w in COLOURS if w in counts)
            table.add_row(
                escape(str(slug)), f"{len(steps)} proof steps", escape(f"{case}, {steps['horizon'].iloc[0]:,}"), words,
                f"{steps['n_runs'].max():,}", f"{int(steps['checks'].sum()):,} checks", "", "", "", "",
            )  # fmt: skip
    return table


def _word(word: str) -> str:
    return f"[{COLOURS[word]}]{word}[/]"


def _broken_steps(verdicts: pd.DataFrame) -> list[str]:
    lines = []
    for v in _rows(verdicts[verdicts["verdict"].isin(["refuted", "undecided"])]):
        details = "; ".join(filter(None, [v.where, v.note]))
        lines.append(
            f"{_word(v.verdict)} {escape(f'{v.slug} {v.id} on {v.case}: {v.statement}. {details} (seed {v.seed})')}"
        )
    return lines


def sabotage_table(faults: pd.DataFrame) -> Table:
    """The table of planted faults."""
    table = Table(header_style="bold", title="planted faults")
    for column in ("claim", "fault", "caught", "by", "where"):
        table.add_column(column, overflow="fold")
    for f in _rows(faults):
        caught = "[green]caught[/]" if f.caught else "[bold red]MISSED[/]"
        table.add_row(
            escape(f.slug),
            escape(f"{f.fault}: {f.what}"),
            caught,
            escape(f.by or f"expected {f.expected}"),
            escape(f.where),
        )
    return table


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries; what is not a finite number becomes null, as JSON has no other word for it."""
    return [
        {str(k): None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
        for row in table.astype(object).to_dict(orient="records")
    ]


def _write_json(result: Any, path: Path) -> None:
    from proofs_check.report import versions

    content = {
        "options": result.options,
        "versions": versions(),
        "verdicts": _records(result.verdicts),
        "faults": _records(result.sabotages),
        "skipped": [{"slug": slug, "reason": reason} for slug, reason in result.skipped],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@app.command()
def figures(
    slugs: Annotated[
        list[str] | None, typer.Argument(metavar="[SLUG]...", help="figures; all of them if none is given")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="folder for the figures (default: figures-out)")] = None,
    full: Annotated[bool, typer.Option("--full", help="the papers' sizes instead of quick ones")] = False,
    format: Annotated[str | None, typer.Option(help="png, svg, pdf or several, comma-separated (default: png)")] = None,
    gallery: Annotated[bool, typer.Option("--gallery", help="also write gallery.md of all figures in --out")] = False,
    redo: Annotated[
        Path | None, typer.Option(help="make the figure of this manifest again, compare it byte for byte")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="of the runs (default: 0)")] = None,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    store: StoreDir = None,
) -> None:
    """Regenerate the papers' figures from recorded runs, with their data and a manifest beside them.

    With --redo the runs of a manifest are simulated anew. Exit code 0: every file came out byte for byte; 1: not.
    """
    # The figures room lies above this one; the command finds it by name, so that no import goes upwards.
    import importlib

    room: Any = importlib.import_module("figures.gallery")
    from proofs_check import api

    if redo is not None:
        stated = {"SLUG": slugs, "--full": full or None, "--format": format, "--seed": seed, "--store": store,
                  "--gallery": gallery or None}  # fmt: skip
        for name, value in stated.items():
            if value is not None:
                raise InvalidInput(f"--redo takes everything from its manifest and stores nothing; leave out {name}")
    with _progress() as progress, api.recorder(workers, store, progress.tick, cluster=cluster) as recording:
        if redo is not None:
            redone = room.redo(redo, recorder=recording, folder=folder, announce=progress.announce)
        else:
            paths: list[Path] = room.draw_all(
                slugs or [], folder or Path("figures-out"), formats=(format or "png").split(","), full=full,
                seed=seed or 0, recorder=recording, announce=progress.announce,
            )  # fmt: skip
    if gallery:
        paths.append(room.write_gallery(folder or Path("figures-out")))
    if redo is None:
        for path in paths:
            out.print(str(path))
        return
    for name, difference in redone.files.items():
        out.print(f"{escape(name)}: {escape(difference) or 'the same bytes'}", soft_wrap=True)
    for change in redone.changes:
        out.print(f"changed since: {escape(change)}", soft_wrap=True)
    raise typer.Exit(0 if redone.same else 1)


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="small sizes, no peers")] = False,
    output: Annotated[
        Path | None, typer.Option("--out", help="write the table here  [default: docs/benchmarks.md]")
    ] = None,
) -> None:
    """Measure the compiled loops side by side with C loops and with other Python libraries; print the ratios."""
    from proofs_check.benchmarking import run_benchmarks

    run_benchmarks(quick=quick, output=output, console=out)


app.command()(falsify)
app.command()(grade)
app.command()(plan)


def main() -> None:
    """Entry point: bad input is one line on standard error and exit code 2."""
    warnings.simplefilter("default")
    warnings.showwarning = lambda message, *_args, **_kw: err.print(f"[yellow]warning:[/] {escape(str(message))}")
    try:
        app()
    except InvalidInput as error:
        err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        raise SystemExit(2) from None
    except MemoryError as error:
        err.print(f"[bold red]error:[/] not enough memory: {escape(str(error))}; try a smaller horizon or instance")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
