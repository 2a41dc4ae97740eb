"""Every exercise of the course: its reference solution is complete, its file with gaps is not."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest

import regretlab
from proofs_check.catalogue import claims
from proofs_check.course import exercises
from tests.exercises.local import SOLUTIONS, Local, first_broken, solution

ALL = exercises()
COURSE = SOLUTIONS.parent / "README.md"
every_exercise = pytest.mark.parametrize("slug", ALL)


@every_exercise
def test_the_grader_gives_the_solution_all_points(slug):
    marks = regretlab.grade(SOLUTIONS / f"{slug}.py").frame
    assert (marks["score"] == marks["points"]).all(), marks[["id", "statement", "where", "expected", "found"]]


@every_exercise
@pytest.mark.parametrize("seed", [1, 20_261])
def test_the_solution_passes_every_check_with_other_instances(slug, seed):
    assert first_broken(slug, Local(solution(slug)), seed) is None


@every_exercise
def test_no_check_passes_the_file_with_gaps(slug):
    gaps = Local(ALL[slug].file.read_text(encoding="utf-8"))
    for check in ALL[slug].checks:
        with pytest.raises(NotImplementedError, match=r"^gap \d+: "):
            check.run(gaps, 0)


@every_exercise
def test_ten_points_for_checks_of_different_names(slug):
    checks = ALL[slug].checks
    assert ALL[slug].points == 10 and 4 <= len(checks) <= 7
    assert len({check.id for check in checks}) == len(checks)
    assert all(check.points >= 1 and check.title and check.hint for check in checks)


def signatures(text: str) -> dict[str, str]:
    """Name -> arguments and docstring of every function and class."""
    kinds = ast.FunctionDef | ast.ClassDef
    found = {node.name: node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)}
    return {
        name: f"{ast.unparse(node.args) if isinstance(node, ast.FunctionDef) else ''}: {ast.get_docstring(node)}"
        for name, node in found.items()
    }


@every_exercise
def test_the_gaps_are_numbered_and_the_solution_fills_them_alone(slug):
    gaps, filled = ALL[slug].file.read_text(encoding="utf-8"), solution(slug)
    numbers = [int(n) for n in re.findall(r'raise NotImplementedError\(\s*"gap (\d+): ', gaps)]
    assert numbers and numbers == list(range(1, len(numbers) + 1))
    assert "NotImplementedError" not in filled
    assert signatures(gaps).items() <= signatures(filled).items()


@every_exercise
def test_the_text_says_how_to_grade(slug):
    text = ALL[slug].text.read_text(encoding="utf-8")
    assert f"regretlab grade {slug}.py" in text.rstrip().rsplit("\n#", 1)[-1]
    assert text.startswith(f"# {ALL[slug].number}. {ALL[slug].title}\n")


def test_numbers_are_different_and_every_solution_has_its_exercise():
    numbers = [exercise.number for exercise in ALL.values()]
    assert len(set(numbers)) == len(numbers)
    assert {path.stem for path in SOLUTIONS.glob("*.py")} == set(ALL)


#: A randomised rule that the grader and the testbed draw for in different ways; the others say little more.
QUICK = "thompson_sampling"
#: Their bounds are vacuous at any affordable length, and the watch reads the project's own arrays: the rate remains.
RATED = ("ucbvi", "q_learning")


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param(slug, marks=() if slug == QUICK else pytest.mark.long)
        for slug, exercise in ALL.items()
        if exercise.claim
    ],
)
def test_the_solution_keeps_the_claim_that_the_text_names(slug, tmp_path):
    exercise = ALL[slug]
    command = re.search(
        rf"regretlab check --algorithm {slug}\.py:(\w+) --like ([\w-]+)", exercise.text.read_text(encoding="utf-8")
    )
    assert command is not None and command[2] == exercise.claim
    claim = claims()[exercise.claim]
    rate = claim.rate if slug in RATED else None
    quick = replace(claim, cases=(replace(claim.cases[0], max_runs=100),), rate=rate)
    spec = f"{SOLUTIONS / slug}.py:{command[1]}"
    verdicts = regretlab.check(quick, algorithm=spec, store=tmp_path / "store", workers=1).verdicts
    assert "refuted" not in set(verdicts["verdict"]) and "verified" in set(verdicts["verdict"]), verdicts


def test_the_course_lists_every_exercise_under_its_title():
    rows = re.findall(r"^\| (\d+) \| \[(.*?)\]\((\w+)/README\.md\) \|", COURSE.read_text(encoding="utf-8"), re.M)
    assert rows == [(str(exercise.number), exercise.title, slug) for slug, exercise in ALL.items()]
