"""The notebooks are those of the exercises, and run: with the gaps as with the reference solution."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from exercises.notebooks import notebook, text_of
from proofs_check.course import exercises

SOLUTIONS = Path(__file__).resolve().parents[2] / "exercises" / "solutions"


@pytest.mark.parametrize("slug", exercises())
def test_the_notebook_is_made_from_text_and_file(slug):
    exercise = exercises()[slug]
    assert exercise.notebook.read_text(encoding="utf-8") == text_of(exercise), "run: python -m exercises.notebooks"


@pytest.mark.parametrize("slug", exercises())
def test_the_notebook_runs(slug, tmp_path):
    """As it is, the grade is 0; with the solution in the cell of the file, below, it is full. One kernel for both."""
    exercise = exercises()[slug]
    content = notebook(exercise)
    cells = {cell["id"]: cell for cell in content["cells"]}
    solution = f"%%writefile {slug}.py\n{(SOLUTIONS / f'{slug}.py').read_text(encoding='utf-8')}"
    solved = [{**cells["file"], "id": "solved", "source": [solution]}, {**cells["grade"], "id": "graded"}]
    content["cells"] += solved
    run = nbformat.reads(json.dumps(content), as_version=4)
    nbformat.validate(run)
    NotebookClient(run, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = {
        cell["id"]: "".join(output.get("text", "") for output in cell["outputs"])
        for cell in run.cells
        if cell.cell_type == "code"
    }
    assert f"0 of {exercise.points}" in printed["grade"]
    assert f"{exercise.points} of {exercise.points}" in printed["graded"], printed["graded"]
