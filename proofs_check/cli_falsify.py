"""The command ``regretlab falsify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from theory.errors import InvalidInput


def falsify(
    slug: Annotated[str, typer.Argument(help="a claim")],
    algorithm: Annotated[
        str | None, typer.Option(metavar="FILE.py:CLASS", help="your own algorithm in the place of the claim's")
    ] = None,
    budget: Annotated[float, typer.Option(help="seconds for the search and the re-test together")] = 60.0,
    seed: Annotated[int, typer.Option(help="the search uses this seed, the re-test the next one")] = 0,
    tries: Annotated[int, typer.Option(help="instances tried at most")] = 400,
    rounds: Annotated[int | None, typer.Option(help="rounds, or episodes  [default: the claim's first case]")] = None,
    folder: Annotated[Path, typer.Option("--out", help="folder for the instance and its figure")] = Path("falsify-out"),
    format: Annotated[str, typer.Option(help="png, svg, pdf or several, comma-separated")] = "png",
    workers: Annotated[int | None, typer.Option(help="threads  [default: processors]")] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="tcp://HOST:PORT", help="the re-test runs on the workers of this Dask scheduler"),
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="folder of recorded runs  [default: the user's cache]")
    ] = None,
) -> None:
    """Search instance space for the largest regret / bound and for a broken proof step, and re-test what was found.

    Exit code 0: not refuted; 1: refuted on fresh seeds; 2: wrong usage or input; 3: undecided.
    """
    from proofs_check import api, cli
    from proofs_check.falsify import falsify as search

    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"cannot write to {folder}: it is a file; expected a folder")
    if algorithm is not None and cluster is not None:
        raise InvalidInput("the workers of a cluster do not have the file of your algorithm; leave out --cluster")
    with cli._progress() as progress, api.recorder(workers, store, cluster=cluster) as recording:
        result = search(
            slug, algorithm=algorithm, budget=budget, seed=seed, tries=tries, rounds=rounds,
            announce=progress.announce, tick=progress.tick, using=recording,
        )  # fmt: skip
    paths = result.save(folder, format.split(","))
    cli.out.print(cli.verdict_table(result.verdicts))
    for text in cli._broken_steps(result.verdicts):
        cli.out.print(text)
    for line in result.lines():
        cli.out.print(escape(line), soft_wrap=True)
    for path in paths:
        cli.out.print(escape(str(path)), soft_wrap=True)
    for command in result.commands(folder):
        cli.out.print(f"replay: {escape(command)}", soft_wrap=True)
    raise typer.Exit(result.exit_code)
