"""Models in files: what is written comes back bit for bit; what is damaged is refused with its place."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdps.files import read_mdp, write_mdp
from mdps.gym import from_gymnasium
from mdps.instances import combination_lock, deep_sea, garnet, grid_world, random_mdp, river_swim
from mdps.model import MDP
from tests.mdps.plain_planning import optimal_value, same_model
from theory.errors import DamagedFile, InvalidInput

_OPTIONS = (
    "horizon",
    "discount",
    "stage_dependent",
    "reward_law",
    "reward_sd",
    "reward_range",
    "name",
    "labels",
    "meta",
)

_MODELS = [
    river_swim(6),
    deep_sea(5, slip=0.1),
    combination_lock(3, seed=2),
    garnet(9, 3, 4, discount=0.9, reward_law="bernoulli"),
    random_mdp(4, 3, horizon=3, stage_dependent=True),
    random_mdp(2, 2, horizon=1, stage_dependent=True),
    random_mdp(1, 1),
    grid_world("S.S/.HG", slip=0.3, horizon=8),
    from_gymnasium("FrozenLake-v1"),
    MDP.from_dense([[[1.0]]], [[-2.5]], reward_range=(-3.0, 5.0), reward_law="gaussian", reward_sd=0.1, discount=0.5),
    MDP.from_csr([0, 3, 4], [0, 1, 0, 1], [0.25, 0.5, 0.25, 1.0], [0.3, 0.1], n_states=2, n_actions=1),
]


# ------------------------------------------------------------------------------------ round trips
@pytest.mark.parametrize("mdp", _MODELS, ids=lambda mdp: mdp.name)
@pytest.mark.parametrize("extension", [".npz", ".json"])
def test_everything_comes_back_bit_for_bit(mdp: MDP, extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{extension}"
    write_mdp(mdp, path)
    again = read_mdp(path)
    assert same_model(again, mdp)
    assert {key: getattr(again, key) for key in _OPTIONS} == {key: getattr(mdp, key) for key in _OPTIONS}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "mdp",
    [m for m in _MODELS if not m.stage_dependent and len(set(m.initial[m.initial > 0])) == 1],
    ids=lambda m: m.name,
)
def test_prism_files_come_back_bit_for_bit(mdp: MDP, tmp_path: Path) -> None:
    write_mdp(mdp, tmp_path / "model.tra")
    again = read_mdp(tmp_path / "model.tra", horizon=mdp.horizon, discount=mdp.discount)
    assert same_model(again, mdp)
    assert (again.horizon, again.discount, again.labels) == (mdp.horizon, mdp.discount, mdp.labels)


@given(
    st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 999), st.booleans(), st.floats(0.01, 2.0)
)
@settings(deadline=None, max_examples=25)
def test_random_models_come_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, s: int, a: int, h: int, seed: int, staged: bool, concentration: float
) -> None:
    mdp = random_mdp(s, a, horizon=h, seed=seed, stage_dependent=staged, concentration=concentration)
    folder = tmp_path_factory.mktemp("models")
    for extension in (".npz", ".json", *(() if staged else (".tra",))):
        write_mdp(mdp, folder / f"m{extension}")
        assert same_model(read_mdp(folder / f"m{extension}", horizon=h), mdp)


def test_dense_files_by_hand(tmp_path: Path) -> None:
    """What a user writes without this package: dense arrays in NPZ, dense lists in JSON."""
    p, r = river_swim(4).dense()
    np.savez(tmp_path / "m.npz", transitions=p, rewards=r, horizon=12, initial=2)
    document = {
        "format": "regretlab-mdp",
        "version": 1,
        "transitions": p.tolist(),
        "rewards": r.tolist(),
        "horizon": 12,
    }
    (tmp_path / "m.json").write_text(json.dumps({**document, "initial": 2}))
    for file in ("m.npz", "m.json"):
        mdp = read_mdp(tmp_path / file)
        assert mdp.horizon == 12 and mdp.initial[2] == 1.0
        assert all((x == y).all() for x, y in zip(mdp.dense(), (p, r)))
    np.savez(tmp_path / "h.npz", transitions=np.stack([p, p]), rewards=np.stack([r, 1 - r]))
    assert read_mdp(tmp_path / "h.npz").stage_dependent and read_mdp(tmp_path / "h.npz").horizon == 2


def test_the_criterion_can_be_overridden(tmp_path: Path) -> None:
    write_mdp(river_swim(6, discount=0.9), tmp_path / "m.npz")
    assert (read_mdp(tmp_path / "m.npz").horizon, read_mdp(tmp_path / "m.npz").discount) == (None, 0.9)
    mdp = read_mdp(tmp_path / "m.npz", horizon=20)
    assert (mdp.horizon, mdp.discount) == (20, None)
    assert optimal_value(mdp) == pytest.approx(3.397264, abs=1e-6)
    with pytest.raises(InvalidInput, match=r"m.npz: horizon is 0; expected an integer, at least 1"):
        read_mdp(tmp_path / "m.npz", horizon=0)
    write_mdp(random_mdp(2, 2, horizon=3, stage_dependent=True), tmp_path / "h.json")
    with pytest.raises(InvalidInput, match=r"h.json: horizon is 5 but there are rows for 3 stages"):
        read_mdp(tmp_path / "h.json", horizon=5)


def test_reward_range_is_widened_only_if_the_file_does_not_declare_one(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", transitions=np.ones((1, 2, 1)), rewards=np.array([[-1.0, 3.0]]))
    assert read_mdp(tmp_path / "m.npz").reward_range == (-1.0, 3.0)
    np.savez(
        tmp_path / "m.npz",
        transitions=np.ones((1, 2, 1)),
        rewards=np.array([[-1.0, 3.0]]),
        metadata=np.array('{"reward_range": [0, 1]}'),
    )
    with pytest.raises(InvalidInput, match=r"reward of state 0, action 0 is -1; .* declared range \[0.0, 1.0\]"):
        read_mdp(tmp_path / "m.npz")


# ------------------------------------------------------------------------------------ PRISM by hand
def _prism(folder: Path, **files: str) -> Path:
    for extension, text in files.items():
        (folder / f"m.{extension}").write_text(text)
    return folder / "m.tra"


_TRA = """3 5 7
0 0 0 0.5 wait
0 0 1 0.5 wait
0 1 2 1 go
1 0 1 1
1 1 0 .25
1 1 2 7.5e-1
2 0 2 1
"""
_CHAIN = "2 3\n0 0 0.5\n0 1 0.5\n1 1 1\n"


def test_prism_decision_process_with_rewards_labels_and_states(tmp_path: Path) -> None:
    path = _prism(
        tmp_path,
        tra=_TRA.replace("3 5 7", "3 6 8") + "2 1 0 1.0\n",
        srew='# Reward structure "r"\n# State rewards\n3 1\n1 0.125\n',
        trew="3 6 3\n0 0 0 0.5\n0 0 1 1\n1 1 2 0.5\n",
        lab='0="init" 1="deadlock" 2="end"\n1: 0 2\n2: 0\n',
        sta="(x,y)\n0:(0,0)\n1:(0,1)\n2:(1,0)\n",
    )
    mdp = read_mdp(path, discount=0.9)
    p, r = mdp.dense()
    assert p[0].tolist() == [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]] and p[1, 1].tolist() == [0.25, 0.0, 0.75]
    assert r.tolist() == [[0.75, 0.0], [0.125, 0.125 + 0.375], [0.0, 0.0]]
    assert mdp.initial.tolist() == [0.0, 0.5, 0.5] and mdp.labels == ("(0,0)", "(0,1)", "(1,0)")
    assert (mdp.criterion, mdp.name) == ("discounted", "m")


def test_prism_chain_has_one_action(tmp_path: Path) -> None:
    mdp = read_mdp(_prism(tmp_path, tra=_CHAIN, rew="2 2\n0 1 0.5\n1 1\n"))
    assert mdp.n_actions == 1 and mdp.criterion == "average"
    assert mdp.dense()[1].tolist() == [[0.25], [1.0]] and mdp.initial.tolist() == [1.0, 0.0]


def test_prism_missing_choices_are_named_or_repeated_on_request(tmp_path: Path) -> None:
    path = _prism(tmp_path, tra=_TRA, srew="3 1\n2 1\n")
    with pytest.raises(
        InvalidInput, match=r"m.tra: state 2 lacks choice 1: it has 1, state 0 has 2; .*repeat_last_choice"
    ):
        read_mdp(path)
    p, r = read_mdp(path, repeat_last_choice=True).dense()
    assert p[2].tolist() == [[0.0, 0.0, 1.0]] * 2 and r[2].tolist() == [1.0, 1.0]
    assert p[0, 1].tolist() == [0.0, 0.0, 1.0]
    with pytest.raises(InvalidInput, match="repeat_last_choice is for PRISM files"):
        write_mdp(river_swim(3), tmp_path / "m.json")
        read_mdp(tmp_path / "m.json", repeat_last_choice=True)


@pytest.mark.parametrize(
    ("files", "place", "message"),
    [
        ({"tra": ""}, "m.tra, line 1", "the file is empty; expected a header"),
        ({"tra": "mdp\n1 1 1\n"}, "m.tra, line 1", "header 'mdp' has 1 fields; expected 'states transitions'"),
        ({"tra": "2 x\n"}, "m.tra, line 1", "a header field is 'x'; expected an integer >= 0"),
        ({"tra": _CHAIN.replace("1 1 1", "1 2 1")}, "m.tra, line 4", "the next state is 2; expected at most 1"),
        (
            {"tra": _CHAIN.replace("0 1 0.5", "0 1 half")},
            "m.tra, line 3",
            "the probability is 'half'; expected a number",
        ),
        (
            {"tra": _CHAIN.replace("0 1 0.5", "0 1 -0.5")},
            "m.tra, line 3",
            r"the probability is -0.5; expected .*\[0, 1\]",
        ),
        ({"tra": _CHAIN.replace("0 1 0.5", "0 1 nan")}, "m.tra, line 3", "the probability is nan; expected a finite"),
        ({"tra": _CHAIN.replace("0 1 0.5", "0 1 0.4")}, "m.tra, line 2", "state 0, choice 0 sum to 0.9 .*expected 1"),
        (
            {"tra": _CHAIN.replace("0 1 0.5", "0 1")},
            "m.tra, line 3",
            "2 fields in '0 1'; expected 'state next probability'",
        ),
        ({"tra": _CHAIN.replace("2 3", "2 4")}, "m.tra, line 1", "announces 4 transitions; the file has 3"),
        ({"tra": "1000000000000 3\n0 0 1\n"}, "m.tra, line 1", "announces 1000000000000 states; .*the file has 1"),
        ({"tra": "2 2 2\n0 0 0 1\n0 1 0 1\n"}, "m.tra: state 1", "has no transition; expected at least one"),
        ({"tra": "1 2 2\n0 0 0 1\n0 2 0 1\n"}, "m.tra: state 0", "has no choice 1 but a choice 2"),
        ({"tra": "1 3 2\n0 0 0 1\n0 1 0 1\n"}, "m.tra, line 1", "announces 3 choices; the file has 2"),
        ({"tra": _CHAIN, "srew": "2 1\n0 inf\n"}, "m.srew, line 2", "the reward is inf; expected a finite number"),
        ({"tra": _CHAIN, "srew": "3 1\n0 1\n"}, "m.srew, line 1", "announces 3 states; the .tra file has 2"),
        ({"tra": _CHAIN, "srew": "2 2\n0 1\n"}, "m.srew, line 1", "announces 2 rewards; the file has 1"),
        ({"tra": _CHAIN, "srew": "2 1\n0 1 1\n"}, "m.srew, line 2", "3 fields in '0 1 1'; expected 'state reward'"),
        ({"tra": _CHAIN, "trew": "2 1\n1 0 1\n"}, "m.trew, line 2", "no transition from state 1, choice 0 to 0"),
        ({"tra": _CHAIN, "srew": "2 0\n", "rew": "2 0\n"}, "m.rew", "m.srew lies beside it"),
        ({"tra": _CHAIN, "lab": "init: 0\n"}, "m.lab, line 1", "header 'init: 0' does not name labels"),
        ({"tra": _CHAIN, "lab": '0="deadlock"\n0: 0\n'}, "m.lab, line 1", 'has no label "init"'),
        ({"tra": _CHAIN, "lab": '0="init" 1="x"\n0: 1\n'}, "m.lab, line 1", 'label "init" that no state carries'),
        ({"tra": _CHAIN, "lab": '0="init"\n7: 0\n'}, "m.lab, line 2", "the state is 7; expected at most 1"),
        ({"tra": _CHAIN, "lab": '0="init"\n0 0\n'}, "m.lab, line 2", "'0 0'; expected 'state: label"),
        ({"tra": _CHAIN, "sta": "0:(0)\n1:(1)\n"}, "m.sta, line 1", r"header '0:\(0\)' does not name variables"),
        ({"tra": _CHAIN, "sta": "(x)\n0:(0)\n"}, "m.sta, line 2", "1 states are listed; the .tra file has 2"),
    ],
)
def test_bad_prism_files_are_refused_with_file_and_line(
    files: dict[str, str], place: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=rf"{place}.*{message}"):
        read_mdp(_prism(tmp_path, **files))


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    for name in ("m.tra", "m.json"):
        (tmp_path / name).write_bytes(b"2 3\n0 0 1\n\xff\xfe\n")
        with pytest.raises(DamagedFile, match=rf"{name}, line 3: not UTF-8 text"):
            read_mdp(tmp_path / name)


@pytest.mark.parametrize(
    ("mdp", "message"),
    [
        (
            random_mdp(2, 2, horizon=2, stage_dependent=True),
            "is stage-dependent; PRISM's explicit format has no stages",
        ),
        (MDP.from_dense([[[1.0, 0.0]]] * 2, [[0.0]] * 2, initial=[0.3, 0.7]), "not uniform over a set of states"),
        (dataclasses.replace(random_mdp(1, 1), labels=("a\nb",)), r"label of state 0 is 'a\\nb'; expected one line"),
    ],
)
def test_models_that_prism_cannot_express_are_refused(mdp: MDP, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=message):
        write_mdp(mdp, tmp_path / "m.tra")
    assert list(tmp_path.iterdir()) == []


def test_prism_writing_minds_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "m.srew").write_text("6 1\n0 1\n")
    with pytest.raises(InvalidInput, match=r"m.srew lies beside it and would be read with it"):
        write_mdp(river_swim(6), tmp_path / "m.tra")


# ------------------------------------------------------------------------------------ JSON
def _document(**changes: object) -> dict[str, object]:
    p = [[[0.5, 0.5], [1.0, 0.0]], [[0.0, 1.0], [0.25, 0.75]]]
    r = [[0.0, 1.0], [0.5, 0.25]]
    document = {"format": "regretlab-mdp", "version": 1, "transitions": p, "rewards": r, **changes}
    return {key: value for key, value in document.items() if value is not ...}


_PAIRS = [[[[0, 0.5], [1, 0.5]], [[0, 1]]], [[[1, 1]], [[0, 0.25], [1, 0.75]]]]


def _sparse(*path: int, value: object) -> dict[str, object]:
    pairs = json.loads(json.dumps(_PAIRS))
    inner = pairs
    for i in path[:-1]:
        inner = inner[i]
    inner[path[-1]] = value
    return _document(transitions=..., successors=pairs)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([1], "list at the top; expected an object"),
        (_document(format="mdp"), "format is 'mdp', version 1; expected 'regretlab-mdp', version 1"),
        (_document(version=2), "format is 'regretlab-mdp', version 2"),
        (_document(rewards=...), "expected 'rewards' and exactly one of 'transitions' and 'successors'"),
        (_document(successors=_PAIRS), "exactly one of 'transitions' and 'successors'"),
        (_document(horizn=3), r"unknown key 'horizn'; did you mean horizon\?"),
        (_document(rewards=[[0, 1], [0]]), r"rewards\[1\] has 1 entries; expected 2"),
        (_document(rewards=[[0, 1], [0, "1"]]), r"rewards\[1\]\[1\] is '1'; expected a number"),
        (_document(rewards=[[0, 1], [0, True]]), r"rewards\[1\]\[1\] is True; expected a number"),
        (_document(rewards=[[0, 1], [0, 10**400]]), r"rewards\[1\]\[1\] is 10+; expected a number"),
        (_document(rewards=[[0, 1], 3]), r"rewards\[1\] is 3; expected a list of 2 entries"),
        (_document(rewards=[[0, math.nan], [0, 0]]), r"reward of state 0, action 1 is nan; expected a finite number"),
        (_document(rewards=[0, 1]), r"rewards have shape \(2,\); expected \(S, A\)"),
        (_document(transitions=[]), r"transitions have shape \(0,\); expected \(S, A, S\)"),
        (_document(transitions=3), r"transitions has 0 levels of lists; expected nested lists"),
        (_document(transitions=[[[0.5, 0.4], [1, 0]], [[0, 1], [0, 1]]]), r"row 0 \(state 0, action 0\) sums to 0.9"),
        (_document(transitions=[[[1.5, -0.5], [1, 0]], [[0, 1], [0, 1]]]), r"state 0, action 0 -> state 1 is -0.5"),
        (_document(n_states=3), r"n_states is 3 but the rewards have shape \(2, 2\)"),
        (_document(horizon="ten"), "horizon is 'ten'; expected an integer"),
        (_document(horizon=0), "horizon is 0; expected an integer, at least 1"),
        (_document(discount=1.0), r"discount is 1.0; expected a number in \[0, 1\)"),
        (_document(initial="first"), "initial is 'first'; expected a state or a distribution"),
        (_document(initial=[0.5, 0.4]), "initial sums to 0.9; expected 1"),
        (_document(initial=[1, None]), r"initial\[1\] is None; expected a number"),
        (_document(reward_range=[0]), r"reward_range is \[0\]; expected two finite numbers \[low, high\]"),
        (_document(reward_law="poisson"), "reward_law is 'poisson'; expected one of deterministic"),
        (_document(labels=["a"]), "there are 1 labels; expected one for each of the 2 states"),
        (_document(labels=3), "labels are 3; expected a list of texts"),
        (_document(stage_dependent=True), r"stage_dependent is True but the transitions have shape \(2, 2, 2\)"),
        (_sparse(1, 0, 0, 0, value=2), r"successors\[1\]\[0\]\[0\]\[0\] is 2; expected a state in 0\.\.1"),
        (_sparse(1, 1, 0, 0, value=0.5), r"successors\[1\]\[1\]\[0\]\[0\] is 0.5; expected a state"),
        (_sparse(1, 1, 0, 1, value="p"), r"successors\[1\]\[1\]\[0\]\[1\] is 'p'; expected a number"),
        (_sparse(0, 1, 0, value=[0]), r"successors\[0\]\[1\]\[0\] is \[0\]; expected a pair"),
        (
            _sparse(0, 1, value={}),
            r"successors\[0\]\[1\] is \{\}; expected a list of \[next state, probability\] pairs",
        ),
        (_sparse(0, value=[[]]), r"successors\[0\] has 1 entries; expected 2 to match the rewards"),
        (_sparse(0, 1, value=[]), r"row 1 \(state 0, action 1\) sums to 0; expected 1"),
    ],
)
def test_bad_json_documents_are_refused_with_their_path(document: object, message: str, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(document))
    with pytest.raises(InvalidInput, match=rf"m\.json: {message}|m\.json: .*{message}"):
        read_mdp(tmp_path / "m.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": "regretlab-mdp",\n "version": 1,\n "rewards": [[0, 1}', "line 3, column 19: not JSON"),
        ("", "line 1, column 1: not JSON"),
        ("[" * 100_000, "not a model"),
        ("9" * 10_000, "not a model"),
    ],
)
def test_text_that_is_not_json_is_refused_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(DamagedFile, match=rf"m\.json.*{message}"):
        read_mdp(tmp_path / "m.json")


def test_meta_that_json_cannot_hold_is_refused(tmp_path: Path) -> None:
    mdp = dataclasses.replace(river_swim(3), meta={"array": np.zeros(2)})
    for extension in (".json", ".npz"):
        with pytest.raises(InvalidInput, match="meta of river-swim-3 cannot be written as JSON"):
            write_mdp(mdp, tmp_path / f"m{extension}")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------ NPZ
_DENSE = {"transitions": np.full((2, 2, 2), 0.5), "rewards": np.zeros((2, 2))}
_CSR = {
    "indptr": np.array([0, 1, 2]),
    "successors": np.array([0, 1]),
    "probabilities": np.ones(2),
    "rewards": np.zeros(2),
    "n_states": 2,
    "n_actions": 1,
}


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        (
            {"transitions": _DENSE["transitions"]},
            InvalidInput,
            "array 'rewards' is missing; expected transitions, rewards",
        ),
        ({**_DENSE, "reward": 1}, InvalidInput, r"unknown array 'reward'; did you mean rewards\?"),
        ({**_DENSE, "rewards": np.array([[None]])}, DamagedFile, "array 'rewards': .*Python objects are never read"),
        (
            {**_DENSE, "rewards": np.zeros((2, 2), complex)},
            InvalidInput,
            "array 'rewards': type complex128; expected real",
        ),
        ({**_DENSE, "rewards": np.zeros((2, 3))}, InvalidInput, r"rewards have shape \(2, 3\); expected \(2, 2\)"),
        ({**_DENSE, "rewards": np.full((2, 2), np.inf)}, InvalidInput, "reward of state 0, action 0 is inf"),
        ({**_DENSE, "transitions": np.full((2, 2, 2), 0.4)}, InvalidInput, r"row 0 \(state 0, action 0\) sums to 0.8"),
        ({**_DENSE, "horizon": [1, 2]}, InvalidInput, r"array 'horizon': shape \(2,\); expected one number"),
        ({**_DENSE, "horizon": 2.5}, InvalidInput, "horizon is 2.5; expected an integer"),
        ({**_DENSE, "initial": 0.5}, InvalidInput, "initial is 0.5; expected a state or a distribution"),
        ({**_DENSE, "metadata": np.zeros(2)}, DamagedFile, "array 'metadata': float64 of shape"),
        ({**_DENSE, "metadata": "{"}, DamagedFile, "array 'metadata', line 1, column 2: not JSON"),
        ({**_DENSE, "metadata": "[]"}, InvalidInput, "array 'metadata': list; expected a JSON object"),
        (
            {**_DENSE, "metadata": '{"nam": ""}'},
            InvalidInput,
            r"array 'metadata': unknown key 'nam'; did you mean name\?",
        ),
        ({**_CSR, "n_states": 3}, InvalidInput, "indptr has 2 rows for 3 states and 1 actions; expected .* = 3"),
        ({**_CSR, "n_states": 10**15}, InvalidInput, "indptr has 2 rows for 10+ states"),
        ({**_CSR, "n_actions": 0}, InvalidInput, "for 2 states and 0 actions"),
        ({**_CSR, "n_actions": 1.5}, InvalidInput, "array 'n_actions' is 1.5; expected an integer"),
        ({**_CSR, "successors": np.array([0, 2])}, InvalidInput, r"successor of state 1, action 0 is 2; .* 0\.\.1"),
        (
            {**_CSR, "successors": np.array([0.0, 1.0])},
            InvalidInput,
            r"successors has .*float64; expected a vector of int",
        ),
        ({**_CSR, "indptr": np.array([0, 2, 1])}, InvalidInput, "indptr must start at 0, never decrease and end at"),
        ({**_CSR, "probabilities": np.array([1.0, np.nan])}, InvalidInput, "state 1, action 0 -> state 1 is nan"),
        ({**_CSR, "probabilities": np.ones(3)}, InvalidInput, "3 probabilities for 2 successors"),
    ],
)
def test_bad_archives_are_refused_with_their_array(
    arrays: dict[str, object], error: type[Exception], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(error, match=rf"m\.npz.*{message}"):
        read_mdp(tmp_path / "m.npz")


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _flip_bits(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = content.index(b"probabilities.npy") + 60  # inside the array
    content[middle : middle + 20] = bytes(b ^ 0xFF for b in content[middle : middle + 20])
    path.write_bytes(bytes(content))


def _single_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def _pickle(path: Path) -> None:
    path.write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02K\x03e.")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_truncate, "not an NPZ archive"),
        (_flip_bits, "array 'probabilities': cannot be read"),
        (_single_array, "a single array; expected an archive"),
        (_pickle, "not an NPZ archive"),
        (lambda path: path.write_bytes(b""), "not an NPZ archive"),
        (lambda path: path.write_text("transitions"), "not an NPZ archive"),
    ],
)
def test_damaged_archives_are_refused(damage: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    write_mdp(garnet(40, 3, 5), path)
    damage(path)
    with pytest.raises(DamagedFile, match=rf"m\.npz.*{message}"):
        read_mdp(path)


# ------------------------------------------------------------------------------------ files in general
def test_unknown_extensions_and_missing_files(tmp_path: Path) -> None:
    for act in (read_mdp, lambda path: write_mdp(river_swim(3), path)):
        with pytest.raises(InvalidInput, match=r"m.csv: unknown extension '.csv'; expected one of .npz, .json, .tra"):
            act(tmp_path / "m.csv")
    with pytest.raises(InvalidInput, match=r"m.npz: no such file"):
        read_mdp(tmp_path / "m.npz")


@pytest.mark.parametrize("name", ["m.npz", "m.json", "m.tra"])
def test_writing_where_one_cannot(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere/m\..*: cannot be written: No such file or directory"):
        write_mdp(river_swim(3), tmp_path / "nowhere" / name)


@pytest.mark.parametrize("name", ["m.npz", "m.json", "m.tra"])
def test_a_full_disk_leaves_the_old_file_and_says_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mdp(river_swim(3), tmp_path / name)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InvalidInput, match=r"cannot be written: No space left on device"):
        write_mdp(river_swim(5), tmp_path / name)
    assert read_mdp(tmp_path / name).n_states == 3
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
