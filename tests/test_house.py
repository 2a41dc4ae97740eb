"""The rules of the house, enforced."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kernels.loops import ROOMS
from proofs_check.catalogue import claims

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py"))


def run(*command: str) -> None:
    result = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_imports_go_one_way():
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0 and "1 kept, 0 broken" in result.stdout, result.stdout + result.stderr


def test_ruff():
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def test_types():
    run("mypy")


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if tree.body:
        assert ast.get_docstring(tree), "a module without a docstring"


def test_no_pickle_is_read():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) (pickle|cloudpickle|dill|joblib)\b", text, re.M), path
        assert "allow_pickle=True" not in text, path


def test_a_slug_keeps_one_name_in_every_room():
    # Further claims of one paper (another tuning or estimator) live with the paper's first.
    for slug in {theorem.slug for claim in claims().values() for theorem in (b.theorem for b in claim.bounds)}:
        name = slug.replace("-", "_")
        algorithm = [*(ROOT / "bandits/algorithms").glob(f"{name}.py"), *(ROOT / "mdps/algorithms").glob(f"{name}.py")]
        assert algorithm, f"{slug}: no algorithm"
        for place in (
            f"theory/theorems/{name}.py", f"proofs_check/claims/{name}.py", f"figures/{name}.py",
            f"docs/papers/{slug}.md", f"tests/reference/{name}.py",
        ):  # fmt: skip
            assert (ROOT / place).is_file(), f"{slug}: no {place}"
        assert list((ROOT / "tests").rglob(f"test_{name}.py")), f"{slug}: no test"


def test_the_slice_is_complete():
    assert set(claims()) >= {
        "ucb1", "kl-ucb", "moss", "thompson-beta", "thompson-gaussian", "exp3", "exp3-ix", "tsallis-inf",
        "log-barrier", "oful", "ucbvi-ch", "ucbvi-bf", "q-learning-hoeffding", "q-learning-bernstein", "lsvi-ucb",
        "rf-express",
    }  # fmt: skip


def test_the_readme_table_is_the_catalogue():
    from proofs_check.readme import TABLE_BEGIN, TABLE_END, claims_table

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split(TABLE_BEGIN)[1].split(TABLE_END)[0].strip()
    assert table == claims_table().strip(), "run: python -m proofs_check.readme"


def test_the_readme_names_commands_that_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z-]+)", text))
    assert {"check", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), f"README names make {target}"


def test_versions_agree():
    import regretlab

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == regretlab.__version__
    assert f"version: {regretlab.__version__}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
