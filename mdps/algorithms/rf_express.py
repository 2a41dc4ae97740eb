"""RF-Express (Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021): reward-free exploration."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME, STOP, EpisodicProblem
from mdps.model import Float, Int
from theory.errors import InvalidInput


class RFExpress(NamedTuple):
    """Act greedily in the error bounds W; stop when 3 e sqrt(w) + w <= epsilon / 2, w = max_a W_1(s_1, a).

    W_h = min(H, 15 H^2 beta(n) / n + (1 + 1/H) sum_y Ph(y) max_a W_{h+1}(y, a)), H where n = 0;
    beta(n) = log(3SAH/delta) + S log(8e(n + 1)). Counts are per stage; ties go to the lowest action.

    Attributes:
        epsilon: after stopping, the policy that is optimal in the empirical model is epsilon-optimal for every
            reward in [0, 1], > 0.
        delta: failure probability.
        bonus_factor: 15 in the theorem; anything else is outside it.
    """

    epsilon: float
    delta: float = 0.1
    bonus_factor: float = 15.0


class State(NamedTuple):
    """One run; a pair is ``s * n_actions + a``."""

    visits: Float  # n, (H, n_pairs)
    transitions: Float  # n(s, a, y), (H, n_pairs, n_states)
    bonus: Float  # 15 H^2 beta(n) / n, recomputed only for the pairs just visited, (H, n_pairs)
    width: Float  # W_h, (H, n_pairs)
    reach: Float  # max_a W_h, (H + 1, n_states)
    policy: Int  # (H, n_states)
    path: Int  # the pair visited last at each stage, -1 before the first episode, (H,)
    changed: Int  # states whose ``reach`` changed in this planning, for two consecutive stages, (2, n_states)
    first: Int  # number of first states seen, then these states, (n_states + 1,)
    certificate: Float  # 3 e sqrt(w) + w, and 1 once the rule has stopped


def allocate(params: RFExpress, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    if not 0.0 < params.epsilon < math.inf:
        raise InvalidInput(f"RF-Express: epsilon is {params.epsilon}; expected a finite number > 0")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"RF-Express: delta is {params.delta}; expected a number in (0, 1)")
    if not 0.0 <= params.bonus_factor < math.inf:
        raise InvalidInput(f"RF-Express: bonus_factor is {params.bonus_factor}; expected a finite number >= 0")
    h, s, n = problem.horizon, problem.n_states, problem.n_states * problem.n_actions
    return State(
        np.zeros((h, n)), np.zeros((h, n, s)), np.zeros((h, n)), np.zeros((h, n)), np.zeros((h + 1, s)),
        np.zeros((h, s), np.int64), np.zeros(h, np.int64), np.zeros((2, s), np.int64), np.zeros(s + 1, np.int64),
        np.zeros(2),
    )  # fmt: skip


@inlined
def init(params, state):
    """No visit: W = H everywhere."""
    horizon, n_pairs, n_states = state.transitions.shape
    for h in range(horizon):
        for pair in range(n_pairs):
            state.visits[h, pair] = 0.0
            state.width[h, pair] = float(horizon)
            for y in range(n_states):
                state.transitions[h, pair, y] = 0.0
        for s in range(n_states):
            state.reach[h, s] = float(horizon)
            state.policy[h, s] = 0
        state.path[h] = -1
    for s in range(n_states):
        state.reach[horizon, s] = 0.0
    state.first[0] = 0
    state.certificate[0] = math.inf
    state.certificate[1] = 0.0


@inlined
def exploration_bonus(params, n, n_states, n_pairs, horizon):
    """15 H^2 beta(n, delta) / n."""
    beta = math.log(3.0 * n_pairs * horizon / params.delta) + n_states * math.log(8.0 * math.e * (n + 1.0))
    return params.bonus_factor * horizon * horizon * beta / n


@inlined
def follows_change(state, h, pair, n_changed):
    """Whether a state whose ``reach`` changed at stage h + 1 has been seen after this pair."""
    for i in range(n_changed):
        if state.transitions[h, pair, state.changed[(h + 1) % 2, i]] > 0.0:
            return True
    return False


@inlined
def plan(params, state, episode):
    """W_h and its greedy policy, recomputed exactly where a count or a successor's value changed; the stopping rule."""
    horizon, n_pairs, n_states = state.transitions.shape
    if episode == 1:
        return CHANGED
    n_actions = n_pairs // n_states
    growth = 1.0 + 1.0 / horizon
    answer = SAME
    n_changed = 0
    for h in range(horizon - 1, -1, -1):
        visited = state.path[h]
        n_now = 0
        for s in range(n_states):
            if n_changed == 0 and visited // n_actions != s:
                continue
            touched = False
            for pair in range(s * n_actions, (s + 1) * n_actions):
                if pair == visited or follows_change(state, h, pair, n_changed):
                    ahead = 0.0
                    for y in range(n_states):
                        ahead += state.transitions[h, pair, y] * state.reach[h + 1, y]
                    bound = state.bonus[h, pair] + growth * ahead / state.visits[h, pair]
                    state.width[h, pair] = min(bound, float(horizon))
                    touched = True
            if touched:
                best, best_action = -1.0, 0
                for a in range(n_actions):
                    if state.width[h, s * n_actions + a] > best:
                        best, best_action = state.width[h, s * n_actions + a], a
                if state.policy[h, s] != best_action:
                    state.policy[h, s] = best_action
                    answer = CHANGED
                if state.reach[h, s] != best:
                    state.reach[h, s] = best
                    state.changed[h % 2, n_now] = s
                    n_now += 1
        n_changed = n_now
    w = 0.0
    for i in range(state.first[0]):
        w = max(w, state.reach[0, state.first[i + 1]])
    state.certificate[0] = 3.0 * math.e * math.sqrt(w) + w
    if state.certificate[0] <= params.epsilon / 2.0:
        state.certificate[1] = 1.0
        return STOP
    return answer


@inlined
def act(params, state, h, s, rng):
    """Greedy in W."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Count; the reward is ignored."""
    horizon, n_pairs, n_states = state.transitions.shape
    pair = s * (n_pairs // n_states) + a
    state.visits[h, pair] += 1.0
    state.transitions[h, pair, following] += 1.0
    state.bonus[h, pair] = exploration_bonus(params, state.visits[h, pair], n_states, n_pairs, horizon)
    state.path[h] = pair
    if h == 0:
        known = state.first[0]
        for i in range(known):
            if state.first[i + 1] == s:
                return
        state.first[known + 1] = s
        state.first[0] = known + 1


def summary_shape(params: RFExpress, state: State) -> tuple[int, ...]:
    """The transition counts: (horizon, n_pairs, n_states)."""
    return state.transitions.shape


@inlined
def summarise(params, state, summary, run):
    """Leave the transition counts, from which the empirical model is read."""
    horizon, n_pairs, n_states = state.transitions.shape
    for h in range(horizon):
        for pair in range(n_pairs):
            for y in range(n_states):
                summary[run, h, pair, y] = state.transitions[h, pair, y]
