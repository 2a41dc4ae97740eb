"""The command ``regretlab plan``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from theory.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd


def plan(
    slugs: Annotated[
        list[str] | None, typer.Argument(metavar="[SLUG]...", help="claims, or figures; all of them if none is given")
    ] = None,
    workers: Annotated[str, typer.Option(metavar="N,N,...", help="numbers of workers")] = "1,2,8,64",
    full: Annotated[bool, typer.Option("--full", help="of the larger sizes")] = False,
    figures: Annotated[bool, typer.Option("--figures", help="of regretlab figures instead of regretlab check")] = False,
    seed: Annotated[int, typer.Option(help="of the sweep")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    store: Annotated[
        Path | None, typer.Option("--store", help="folder of recorded runs  [default: the user's cache]")
    ] = None,
) -> None:
    """Estimate from a short pilot how long a sweep will take on n workers; the pilot's runs are kept in the store."""
    from proofs_check import cli
    from proofs_check.plan import plan as planned
    from proofs_check.plan import totals

    with cli._progress() as progress:
        table = planned(
            slugs or (), workers=_numbers(workers), full=full, figures=figures, seed=seed, store=store,
            announce=progress.announce,
        )  # fmt: skip
    sums = totals(table)
    if as_json:
        print(json.dumps({"parts": cli._records(table), "totals": cli._records(sums)}, indent=2))
        return
    cli.out.print(_parts_table(table))
    cli.out.print(_totals_table(sums))
    for line in _conclusions(table, sums):
        cli.out.print(escape(line), soft_wrap=True)


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise InvalidInput(f"--workers is {text!r}; expected whole numbers such as 1,2,8,64") from None


def _time(seconds: float) -> str:
    for size, unit in ((3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds >= 0.1 or not seconds else f"{1e3 * seconds:.2g} ms"


def _parts_table(table: pd.DataFrame) -> Table:
    shown = Table(header_style="bold", title="what is to be run")
    for column in ("sweep", "part", "horizon"):
        shown.add_column(column, overflow="fold")
    for column in ("done", "runs at most", "compile", "one run", "left at most"):
        shown.add_column(column, justify="right")
    for row in table.to_dict(orient="records"):
        left = row["runs"] - row["done"]
        shown.add_row(
            escape(row["slug"]), escape(row["part"]), f"{row['horizon']:,}", f"{row['done']:,}", f"{row['runs']:,}",
            _time(row["compile"]), _time(row["seconds"]), _time(bool(left) * row["compile"] + left * row["seconds"]),
        )  # fmt: skip
    return shown


def _totals_table(sums: pd.DataFrame) -> Table:
    shown = Table(header_style="bold", title="how long it takes")
    for column in ("workers", "earliest", "latest", "busy"):
        shown.add_column(column, justify="right")
    for row in sums.to_dict(orient="records"):
        finite = math.isfinite(row["workers"])
        busy = f"{row['efficiency']:.0%}" if finite and math.isfinite(row["efficiency"]) else ""
        shown.add_row(
            f"{row['workers']:g}" if finite else "any number", _time(row["earliest"]), _time(row["latest"]), busy
        )
    return shown


def _conclusions(table: pd.DataFrame, sums: pd.DataFrame) -> list[str]:
    """What the numbers say, and what they are."""
    if (table["done"] >= table["runs"]).all():
        return ["nothing is left to run: the store has it all"]
    largest = max(table.to_dict(orient="records"), key=lambda row: float(row["seconds"]))
    lines = [
        f"largest indivisible piece: one run of {largest['slug']}, {largest['part']}: {_time(largest['seconds'])}",
        "earliest: every test stops at its first look, and nothing has to be compiled",
        "latest: no test stops before its limit (an upper bound on the runs, not on the seconds of one, which are "
        "measured on a thread of this machine), and every loop is compiled",
        "any number: one run of each batch and compiling remain, one after another",
    ]
    worth = [row["workers"] for row in sums.to_dict(orient="records") if row["efficiency"] >= 0.5]
    if worth:
        lines.append(f"of these, {max(worth):g} is the largest number that keeps workers busy at least half the time")
    return lines
