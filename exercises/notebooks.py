"""The exercises as Jupyter notebooks, made from their text and their file with gaps: ``python -m exercises.notebooks``.

A notebook says and asks what the folder does, in one document: the text, the file with gaps in a cell that saves it
under its name, and a cell that grades what was saved. So the two forms cannot drift apart, and a test compares them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from proofs_check.course import Exercise, exercises

_GRADE = 'import regretlab\n\nprint(regretlab.grade("{file}"))'


def _cell(kind: str, name: str, source: str, **fields: Any) -> dict[str, Any]:
    """A cell of the notebook format 4.5."""
    return {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(keepends=True), **fields}


def _code(name: str, source: str) -> dict[str, Any]:
    return _cell("code", name, source, execution_count=None, outputs=[])


def notebook(exercise: Exercise) -> dict[str, Any]:
    """The notebook of an exercise, as the JSON object that a notebook file holds."""
    file = exercise.file.name
    sections = re.split(r"\n(?=## )", exercise.text.read_text(encoding="utf-8").rstrip())
    cells = [_cell("markdown", f"text-{i}", section.rstrip()) for i, section in enumerate(sections)]
    cells.append(_code("file", f"%%writefile {file}\n{exercise.file.read_text(encoding='utf-8').rstrip()}"))
    cells.append(_code("grade", _GRADE.format(file=file)))
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def text_of(exercise: Exercise) -> str:
    """The text of the notebook's file."""
    return json.dumps(notebook(exercise), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the notebook of every exercise into its folder."""
    for exercise in exercises().values():
        exercise.notebook.write_text(text_of(exercise), encoding="utf-8")
        print(exercise.notebook)


if __name__ == "__main__":
    main()
