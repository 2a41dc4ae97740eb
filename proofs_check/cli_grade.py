"""The command ``regretlab grade``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from theory.errors import InvalidInput


def grade(
    file: Annotated[Path, typer.Argument(help="the submission: a .py file or a notebook")],
    exercise: Annotated[
        str | None, typer.Option(help="number or slug of the exercise  [default: the one FILE is named after]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print Gradescope's results.json")] = False,
    results: Annotated[Path | None, typer.Option(help="write Gradescope's results.json here")] = None,
    seed: Annotated[int, typer.Option(help="drives whatever is random in the checks")] = 0,
) -> None:
    """Grade a submission to an exercise of the course: points, and which statement broke first, where, and why.

    The submission runs in a confined process of its own. Exit code 0: all points; 1: fewer; 2: wrong usage or input.
    """
    from mdps.files.common import write_text
    from proofs_check import cli
    from proofs_check.grader.judge import grade as judge

    if results is not None and (results.is_dir() or not results.resolve().parent.is_dir()):
        raise InvalidInput(f"cannot write {results}; expected the name of a file in a folder that exists")
    found = judge(file, exercise, seed)
    text = json.dumps(found.gradescope(), indent=2)
    if results is not None:
        write_text(results, text)
    if as_json:
        print(text)
    else:
        cli.out.print(Text(str(found)), soft_wrap=True, highlight=False)
    raise typer.Exit(found.exit_code)
