"""Grading: marks, sentences, files of every kind, Gradescope's format, the command."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import regretlab
from proofs_check import course
from proofs_check.cli import main
from proofs_check.course import Broken, Check, Exercise, Submission, require_close
from proofs_check.grader import wire
from proofs_check.grader.judge import mark
from proofs_check.grader.source import FILE_BYTES, Source
from proofs_check.grader.wording import shown, value
from theory.errors import InvalidInput, UnknownName


def check_mean(submission: Submission, seed: int) -> None:
    rewards = np.random.default_rng(seed).normal(size=5)
    require_close("the mean is the sum over n", submission.call("mean", rewards), rewards.mean(), where="run 0")


def check_play(submission: Submission, seed: int) -> None:
    agent = submission.start("Rotate", {"n_arms": 3, "horizon": 9}, shift=1)
    for t in range(1, 10):
        arm = agent.act(t, None)
        if arm != t % 3:
            raise Broken("arms take turns", where=f"round {t}", expected=t % 3, found=arm, hint="modulo")
        agent.observe(t, arm, 0.5)
    require_close("pulls are counted", agent.read("pulls"), [3, 3, 3])
    require_close("doubled", agent.do("doubled", 2.0), [6, 6, 6])


EXERCISE = Exercise(
    7, "rotation", "Taking turns", "nowhere",
    (
        Check("mean", "the empirical mean", 2, "Divide by n.", check_mean, seconds=30.0),
        Check("play", "a run", 3, "Take turns.", check_play, seconds=30.0),
    ),
)  # fmt: skip

RIGHT = """\
from typing import NamedTuple

import numpy as np


class Rotate(NamedTuple):
    shift: int


class State(NamedTuple):
    pulls: np.ndarray


def mean(rewards):
    return rewards.sum() / len(rewards)


def allocate(params, problem):
    return State(np.zeros(problem.n_arms))


def init(params, state):
    state.pulls[:] = 0


def act(params, state, t, rng):
    return (t - 1 + params.shift) % len(state.pulls)


def observe(params, state, t, arm, reward):
    state.pulls[arm] += 1


def doubled(params, state, factor):
    return tuple(factor * state.pulls)
"""


ACT = "return (t - 1 + params.shift) % len(state.pulls)"


@pytest.fixture
def graded(tmp_path):
    """Grade a text under a name."""

    def run(text: str | bytes, name: str = "rotation.py", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return regretlab.grade(path, EXERCISE, **options)

    return run


def test_a_right_submission_gets_all_points(graded):
    found = graded(RIGHT)
    assert (found.score, found.max_score, found.exit_code) == (5, 5, 0), str(found)
    assert found.frame["score"].tolist() == [2, 3] and found.frame.index.size == 2
    assert "5 of 5 points" in str(found)
    if sys.platform == "linux":
        assert "seccomp" in found.layers and "audit hooks" in found.layers


def test_the_first_broken_statement_is_told_with_place_values_and_hint(graded):
    found = graded(RIGHT.replace("/ len(rewards)", "/ (len(rewards) - 1)").replace("params.shift)", "t // 5)"))
    mean, play = found.marks
    rewards = np.random.default_rng(0).normal(size=5)
    assert (mean.score, mean.where, mean.hint) == (0, "run 0", "Divide by n.")
    assert float(mean.expected) == rewards.mean() and float(mean.found) == pytest.approx(rewards.sum() / 4)
    assert (play.where, play.expected, play.found, play.hint) == ("round 1", "1", "0", "modulo")
    assert "broken: arms take turns\n  where: round 1\n  expected: 1\n  found: 0\n  hint: modulo" in str(found)
    assert found.exit_code == 1 and not any(m.crash or m.stopped for m in found.marks)


def test_what_observe_returns_is_nobodys_business(graded):
    assert graded(RIGHT.replace("state.pulls[arm] += 1", "state.pulls[arm] += 1\n    return lambda: state")).score == 5


def test_a_file_is_compiled_as_it_stands(graded):
    """Not with the ``from __future__`` imports of the program that compiles it."""
    text = RIGHT + "\n\nassert Rotate.__annotations__['shift'] is int\n"
    assert graded(text).score == 5
    assert "AssertionError" in graded("from __future__ import annotations\n" + text).marks[0].statement


def test_the_seed_drives_what_is_random(graded):
    cheat = RIGHT.replace("rewards.sum() / len(rewards)", repr(float(np.random.default_rng(0).normal(size=5).mean())))
    assert graded(cheat).score == 5
    assert graded(cheat, seed=1).score == 3


def test_one_bad_part_leaves_the_points_of_the_others(tmp_path):
    mean, play = EXERCISE.checks
    hasty = replace(EXERCISE, checks=(mean, replace(play, seconds=1.0)))
    path = tmp_path / "rotation.py"
    path.write_text(RIGHT.replace("    return (t - 1", "    while True: pass\n    return (t - 1"))
    found = regretlab.grade(path, hasty)
    assert [m.score for m in found.marks] == [2, 0]
    assert found.marks[1].statement == "took more than 1 s"
    path.write_text(RIGHT.replace("    return rewards", "    raise NotImplementedError('gap 1')\n    return rewards"))
    found = regretlab.grade(path, EXERCISE)
    assert [m.score for m in found.marks] == [0, 3]
    assert found.marks[0].statement == "not written yet (line 15)"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (("state.pulls[arm] += 1", "state.pull[arm] += 1"),
         "rotation.py, line 31, in observe: AttributeError: 'State' object has no attribute 'pull'"),
        (("state.pulls[arm] += 1", "state.pulls[arm + t] += 1"), "rotation.py, line 31, in observe: IndexError"),
        (("def doubled", "def halved"), "rotation.py has no function or class doubled"),
        (("def act", "def play"), "rotation.py has no function or class act"),
        (("    shift: int", "    shift: int\n    scale: float"), "TypeError: Rotate.__new__() missing 1 required"),
        ((ACT, "return {t}"), "act returned a set; expected None, booleans, numbers"),
        ((ACT, "return lambda: t"), "act returned a function; expected None, booleans, numbers"),
        (("    shift: int", "    shift int"), "rotation.py, line 7: SyntaxError: invalid syntax"),
        (("import numpy as np", "import numpy as np\nimport torch"), "line 4: torch cannot be imported here; allowed"),
        (("import numpy as np", "import numpy as np\nfrom .other import x"), "line 4: .other cannot be imported"),
    ],
)  # fmt: skip
def test_errors_in_a_submission_are_sentences(edit, sentence):
    assert RIGHT.count(edit[0]) == 1
    found, _ = mark(EXERCISE.checks[1], Source("rotation.py", RIGHT.replace(*edit)), 0)
    assert found.score == 0 and found.stopped and sentence in found.statement, found


def test_an_error_in_the_last_observation_counts(graded):
    text = RIGHT.replace("state.pulls[arm] += 1", "state.pulls[arm] += 1 / (10 - t)").replace("3, 3, 3", "")
    last = Exercise(7, "rotation", "", "", (Check("c", "c", 1, "h", check_last),))
    found = mark(last.checks[0], Source("rotation.py", text.replace("/ (10", "// (10")), 0)[0]
    assert found.score == 0 and "ZeroDivisionError" in found.statement


def check_last(submission: Submission, seed: int) -> None:
    agent = submission.start("Rotate", {"n_arms": 3, "horizon": 9}, shift=1)
    agent.observe(10, 0, 0.5)


#: What ``answer()`` returns -> what a check gets, or the sentence that its author gets.
ANSWERS: dict[str, object] = {
    "None": None,
    "True": True,
    "3": 3,
    "2**1000": 2**1000,
    "0.1 + 0.2": 0.1 + 0.2,
    "float('inf')": float("inf"),
    "np.float32(0.5)": 0.5,
    "np.int64(4)": 4,
    "np.bool_(True)": True,
    "np.array(2.5)": 2.5,
    "'text \\ud800'": "text \ud800",
    "(1, [2.0, (None,)])": [1, [2.0, [None]]],
    "{'a': (1,), 'array': []}": {"a": [1], "array": []},
    "Pair(1, 2)": [1, 2],
    "Text('x')": "x",
    "10**5000": "an integer of 16610 bits",
    "nested(100_000)": "more than 20 lists within lists",
    "itself()": "more than 20 lists within lists",
    "{1: 2}": "a dict; expected None, booleans",
    "1j": "a complex; expected",
    "np.array([1j])": "an array of complex128",
    "np.array(['a', None])": "an array of object",
    "np.zeros(2_000_000)": "an array of 16000000 bytes",
    "'x' * 10**7": "answered with more than 4,000,000 bytes",
    "(i for i in range(3))": "a generator; expected",
    "Liar()": "RuntimeError: no bits",
    "object()": "a object; expected",
}
ANSWERING = """
from typing import NamedTuple
import numpy as np

class Pair(NamedTuple):
    left: int
    right: int

class Text(str):
    def __str__(self):
        return self
    def __len__(self):
        return -1

class Liar(int):
    def bit_length(self):
        raise RuntimeError("no bits")

def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found

def itself():
    found = []
    found.append(found)
    return found

def answer():
    return {}
"""


@pytest.mark.parametrize("returned", ANSWERS)
def test_answers_of_every_kind(returned):
    seen = []
    check = Check("answer", "answer", 1, "", lambda submission, seed: seen.append(submission.call("answer")))
    found, _ = mark(check, Source("answer.py", ANSWERING.replace("return {}", f"return {returned}")), 0)
    if found.passed:
        assert seen == [ANSWERS[returned]] and type(seen[0]) is type(ANSWERS[returned])
    else:
        assert isinstance(ANSWERS[returned], str) and ANSWERS[returned] in found.statement, found


@pytest.mark.parametrize("array", [np.zeros((2, 0, 3)), np.arange(6).reshape(2, 3), np.array([True]),
                                   np.array([np.nan, np.inf]), np.array([2**63], np.uint64),
                                   np.arange(4.0)[::2]], ids=str)  # fmt: skip
def test_arrays_cross_the_pipe_unchanged(array):
    back = wire.decode(wire.content(wire.message(wire.encode({"x": [array]}))))["x"][0]
    assert back.dtype == array.dtype and back.shape == array.shape
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f") and back.flags.writeable


LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=9)
KEYS = st.sampled_from(["mapping", "array", "shape", "data", "x"])
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(KEYS, t, max_size=3), max_leaves=12)


@given(TREES)
def test_values_cross_the_pipe_unchanged(tree):
    assert wire.decode(wire.content(wire.message(wire.encode({"x": tree})))["mapping"]["x"]) == tree


@given(TREES)
def test_whatever_else_crosses_the_pipe_is_refused_as_malformed(tree):
    try:
        wire.decode(tree)
    except wire.Malformed:
        pass


@given(st.binary(max_size=50) | TREES.map(lambda tree: json.dumps(tree).encode()))
def test_every_line_is_a_message_or_malformed(line):
    try:
        assert isinstance(wire.content(line), dict)
    except wire.Malformed:
        pass


@given(st.text(st.characters(codec=None), max_size=50))
def test_every_text_can_be_shown(text):
    safe = shown(text)
    assert all(c.isprintable() or c in "\n\t" or unicodedata.category(c) == "Zs" for c in safe), ascii(safe)
    safe.encode("utf-8")


@pytest.mark.parametrize("given", [
    {"mapping": 3}, {"other": 1}, {"array": "object", "shape": [1], "data": ""},
    {"array": "float64", "shape": [2], "data": "AAAA"}, {"array": "float64", "shape": [-1], "data": ""},
    {"array": "float64", "shape": [2**39, 2**39], "data": ""}, {"array": "float64", "shape": [1], "data": "\u00e9"},
    {"array": [], "shape": [1], "data": ""}, {"array": "float64", "shape": [True], "data": ""}, 2**5000,
])  # fmt: skip
def test_damaged_values_are_refused(given):
    with pytest.raises(wire.Malformed):
        wire.decode(given)


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"[]\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"a":' + b"9" * 5000 + b"}"]
)
def test_damaged_lines_are_refused(line):
    with pytest.raises(wire.Malformed):
        wire.content(line)


def test_a_check_that_stumbles_over_an_answer_is_a_zero_and_can_be_seen(graded):
    check = Check("sum", "a sum", 1, "", lambda submission, seed: submission.call("mean", np.ones(3)) + 1.0)
    found, _ = mark(check, Source("rotation.py", "def mean(x):\n    return [1, 2]"), 0)
    assert (found.score, found.where, found.found) == (0, "answer of mean", "[1, 2]")
    assert "TypeError" in found.crash and "test_grade.py" in found.crash and "show your teacher" in found.lines()[-1]
    broken, _ = mark(Check("no", "no", 1, "", lambda submission, seed: 1 / 0), Source("rotation.py", RIGHT), 0)
    assert "before it had an answer: ZeroDivisionError" in broken.statement and broken.crash


def test_a_check_cannot_pass_by_catching_what_stopped_the_submission():
    def careless(submission: Submission, seed: int) -> None:
        try:
            submission.call("mean", 1)
        except Exception:
            return

    found, _ = mark(Check("c", "c", 1, "", careless), Source("rotation.py", "def mean(x):\n    raise ValueError(x)"), 0)
    assert found.score == 0 and "ValueError: 1" in found.statement


BAD_FILES = {
    "not UTF-8": ("rotation.py", b"x = '\xe9'", r"rotation.py is not UTF-8: byte 5 is 0xe9"),
    "NUL": ("rotation.py", b"x = 1\ny = '\0'", "rotation.py has a NUL character: line 2"),
    "too large": ("rotation.py", b"#" * (FILE_BYTES + 1), "rotation.py has 10,000,001 bytes; at most 10,000,000"),
    "too much code": ("rotation.py", b"#" * 1_000_001, "the code in rotation.py has more than 1,000,000 bytes"),
    "damaged": ("rotation.ipynb", b'{"cells": [', "rotation.ipynb is no notebook of format 4"),
    "deep": ("rotation.ipynb", b"[" * 200_000, "rotation.ipynb is no notebook of format 4"),
    "no cells": ("rotation.ipynb", b'{"worksheets": []}', "rotation.ipynb is no notebook of format 4"),
    "odd cells": ("rotation.ipynb", b'{"cells": [{"cell_type": "code", "source": 3}]}', "no notebook of format 4"),
    "empty": ("rotation.py", b"", "rotation.py has no function or class mean"),
    "deep code": ("rotation.py", b"x = " + b"(" * 50_000, "SyntaxError|MemoryError|RecursionError"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_a_zero_with_a_reason(kind, graded):
    name, content, sentence = BAD_FILES[kind]
    found = graded(content, name)
    assert found.score == 0 and found.exit_code == 1
    assert re.search(sentence, found.marks[0].statement), found.marks[0]
    assert len(found.gradescope()["tests"]) == 2


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "rotation.py"
    with path.open("wb") as out:
        out.truncate(10**12)  # sparse
    assert "1,000,000,000,000 bytes" in regretlab.grade(path, EXERCISE).marks[0].statement


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "solution.py").write_text(RIGHT)
    (tmp_path / "rotation.py").symlink_to(tmp_path / "solution.py")
    found = regretlab.grade(tmp_path / "rotation.py", EXERCISE)
    assert found.score == 0 and "is a symbolic link; hand in the file itself" in found.marks[0].statement


def notebook(*cells: str | tuple[str, list[str]]) -> bytes:
    made = []
    for cell in cells:
        source, tags = cell if isinstance(cell, tuple) else (cell, [])
        made.append({"cell_type": "code", "source": source.splitlines(True), "metadata": {"tags": tags}})
    text = {"cell_type": "markdown", "source": "# Taking turns"}
    return json.dumps({"cells": [text, *made], "nbformat": 4}).encode()


def test_the_code_cells_of_a_notebook_are_the_submission(graded):
    head, rest = RIGHT.split("def mean", 1)
    cells = ["%matplotlib inline\n!ls\n" + head, ("import torch", ["ungraded"]), "%%bash\nls", "def mean" + rest]
    found = graded(notebook(*cells), "rotation.ipynb")
    assert found.score == 5, str(found)
    assert found.notes == (
        "cell 2: left out '%matplotlib inline', which is not Python",
        "cell 2: left out '!ls', which is not Python",
        "cell 4 was left out: it begins with %%bash",
    )
    wrong = graded(notebook(head, "\n\ndef mean" + rest.replace("rewards.sum()", "reward.sum()")), "rotation.ipynb")
    assert "rotation.ipynb, cell 3, line 4, in mean: NameError" in wrong.marks[0].statement


def test_a_notebook_that_saves_its_file_is_graded_by_that_file(graded):
    cells = ["import regretlab", "%%writefile rotation.py\n" + RIGHT, "print(regretlab.grade('rotation.py'))"]
    found = graded(notebook(*cells), "rotation.ipynb")
    assert found.score == 5 and found.notes == (), str(found)


def test_gradescope_format(graded):
    content = graded(RIGHT.replace("params.shift)", "t // 5)")).gradescope()
    assert json.loads(json.dumps(content)) == content
    assert content["score"] == 2 and content["stdout_visibility"] == "hidden"
    assert isinstance(content["execution_time"], int)
    mean, play = content["tests"]
    assert (mean["name"], mean["score"], mean["max_score"], mean["status"]) == ("the empirical mean", 2, 2, "passed")
    assert mean["output"] == "correct"
    assert (play["score"], play["status"], play["output_format"]) == (0, "failed", "text")
    assert play["output"].splitlines()[:2] == ["broken: arms take turns", "where: round 1"]


def test_what_is_shown_does_nothing_to_who_sees_it(graded, capsys, tmp_path):
    nasty = "\\x1b[2J[bold red]x[/]<b>&\\u202e\\r\\x07\\x9b"
    text = RIGHT.replace(
        "    return rewards", f'    print("{nasty}")\n    raise ValueError("{nasty}")\n    return rewards'
    )
    found = graded(text)
    for told in (str(found), json.dumps(found.gradescope(), ensure_ascii=False)):
        assert "[bold red]x[/]<b>&" in told
        assert not any(c in told for c in "\x1b\u202e\r\x07\x9b")
    assert "printed: \\x1b[2J" in str(found)
    assert shown("a\u2028b\ud800\tc\nd") == "a\\u2028b\\ud800\tc\nd"
    assert shown("x" * 5000).endswith("x [...]") and len(shown("x" * 5000)) == 4006
    assert value(np.zeros((1000, 1000))).startswith("[[0., 0., 0., ..., 0., 0., 0.], ")
    assert len(value("x" * 1000)) == 206


def command(monkeypatch, capsys, *arguments: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["regretlab", "grade", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    shown_ = capsys.readouterr()
    return end.value.code or 0, shown_.out, shown_.err


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr(course, "exercises", lambda: {"rotation": EXERCISE})


def test_the_command(tmp_path, monkeypatch, capsys, known):
    path, results = tmp_path / "rotation.py", tmp_path / "results.json"
    path.write_text(RIGHT)
    code, out, _ = command(monkeypatch, capsys, path, "--results", results)
    assert code == 0 and "5 of 5 points" in out
    assert json.loads(results.read_text())["score"] == 5 and list(tmp_path.glob("*.tmp")) == []
    other = tmp_path / "mine.py"
    other.write_text(RIGHT.replace("/ len(rewards)", ""))
    code, out, _ = command(monkeypatch, capsys, other, "--exercise", "7", "--json", "--seed", "3")
    content = json.loads(out)
    assert code == 1 and content["score"] == 3 and content["extra_data"]["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.py"], "missing.py is named like no exercise; expected --exercise with one of: 7 rotation"),
        (["missing.py", "--exercise", "7"], "cannot read missing.py: No such file or directory"),
        (["rotation.py"], "cannot read rotation.py: No such file"),
        (["folder.py", "--exercise", "7"], "folder.py is a folder; expected a .py or .ipynb file"),
        (["pipe.py", "--exercise", "7"], "pipe.py is no regular file"),
        (["rotation.txt", "--exercise", "7"], "rotation.txt is neither a Python file nor a notebook"),
        (["rotation.py", "--exercise", "rotatoin"], "unknown exercise 'rotatoin'; did you mean rotation?"),
        (["rotation.py", "--seed", "-1"], "seed is -1; expected an integer >= 0"),
        (["rotation.py", "--results", "nowhere/results.json"], "cannot write nowhere/results.json"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments, sentence, tmp_path, monkeypatch, capsys, known):
    monkeypatch.chdir(tmp_path)
    Path("rotation.txt").write_text("")
    Path("folder.py").mkdir()
    os.mkfifo("pipe.py")
    code, _, err = command(monkeypatch, capsys, *arguments)
    assert code == 2 and sentence in " ".join(err.split()), err


def test_wrong_usage_from_python(tmp_path):
    with pytest.raises(UnknownName, match="unknown exercise '99'"):
        regretlab.grade(tmp_path / "x.py", 99)
    with pytest.raises(InvalidInput, match="is no name of a file"):
        regretlab.grade("zero\0.py", EXERCISE)
    with pytest.raises(InvalidInput, match="is named like no exercise"):
        regretlab.grade(tmp_path / "x.py")
