"""A user's own algorithm in the place of a claim's: verdicts, broken steps, and what is said of broken files."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import proofs_check.claims.ucb1 as ucb1_watch
import proofs_check.plugin as module
import regretlab
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from kernels.engine import protocol_of, simulate
from mdps.instances import named_instance
from mdps.loops import Episodes
from proofs_check.catalogue import claims
from proofs_check.claim import Case
from proofs_check.cli import main
from proofs_check.plugin import Plugin, adopt, load, watch_for
from theory.errors import InvalidInput

PLAIN = '''"""UCB1 in plain functions, with a state of its own."""
import math
from typing import NamedTuple

import numpy as np


class MyUCB(NamedTuple):
    scale: float = 2.0


class State(NamedTuple):
    count: np.ndarray
    total: np.ndarray


def allocate(params, problem):
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    state.count[:] = 0.0
    state.total[:] = 0.0


def index(params, state, t, i):
    return state.total[i] / state.count[i] + math.sqrt(params.scale * math.log(t - 1) / state.count[i])


def act(params, state, t, rng):
    n_arms = state.count.shape[0]
    if t <= n_arms:
        return t - 1
    best = 0
    for i in range(1, n_arms):
        if index(params, state, t, i) > index(params, state, t, best):
            best = i
    return best


def observe(params, state, t, arm, reward):
    state.count[arm] += 1.0
    state.total[arm] += reward
'''

ACT_LINE = PLAIN.splitlines().index("def act(params, state, t, rng):") + 1

#: No bonus at all, with a state of the fields that the watch of ucb1 reads.
GREEDY = """
from typing import NamedTuple

from bandits.policies import allocate_statistics, forget, highest_index, record
from kernels.jit import compiled


class Greedy(NamedTuple):
    nothing: int = 0


def allocate(params, problem):
    return allocate_statistics(problem.n_arms)


@compiled
def init(params, state):
    forget(state)


@compiled
def act(params, state, t, rng):
    if t <= state.pulls.shape[0]:
        return t - 1
    return highest_index(state.mean, state.inverse_root, 0.0)


@compiled
def observe(params, state, t, arm, reward):
    record(state, arm, reward)
"""


@pytest.fixture
def write(tmp_path):
    """Save a plug-in; the answer is its FILE.py:CLASS."""

    def save(text: str, name: str = "MyUCB") -> str:
        (tmp_path / "my_ucb.py").write_text(text)
        return f"{tmp_path / 'my_ucb.py'}:{name}"

    return save


def check(spec, folder):
    """UCB1's claim on one instance, without its rate, of another algorithm: report, and verdicts by statement."""
    case = Case("two arms", lambda: bernoulli(0.9, 0.5), 1000, max_runs=200)
    quick = replace(claims()["ucb1"], cases=(case,), rate=None)
    report = regretlab.check(quick, algorithm=spec, store=folder / "store", workers=1)
    return report, report.verdicts.set_index("id")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The plain file, checked: report and verdicts."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "my_ucb.py").write_text(PLAIN)
    return check(f"{folder / 'my_ucb.py'}:MyUCB", folder)


def test_a_plain_file_gets_the_theorem_and_every_step_that_its_state_allows(plain):
    report, rows = plain
    assert report.results[0].claim.slug == "MyUCB like ucb1"
    assert rows["verdict"].drop("optimism").eq("verified").all() and len(rows) == 6
    assert rows.verdict["optimism"] == "undecided" and report.exit_code == 3
    assert "reads state.inverse_root, state.mean, which State of my_ucb.py lacks" in rows.note["optimism"]


def test_the_steps_that_are_left_are_watched_as_before(plain):
    """The plain file makes the decisions of UCB1, and leaves the records of UCB1 in all steps but one."""
    mine = plain[0].results[0].cases[0].trace
    theirs = simulate(UCB1(), bernoulli(0.9, 0.5), 1000, 25, watch=ucb1_watch)
    np.testing.assert_array_equal(mine.extra["pulls"][:25], theirs.extra["pulls"])
    kept = [i for i, step in enumerate(ucb1_watch.STEPS) if step.id != "optimism"]
    np.testing.assert_array_equal(mine.records.checks[:25, kept], theirs.records.checks[:, kept])
    np.testing.assert_allclose(mine.records.slack[:25, kept], theirs.records.slack[:, kept], atol=1e-12)
    optimism = ucb1_watch.OPTIMISM
    assert mine.records.checks[:, optimism].sum() == 0 < theirs.records.checks[:, optimism].sum()


def test_a_halved_width_is_explained_by_the_broken_rule(write, tmp_path):
    kind = load(write(PLAIN))
    report, rows = check(kind(scale=0.5), tmp_path)  # sqrt(0.5 log / N) is half of sqrt(2 log / N)
    assert rows.verdict["rule"] == "refuted" and rows.verdict["ucb1/regret"] == "verified"
    assert report.exit_code == 1
    assert re.match(r"run \d+: round \d+, arm [01]: [\d.]+ > [\d.]+$", rows["where"]["rule"])
    # The index of the other arm, as the paper has it, exceeds that of the arm played.
    assert rows.left["rule"] > rows.right["rule"] > 0.0


def test_fields_of_the_same_name_are_read_and_missing_hyper_parameters_have_the_theorems_value(write, tmp_path):
    _, rows = check(write(GREEDY, "Greedy"), tmp_path)
    # width is read as 2: the index that the watch builds is that of UCB1, and it is the rule that breaks.
    assert rows.verdict["rule"] == "refuted" and rows.verdict["optimism"] == "verified"
    assert rows.checks["optimism"] > 0


def test_a_field_that_says_otherwise_is_believed(tmp_path):
    """UCB1 with the bonus dropped breaks optimism as well: the watch reads its width."""
    _, rows = check(UCB1(0.0), tmp_path)
    assert rows.verdict["rule"] == "refuted" and rows.verdict["optimism"] == "refuted"


def test_promised_numbers_are_the_theorems(write):
    """No compilation: refused before."""
    own = claims()["ucb-constant"]
    with pytest.raises(InvalidInput, match=r"MyUCB \(my_ucb.py\) has no hyper-parameter delta"):
        adopt(own, load(write(PLAIN)))
    kind = load(write(PLAIN.replace("scale: float = 2.0", "scale: float = 2.0\n    delta: float = 0.9")))
    with pytest.raises(InvalidInput, match=r"delta of MyUCB is 0.9; the theorem of ucb-constant is checked at 0.1"):
        adopt(own, kind())


#: The settings that differ most in their loops: a first run of the claim's own algorithm finds nothing to complain of.
SETTINGS = ["ucb1", "thompson-beta", "exp3", "hedge", "oful", "ucbvi-ch", "ucrl2", "glow"]


@pytest.mark.parametrize("slug", SETTINGS)
def test_the_first_run_speaks_every_setting(slug):
    claim = claims()[slug]
    case = claim.cases[0]
    instance = case.build()
    params = claim.algorithm(instance, case.horizon)
    plugin = Plugin(params)
    plugin.require_functions(protocol_of(params, instance), params)
    plugin.dry_run(params, instance, case.horizon, None)
    watch, unwatched = watch_for(claim, plugin, params, params, instance, case.horizon)
    assert watch is not None and unwatched == {}


#: A claim of each protocol; a slip in its algorithm's own source (before, after), and the steps that explain it.
SLIPS = [
    ("hedge", "state.total[i] += row[i]", "state.total[i] += 2.0 * row[i]", {"weights", "mix-regret", "regret"}),
    (
        "oful",
        "math.sqrt(2.0 * math.log(1.0 / params.delta)",
        "math.sqrt(0.5 * math.log(1.0 / params.delta)",
        {"support"},
    ),
    ("q-learning-hoeffding", "problem.horizon**3", "problem.horizon**2", {"update"}),
    ("cucb", "np.sqrt(params.width", "np.sqrt(0.2 * params.width", {"rule"}),
]


def in_plain_python(slug, folder, before, after):
    """The claim's own algorithm as a user's file without a compiled function; its runs and the claim's own."""
    claim = claims()[slug]
    case = replace(claim.cases[0], horizon=100)
    instance = case.build()
    own = claim.algorithm(instance, 100)
    source = Path(sys.modules[type(own).__module__].__file__).read_text()
    assert before in source
    plain = re.sub(r"^@(compiled|inlined|embedded)\n", "", source, flags=re.M).replace(before, after)
    (folder / "plain.py").write_text(plain)
    adopted = adopt(claim, load(f"{folder / 'plain.py'}:{type(own).__name__}")(*own), [case])
    assert adopted.unwatched == {}
    mine = simulate(adopted.claim.algorithm(instance, 100), instance, 100, 3, watch=adopted.claim.watch)
    return claim, mine, simulate(own, instance, 100, 3, watch=claim.watch)


@pytest.mark.parametrize("slug", ["q-learning-hoeffding", "cucb"])
def test_plain_python_has_the_numbers_of_the_compiled_original(slug, tmp_path):
    _, mine, theirs = in_plain_python(slug, tmp_path, "", "")
    np.testing.assert_array_equal(mine.regret, theirs.regret)
    for recorded, expected in zip(mine.records, theirs.records):
        np.testing.assert_array_equal(recorded, expected)


@pytest.mark.parametrize(("slug", "before", "after", "steps"), SLIPS, ids=[slip[0] for slip in SLIPS])
def test_a_slip_in_plain_python_is_explained_by_its_step_in_every_protocol(slug, before, after, steps, tmp_path):
    claim, mine, theirs = in_plain_python(slug, tmp_path, before, after)
    assert {claim.steps[i].id for i in np.flatnonzero(mine.records.violations.any(axis=0))} == steps
    assert not theirs.records.violations.any()


DRIVEN = """
from typing import NamedTuple

import numpy as np

from kernels.driven import DRIVEN

PROTOCOL = DRIVEN


class Fixed(NamedTuple):
    delta: float


def allocate(params, problem):
    return None


def play(params, problem, world, horizon):
    for t in range(horizon):
        if t == 50:
            raise RuntimeError("too late")
        world.episode(np.zeros((problem.horizon, problem.n_states), np.int64))
        yield t
"""


def test_plain_python_that_is_driven_and_an_error_in_the_middle_of_a_run(write, tmp_path):
    river = Episodes(named_instance("river-swim:3,horizon=3"))
    options = {"instance": river, "algorithm": write(DRIVEN, "Fixed"), "store": tmp_path / "store", "budget": 5.0}
    rows = regretlab.check("ucbvi-ch", horizon=40, **options).verdicts.set_index("layer")
    assert rows.verdict["bound"] == "vacuous" and set(rows.verdict["step"]) == {"undecided"}
    assert rows.note["step"].str.contains("which Fixed is not").all()
    with pytest.raises(InvalidInput, match=r"my_ucb.py, line 22, in play: RuntimeError: too late"):
        regretlab.check("ucbvi-ch", horizon=60, **options)


#: A compiled function made around a plain one.
CLOSURE = """
from numba import njit


def half(x):
    return 0.5 * x


def made(f):
    return njit(lambda x: f(x))


halved = made(half)


"""

#: A mistake after the first run, and what is said of it in the middle of the compiled runs.
LATE = [
    ("raise", "raise ValueError('too late')", r"my_ucb.py, line {line}, in act: ValueError: too late"),
    ("index", "best = int(state.count[t])", r"my_ucb.py, line {line}, in act: IndexError: index 400 is out of bounds"),
    ("range", "return 7", r"my_ucb.py, line {act}: act returned 7; expected an integer in 0..1"),
]


@pytest.mark.parametrize(("statement", "expected"), [case[1:] for case in LATE], ids=[case[0] for case in LATE])
def test_a_mistake_after_the_first_run_is_a_sentence_with_its_line(statement, expected, write, tmp_path):
    text = PLAIN.replace("    best = 0\n", f"    best = 0\n    if t == 400:\n        {statement}\n")
    line = text.splitlines().index(f"        {statement}") + 1
    case = Case("two arms", lambda: bernoulli(0.9, 0.5), 1000)
    bare = replace(claims()["ucb1"], cases=(case,), rate=None, watch=None)
    with pytest.raises(InvalidInput, match=expected.format(line=line, act=ACT_LINE)):
        regretlab.check(bare, algorithm=write(text), store=tmp_path / "store", workers=1)


def test_a_loop_that_does_not_end(write, monkeypatch):
    monkeypatch.setattr(module, "DRY_SECONDS", 0.5)
    text = PLAIN.replace("    best = 0\n", "    best = 0\n    while best < 1:\n        pass\n")
    with pytest.raises(
        InvalidInput, match=r"line \d+, in act: TimeoutError: no end after 0.5 s of the first 300 rounds"
    ):
        adopt(claims()["ucb1"], load(write(text)))


def test_not_a_number_in_the_state_breaks_the_rule(write, tmp_path):
    _, rows = check(write(PLAIN.replace("state.total[arm] += reward", "state.total[arm] += math.nan")), tmp_path)
    assert rows.verdict["rule"] == "refuted"


BROKEN = [
    ("missing file", None, r"absent.py: no such file"),
    ("syntax", PLAIN.replace("    return best", "    return best)"), r"my_ucb.py, line \d+: unmatched"),
    ("import", PLAIN.replace("import math", "import nothing_like_it"), r"line 2: ModuleNotFoundError"),
    ("class", PLAIN.replace("class MyUCB", "class MyUCP"), r"has no class MyUCB; did you mean MyUCP\?"),
    ("no tuple", PLAIN.replace("class MyUCB(NamedTuple)", "class MyUCB"), r"MyUCB of my_ucb.py is no NamedTuple"),
    ("function", PLAIN.replace("def observe", "def see"), r"my_ucb.py has no function observe; expected allocate"),
    ("arguments", PLAIN.replace("act(params, state, t, rng)", "act(params, state, t)"),
     rf"line {ACT_LINE}: act takes \(params, state, t\); expected \(params, state, t, rng\)"),
    ("field", PLAIN.replace("    best = 0\n", "    best = state.sum\n"),
     rf"my_ucb.py, line {ACT_LINE + 4}, in act: AttributeError: 'State' object has no attribute 'sum'"),
    ("range", PLAIN.replace("    return best", "    return n_arms"), r"act returned 2; expected an integer in 0..1"),
    ("float", PLAIN.replace("    return best", "    return 1.0 * best"), r"act returned 0.0, of type float; expected"),
    ("state", PLAIN.replace("return State(", "return ("), r"allocate returned tuple; expected a NamedTuple"),
    ("None", PLAIN.replace("    return best", "    best"), rf"line {ACT_LINE}: act returned None, of type NoneType"),
    ("array", PLAIN.replace("    return best", "    return np.array([best])"), r"act returned array\(\[0\]\), of type"),
    ("changed tuple", PLAIN.replace("    state.count[arm] += 1.0", "    params.scale = 1.0"),
     r"line \d+, in observe: AttributeError: can't set attribute"),
    ("replaced array", PLAIN.replace("    state.count[arm] += 1.0", "    state.count = state.count + 1.0"),
     r"line \d+, in observe: AttributeError: can't set attribute"),
    ("problem", PLAIN.replace("problem.n_arms", "problem.n_actions"), r"in allocate: AttributeError: 'BanditProblem'"),
    ("parameter", PLAIN.replace("scale: float = 2.0", "scale: float = None"), r"in index: TypeError: unsupported"),
    ("global list", PLAIN.replace("class State", "PLAYED = []\n\n\nclass State").replace(
        "    best = 0\n", "    best = 0\n    PLAYED.append(t)\n"),
     r"line \d+, in act: cannot be compiled: .*; lists outside of a function cannot be used; expected arrays"),
    ("plain in compiled", PLAIN.replace("class State", f"{CLOSURE}class State").replace(
        "params.scale * ", "halved(params.scale) * "),
     r"cannot be compiled: .*; a compiled function calls a plain one; expected @compiled on both"),
    ("sometimes None", PLAIN.replace("    return best", "    if t < 1000:\n        return best"),
     r"cannot be compiled: .*; a function returns a number in some cases and None in others"),
    ("default", PLAIN.replace("scale: float = 2.0", "scale: float"), r"hyper-parameter scale .* has no default"),
    ("compiler", PLAIN.replace("import math", "import math\nfrom scipy.special import xlogy").replace(
        "    best = 0\n", "    best = 0\n    xlogy(1.0, t)\n"),
     r"line \d+, in act"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_file_is_one_sentence_at_the_console(text, expected, write, tmp_path, monkeypatch, capsys):
    spec = write(text) if text is not None else f"{tmp_path / 'absent.py'}:MyUCB"
    monkeypatch.setattr(sys, "argv", ["regretlab", "check", "--algorithm", spec, "--like", "ucb1"])
    with pytest.raises(SystemExit) as end:
        main()
    shown = " ".join(capsys.readouterr().err.split())
    assert end.value.code == 2 and shown.startswith("error: ")
    assert re.search(expected, shown), shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--algorithm", "a.py:A"], "go together"),
        (["--like", "ucb1"], "go together"),
        (["--algorithm", "a.py", "--like", "ucb1"], "expected FILE.py:CLASS"),
        (["--algorithm", "a.py:A", "--like", "ucb1", "--sabotage"], "leave out --algorithm"),
    ],
)
def test_wrong_usage(arguments, expected, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["regretlab", "check", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2 and expected in " ".join(capsys.readouterr().err.split())
