"""Models in PRISM's explicit format (PRISM manual, appendix "Explicit model files")."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from mdps.files.common import Content, Rows, read_text, write_text
from mdps.model import MDP, ROW_SUM_TOLERANCE
from theory.errors import DamagedFile, InvalidInput

#: Next state, probability, line of the file.
Transition = tuple[int, float, int]
#: For each state, the transitions of its choices by number.
Choices = list[dict[int, list[Transition]]]


class _Lines:
    """The content lines of a text file with their numbers; blank lines and comments (#) are skipped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = [
            (number, line.strip())
            for number, line in enumerate(read_text(path).split("\n"), 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]
        if not self.rows:
            raise self.error(1, "the file is empty; expected a header")

    def error(self, number: int, message: str) -> DamagedFile:
        return DamagedFile(f"{self.path}, line {number}: {message}")

    def header_error(self, message: str) -> DamagedFile:
        return self.error(self.rows[0][0], f"header {self.rows[0][1]!r} {message}")

    def integer(self, number: int, what: str, text: str, below: int | None = None) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise self.error(number, f"{what} is {text!r}; expected an integer >= 0")
        if below is not None and int(text) >= below:
            raise self.error(number, f"{what} is {text}; expected at most {below - 1}")
        return int(text)

    def real(self, number: int, what: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise self.error(number, f"{what} is {text!r}; expected a number") from None
        if not math.isfinite(value):
            raise self.error(number, f"{what} is {text}; expected a finite number")
        return value

    def header(self, words: str) -> list[int]:
        """Two or three sizes."""
        number, text = self.rows[0]
        fields = text.split()
        if len(fields) not in (2, 3):
            raise self.header_error(f"has {len(fields)} fields; expected {words}")
        return [self.integer(number, "a header field", field) for field in fields]


def read_prism(path: Path, *, repeat_last_choice: bool = False) -> Content:
    """Read a .tra file and what lies beside it (see :mod:`mdps.files`).

    Args:
        repeat_last_choice: fill up states that offer fewer choices than others by repeating their last one.

    Raises:
        DamagedFile: a line that is not what its place requires (file and line named).
        InvalidInput: states with different numbers of choices, or files that both give rewards.
    """
    n_states, chain, choices = _read_transitions(path)
    n_actions = max(len(state) for state in choices)
    if not repeat_last_choice:
        _check_equal_choices(path, choices, n_actions)
    rewards = _Rewards(path, chain, choices)
    indptr, successors, probabilities, means = [0], [], [], []
    for s, state in enumerate(choices):
        for action in range(n_actions):
            choice = min(action, len(state) - 1)
            successors += [target for target, _, _ in state[choice]]
            probabilities += [probability for _, probability, _ in state[choice]]
            indptr.append(len(successors))
            means.append(rewards.mean(s, choice))
    rows = Rows(np.array(indptr), np.array(successors), np.array(probabilities), n_states, n_actions)
    options = {"initial": _first_states(path, n_states), "labels": _state_labels(path, n_states), "name": path.stem}
    return Content(rows, np.array(means), options)


def _read_transitions(path: Path) -> tuple[int, bool, Choices]:
    """(number of states, is it a Markov chain, transitions by state and choice)."""
    lines = _Lines(path)
    header = lines.header("'states transitions' (chain) or 'states choices transitions' (decision process)")
    n_states, chain = header[0], len(header) == 2
    if not 1 <= n_states < len(lines.rows):
        raise lines.header_error(
            f"announces {n_states} states; expected at least 1 and a line for each (the file has {len(lines.rows) - 1})"
        )
    width = 3 if chain else 4
    shape = "'state next probability'" if chain else "'state choice next probability'"
    choices: Choices = [{} for _ in range(n_states)]
    for number, text in lines.rows[1:]:
        fields = text.split()
        if len(fields) not in (width, width + 1):
            raise lines.error(number, f"{len(fields)} fields in {text!r}; expected {shape} and perhaps an action name")
        s = lines.integer(number, "the state", fields[0], below=n_states)
        choice = 0 if chain else lines.integer(number, "the choice", fields[1])
        target = lines.integer(number, "the next state", fields[width - 2], below=n_states)
        probability = lines.real(number, "the probability", fields[width - 1])
        if not 0.0 <= probability <= 1.0:
            raise lines.error(number, f"the probability is {fields[width - 1]}; expected a number in [0, 1]")
        choices[s].setdefault(choice, []).append((target, probability, number))
    if len(lines.rows) - 1 != header[-1]:
        raise lines.header_error(f"announces {header[-1]} transitions; the file has {len(lines.rows) - 1}")
    n_choices = sum(len(state) for state in choices)
    if not chain and n_choices != header[1]:
        raise lines.header_error(f"announces {header[1]} choices; the file has {n_choices}")
    for s, state in enumerate(choices):
        if not state:
            raise DamagedFile(
                f"{path}: state {s} has no transition; expected at least one (a deadlock has a self-loop)"
            )
        for choice in range(len(state)):
            if choice not in state:
                raise DamagedFile(
                    f"{path}: state {s} has no choice {choice} but a choice {max(state)}; expected 0, 1, ..."
                )
            total = math.fsum(probability for _, probability, _ in state[choice])
            if abs(total - 1.0) > ROW_SUM_TOLERANCE:
                raise lines.error(
                    state[choice][0][2],
                    f"the probabilities of state {s}, choice {choice} sum to {total:.12g} from here on; expected 1",
                )
    return n_states, chain, choices


def _check_equal_choices(path: Path, choices: Choices, n_actions: int) -> None:
    for s, state in enumerate(choices):
        if len(state) < n_actions:
            fullest = next(i for i, other in enumerate(choices) if len(other) == n_actions)
            raise InvalidInput(
                f"{path}: state {s} lacks choice {len(state)}: it has {len(state)}, state {fullest} has {n_actions}; "
                "expected every choice in every state (repeat_last_choice=True repeats a state's last choice)"
            )


class _Rewards:
    """State rewards plus mean transition rewards, from whichever reward files lie beside the .tra file."""

    def __init__(self, path: Path, chain: bool, choices: Choices) -> None:
        self.state = [0.0] * len(choices)
        self.transition: dict[tuple[int, int, int], float] = {}
        self.chain, self.choices = chain, choices
        files = [path.with_suffix(extension) for extension in (".srew", ".trew", ".rew")]
        files = [file for file in files if file.is_file()]
        if len(files) > 1 and files[-1].suffix == ".rew":
            raise InvalidInput(f"{files[-1]}: {files[0].name} lies beside it; expected .rew alone, or .srew and .trew")
        for file in files:
            self._read(file)

    def _read(self, file: Path) -> None:
        lines = _Lines(file)
        n_states = len(self.choices)
        header = lines.header("'states entries', or 'states choices entries' for transition rewards")
        if header[0] != n_states:
            raise lines.header_error(f"announces {header[0]} states; the .tra file has {n_states}")
        per_transition = 3 if self.chain else 4
        widths = {".srew": (2,), ".trew": (per_transition,), ".rew": (2, per_transition)}[file.suffix]
        words = {2: "'state reward'", 3: "'state next reward'", 4: "'state choice next reward'"}
        for number, text in lines.rows[1:]:
            fields = text.split()
            if len(fields) not in widths:
                expected = " or ".join(words[width] for width in widths)
                raise lines.error(number, f"{len(fields)} fields in {text!r}; expected {expected}")
            s = lines.integer(number, "the state", fields[0], below=n_states)
            reward = lines.real(number, "the reward", fields[-1])
            if len(fields) == 2:
                self.state[s] += reward
                continue
            choice = 0 if self.chain else lines.integer(number, "the choice", fields[1])
            target = lines.integer(number, "the next state", fields[-2], below=n_states)
            if all(target != successor for successor, _, _ in self.choices[s].get(choice, [])):
                raise lines.error(number, f"no transition from state {s}, choice {choice} to {target}; expected one")
            key = (s, choice, target)
            self.transition[key] = self.transition.get(key, 0.0) + reward
        if len(lines.rows) - 1 != header[-1]:
            raise lines.header_error(f"announces {header[-1]} rewards; the file has {len(lines.rows) - 1}")

    def mean(self, s: int, choice: int) -> float:
        """Mean reward of a state and choice."""
        law = [(p, self.transition.get((s, choice, target), 0.0)) for target, p, _ in self.choices[s][choice]]
        if all(reward == law[0][1] for _, reward in law):
            return self.state[s] + law[0][1]  # exact, whatever the rounding of the probabilities' sum
        return self.state[s] + math.fsum(p * reward for p, reward in law)


def _first_states(path: Path, n_states: int) -> int | np.ndarray:
    """Uniform over the states labelled "init", or state 0 without a .lab file."""
    file = path.with_suffix(".lab")
    if not file.is_file():
        return 0
    lines = _Lines(file)
    number, text = lines.rows[0]
    if not re.fullmatch(r'\d+="[^"]*"(\s+\d+="[^"]*")*', text):
        raise lines.header_error("""does not name labels; expected 0="init" 1="deadlock" ...""")
    init = [index for index, name in re.findall(r'(\d+)="([^"]*)"', text) if name == "init"]
    if not init:
        raise lines.header_error("""has no label "init"; expected one for the first states""")
    first: set[int] = set()
    for number, text in lines.rows[1:]:
        state, colon, labels = text.partition(":")
        if not colon:
            raise lines.error(number, f"{text!r}; expected 'state: label label ...'")
        s = lines.integer(number, "the state", state.strip(), below=n_states)
        if init[0] in labels.split():
            first.add(s)
    if not first:
        raise lines.header_error("""has a label "init" that no state carries; expected at least one""")
    distribution = np.zeros(n_states)
    distribution[sorted(first)] = 1.0 / len(first)
    return distribution


def _state_labels(path: Path, n_states: int) -> list[str]:
    """The states' variable values, or nothing without a .sta file."""
    file = path.with_suffix(".sta")
    if not file.is_file():
        return []
    lines = _Lines(file)
    if not re.fullmatch(r"\(.*\)", lines.rows[0][1]):
        raise lines.header_error("does not name variables; expected '(name,...)'")
    labels: dict[int, str] = {}
    for number, text in lines.rows[1:]:
        state, colon, label = text.partition(":")
        if not colon:
            raise lines.error(number, f"{text!r}; expected 'state:(value,...)'")
        labels[lines.integer(number, "the state", state.strip(), below=n_states)] = label.strip()
    if len(labels) != n_states:
        raise lines.error(lines.rows[-1][0], f"{len(labels)} states are listed; the .tra file has {n_states}")
    return [labels[s] for s in range(n_states)]


def write_prism(mdp: MDP, path: Path) -> None:
    """Write .tra (as a decision process), .trew, .lab and, if states have labels, .sta.

    Raises:
        InvalidInput: a stage-dependent model, a first state that is not uniform over a set, a label with a line break,
            or another reward or state file beside it that would be read with the model.
    """
    if mdp.stage_dependent:
        raise InvalidInput(f"{path}: {mdp.name} is stage-dependent; PRISM's explicit format has no stages")
    first = np.nonzero(mdp.initial)[0]
    if (mdp.initial[first] != 1.0 / len(first)).any():
        raise InvalidInput(
            f"{path}: the first state of {mdp.name} is not uniform over a set of states; PRISM's format has only a set"
        )
    for s, label in enumerate(mdp.labels):
        if "\n" in label or label != label.strip():
            raise InvalidInput(f"{path}: the label of state {s} is {label!r}; expected one line without outer spaces")
    for extension in (".srew", ".rew", *(() if mdp.labels else (".sta",))):
        stale = path.with_suffix(extension)
        if stale.exists():
            raise InvalidInput(f"{path}: {stale.name} lies beside it and would be read with it; expected no such file")
    transitions: list[str] = []
    rewards: dict[str, str] = {}  # by transition: a row may list a successor twice
    for row in range(mdp.n_rows):
        s, action = divmod(row, mdp.n_actions)
        entries = slice(int(mdp.indptr[row]), int(mdp.indptr[row + 1]))
        reward = float(mdp.rewards[row])
        for target, probability in zip(mdp.successors[entries].tolist(), mdp.probabilities[entries].tolist()):
            transitions.append(f"{s} {action} {target} {probability!r}")
            if reward != 0.0:
                rewards[f"{s} {action} {target}"] = f"{reward!r}"
    counts = f"{mdp.n_states} {mdp.n_rows}"
    write_text(path.with_suffix(".trew"), "\n".join([f"{counts} {len(rewards)}", *map(" ".join, rewards.items()), ""]))
    write_text(path.with_suffix(".lab"), "\n".join(['0="init"', *(f"{s}: 0" for s in first.tolist()), ""]))
    if mdp.labels:
        lines = ["(state)", *(f"{s}:{label}" for s, label in enumerate(mdp.labels)), ""]
        write_text(path.with_suffix(".sta"), "\n".join(lines))
    write_text(path, "\n".join([f"{counts} {len(transitions)}", *transitions, ""]))
