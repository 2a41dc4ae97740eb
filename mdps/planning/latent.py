"""Exact planning in latent MDPs (Zhou, Wang and Du 2023): belief tree, set-valued alpha vectors, exact evaluation.

A latent MDP is M MDPs on the same states and actions; which of them an episode runs in is hidden. Policies depend on
the history s_1, a_1, r_1, s_2, ... They are :class:`Controller` objects: nodes that know their stage, state and action
and where each observation (reward, next state) leads. A tree of histories is one, and so is a memoryless policy.

The *alpha vector* of a node is the value-to-go in every context, alpha_m(h) = E[sum_{t' >= t} R_m | h, M_m, policy].
Truth and both optimistic solvers are one recursion over data (:class:`Backup`), for each context by itself,

    F(alpha) = min{cap, R + max{sqrt(first V(centre, alpha)), second} + max_{low <= p <= high, p in simplex} p.alpha}.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.optimize import linprog

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]

#: Choices of successors that one stage of the alpha-vector DP may enumerate before it gives up.
LIMIT = 20_000_000


class LatentArrays(NamedTuple):
    """A latent MDP as planners see it. M contexts, S states, A actions, C distinct rewards.

    Attributes:
        weights: w_m, shape (M,). initial: nu_m(s), (M, S). transitions: P_m(s'|s,a), (M, S, A, S).
        rewards: R_m(s,a), (M, S, A). classes: index of R_m(s,a) in ``levels``, (M, S, A).
        levels: the distinct rewards, increasing, (C,). horizon: stages H of an episode.
    """

    weights: Float
    initial: Float
    transitions: Float
    rewards: Float
    classes: Int
    levels: Float
    horizon: int


class Controller(NamedTuple):
    """A deterministic history policy with N nodes. Children come before their parents.

    Attributes:
        stage, state, action: of each node, (N,); stages are 0 .. H-1.
        child: (N, C S), the node after observing reward class c and state s' at column c S + s'; -1 after the last
            stage and where the observation is impossible.
        first: node of each initial state, (S,); -1 if no context starts there.
    """

    stage: Int
    state: Int
    action: Int
    child: Int
    first: Int


class Backup(NamedTuple):
    """The data of the recursion F (see the module's docstring), all of shape (M, S, A) or (M, S, A, S), and the cap."""

    centre: Float
    low: Float
    high: Float
    first: Float
    second: Float
    cap: float


class Plan(NamedTuple):
    """A policy, the alpha vectors F gives it at every node, (N, M), and its objective sum_m w_m nu_m alpha_m."""

    controller: Controller
    values: Float
    objective: float


def exact_backup(latent: LatentArrays) -> Backup:
    """The truth: no bonus, p = P."""
    nothing = np.zeros(latent.rewards.shape)
    p = latent.transitions
    return Backup(p, p, p, nothing, nothing, np.inf)


# ---------------------------------------------------------------------------------------------------- compiled kernels
@njit(nogil=True, error_model="numpy", cache=True)
def _backup(reward, centre, low, high, first, second, cap, ahead, order):
    """F for one (context, state, action); ``ahead`` (S,) is alpha_m after each successor, ``order`` (S,) a buffer."""
    n_states = ahead.shape[0]
    room, value, mean, square = 1.0, 0.0, 0.0, 0.0
    for y in range(n_states):
        room -= low[y]
        value += low[y] * ahead[y]
        mean += centre[y] * ahead[y]
    for y in range(n_states):
        square += centre[y] * (ahead[y] - mean) ** 2  # V(centre, alpha), summed without cancellation
    if room > 1e-13:  # the rest of the mass goes to the best successors first
        for i in range(n_states):
            j = i
            while j > 0 and ahead[order[j - 1]] < ahead[i]:
                order[j] = order[j - 1]
                j -= 1
            order[j] = i
        for i in range(n_states):
            y = order[i]
            step = min(high[y] - low[y], room)
            value += step * ahead[y]
            room -= step
    bonus = max(np.sqrt(first * square), second)
    return min(cap, reward + bonus + value)


@njit(nogil=True, error_model="numpy", cache=True)
def pareto(values: Float) -> Int:
    """Rows of ``values`` (n, M) that no other row exceeds or equals everywhere; of equal rows the first.

    Returns:
        Indices, increasing.
    """
    n, dimension = values.shape
    if dimension == 1:
        best = 0
        for i in range(n):
            if values[i, 0] > values[best, 0]:
                best = i
        return np.full(1, best, np.int64)
    sums = np.zeros(n)
    for i in range(n):
        for m in range(dimension):
            sums[i] -= values[i, m]
    order = np.argsort(sums, kind="mergesort")  # a row is never dominated by one of smaller sum
    kept = np.empty(n, np.int64)
    front = np.empty((n, dimension))
    n_kept = 0
    for i in order:
        dominated = False
        for k in range(n_kept):
            above = True
            for m in range(dimension):
                if front[k, m] < values[i, m]:
                    above = False
                    break
            if above:
                dominated = True
                break
        if not dominated:
            kept[n_kept] = i
            for m in range(dimension):
                front[n_kept, m] = values[i, m]
            n_kept += 1
    return np.sort(kept[:n_kept])


@njit(nogil=True, error_model="numpy", cache=True)
def _group_set(s, a, group, following, begin, default, rewards, centre, low, high, first, second, cap, limit):
    """Alpha vectors, on the contexts of ``group``, of every choice of a node for each successor; pruned.

    ``following`` (n, M) are the next stage's vectors, those of state y in rows begin[y] .. begin[y + 1] - 1.

    Returns:
        (vectors (k, |group|), row of ``following`` chosen for each successor (k, S)).
    """
    n_states, size = len(begin) - 1, len(group)
    rows = np.empty((n_states, len(following)), np.int64)
    sizes = np.ones(n_states, np.int64)
    total = 1
    for y in range(n_states):
        matters = False
        for m in group:
            if high[m, s, a, y] > 0.0 and second[m, s, a] < cap:
                matters = True
        if matters:
            seen = np.empty((begin[y + 1] - begin[y], size))
            for i in range(len(seen)):
                for j in range(size):
                    seen[i, j] = following[begin[y] + i, group[j]]
            best = pareto(seen)  # F is monotone in every successor's vector: pruning before combining loses nothing
            sizes[y] = len(best)
            for i in range(len(best)):
                rows[y, i] = begin[y] + best[i]
        else:
            rows[y, 0] = default[y]
        total *= sizes[y]
        if total > limit:
            raise ValueError("too many choices of successors")
    values = np.empty((total, size))
    ahead, order = np.empty(n_states), np.empty(n_states, np.int64)
    digits = np.zeros(n_states, np.int64)
    for i in range(total):
        for j in range(size):
            m = group[j]
            for y in range(n_states):
                ahead[y] = following[rows[y, digits[y]], m]
            values[i, j] = _backup(
                rewards[m, s, a], centre[m, s, a], low[m, s, a], high[m, s, a], first[m, s, a], second[m, s, a],
                cap, ahead, order,
            )  # fmt: skip
        for y in range(n_states):
            digits[y] += 1
            if digits[y] < sizes[y]:
                break
            digits[y] = 0
    best = pareto(values)
    picks = np.empty((len(best), n_states), np.int64)
    for k in range(len(best)):
        code = best[k]
        for y in range(n_states):
            picks[k, y] = rows[y, code % sizes[y]]
            code //= sizes[y]
    return values[best], picks


@njit(nogil=True, error_model="numpy", cache=True)
def _action_set(s, a, following, names, begin, default, weights, rewards, classes, n_classes,
                centre, low, high, first, second, cap, limit):  # fmt: skip
    """Alpha vectors of playing a in s, and the children of each, (k, M) and (k, C S).

    Contexts that pay differently are told apart by the reward, so their continuations are chosen independently.
    """
    n_contexts, n_states = len(weights), len(begin) - 1
    values = np.zeros((1, n_contexts))
    children = np.full((1, n_classes * n_states), -1)
    for c in range(n_classes):
        group = np.flatnonzero(classes[:, s, a] == c)
        if len(group) == 0:
            continue
        part, picks = _group_set(
            s, a, group, following, begin, default, rewards, centre, low, high, first, second, cap, limit
        )
        n = len(values)
        if n * len(part) > limit:
            raise ValueError("too many choices of successors")
        more = np.empty((n * len(part), n_contexts))
        lead = np.empty((n * len(part), n_classes * n_states), np.int64)
        for i in range(n):
            for k in range(len(part)):
                row = i * len(part) + k
                more[row] = values[i]
                lead[row] = children[i]
                for j in range(len(group)):
                    more[row, group[j]] = part[k, j]
                for y in range(n_states):
                    lead[row, c * n_states + y] = names[picks[k, y]]
        values, children = more, lead
    return values, children


@njit(nogil=True, error_model="numpy", cache=True)
def _alpha_sets(horizon, n_classes, weights, rewards, classes, centre, low, high, first, second, cap, limit):
    """The sets A_t(s) for t = H, ..., 1, as the nodes of a controller, and the rows of A_1(s)."""
    n_contexts, n_states, n_actions = rewards.shape
    width = n_classes * n_states
    capacity, n_nodes = 256, 0
    stage, state, action = np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    child, values = np.empty((capacity, width), np.int64), np.empty((capacity, n_contexts))
    following = np.zeros((n_states, n_contexts))  # A_{H+1} = {0}
    names = np.full(n_states, -1)
    begin = np.arange(n_states + 1)
    default = np.arange(n_states)
    for t in range(horizon - 1, -1, -1):
        opened = n_nodes
        starts = np.empty(n_states + 1, np.int64)
        for s in range(n_states):
            starts[s] = n_nodes - opened
            union = np.empty((0, n_contexts))
            leads = np.empty((0, width), np.int64)
            origin = np.empty(0, np.int64)
            for a in range(n_actions):
                part, children = _action_set(
                    s, a, following, names, begin, default, weights, rewards, classes, n_classes,
                    centre, low, high, first, second, cap, limit,
                )  # fmt: skip
                union = np.concatenate((union, part))
                leads = np.concatenate((leads, children))
                origin = np.concatenate((origin, np.full(len(part), a)))
            for i in pareto(union):
                if n_nodes == capacity:
                    stage, state = np.concatenate((stage, stage)), np.concatenate((state, state))
                    action, child = np.concatenate((action, action)), np.concatenate((child, child))
                    values = np.concatenate((values, values))
                    capacity *= 2
                stage[n_nodes], state[n_nodes], action[n_nodes] = t, s, origin[i]
                child[n_nodes] = leads[i]
                values[n_nodes] = union[i]
                n_nodes += 1
        starts[n_states] = n_nodes - opened
        begin = starts
        following = values[opened:n_nodes].copy()
        names = np.arange(opened, n_nodes)
        for s in range(n_states):  # after an observation that changes nothing: the best node on the average context
            default[s] = begin[s] + np.argmax(following[begin[s] : begin[s + 1]] @ weights)
    return stage[:n_nodes], state[:n_nodes], action[:n_nodes], child[:n_nodes], values[:n_nodes], names[0] + begin


@njit(nogil=True, error_model="numpy", cache=True)
def _evaluate(state, action, child, rewards, classes, centre, low, high, first, second, cap):
    """F along the nodes of a controller, children first: (N, M)."""
    n_contexts, n_states, _ = rewards.shape
    values = np.empty((len(state), n_contexts))
    ahead, order = np.empty(n_states), np.empty(n_states, np.int64)
    for i in range(len(state)):
        s, a = state[i], action[i]
        for m in range(n_contexts):
            base = classes[m, s, a] * n_states
            for y in range(n_states):
                to = child[i, base + y]
                ahead[y] = values[to, m] if to >= 0 else 0.0
            values[i, m] = _backup(
                rewards[m, s, a], centre[m, s, a], low[m, s, a], high[m, s, a], first[m, s, a], second[m, s, a],
                cap, ahead, order,
            )  # fmt: skip
    return values


@njit(nogil=True, error_model="numpy", cache=True)
def _pick(cumulative, u):
    """The index that the uniform u draws, never one of probability zero."""
    last = 0
    for i in range(len(cumulative)):
        if cumulative[i] > (cumulative[i - 1] if i > 0 else 0.0):
            last = i
            if u < cumulative[i]:
                return i
    return last


@njit(nogil=True, error_model="numpy", cache=True)
def walk(uniforms, weights, initial, transitions, classes, controllers, action, child, first, alarm, counts, states,
         actions):  # fmt: skip
    """Play episodes until the visits of some (context, state, action) reach ``alarm``, or the uniforms are used up.

    Args:
        uniforms: (n, H + 2), a row for each episode: context, initial state, then one for each step.
        weights, initial, transitions: cumulative probabilities, (M,), (M, S), (M, S, A, S).
        controllers: which of the stacked controllers each context plays, (M,).
        action, child, first: nodes of all controllers, stacked: (N,), (N, C S), (n_controllers, S).
        alarm: visits at which to stop, counted from this call, (M, S, A).
        counts: overwritten with the transitions of all episodes but the last, (M, S, A, S).
        states, actions: overwritten with the last episode, (H + 1,) and (H,).

    Returns:
        (episodes played, context of the last one, and -1, or the stage at which a controller had no node).
    """
    n_states, horizon = initial.shape[1], len(actions)
    counts[...] = 0
    visits = np.zeros(alarm.shape, np.int64)
    context = 0
    for k in range(len(uniforms)):
        if k > 0:
            for t in range(horizon):
                counts[context, states[t], actions[t], states[t + 1]] += 1
        context = _pick(weights, uniforms[k, 0])
        s = _pick(initial[context], uniforms[k, 1])
        node = first[controllers[context], s]
        rung = False
        states[0] = s
        for t in range(horizon):
            if node < 0:
                return k, context, t
            a = action[node]
            y = _pick(transitions[context, s, a], uniforms[k, t + 2])
            actions[t], states[t + 1] = a, y
            visits[context, s, a] += 1
            rung = rung or visits[context, s, a] >= alarm[context, s, a]
            node = child[node, classes[context, s, a] * n_states + y]
            s = y
        if rung:
            return k + 1, context, -1
    return len(uniforms), context, -1


# ------------------------------------------------------------------------------------------------------- policies
def evaluate(latent: LatentArrays, controller: Controller, backup: Backup) -> Float:
    """Alpha vectors of a policy at every node, shape (N, M): exact with :func:`exact_backup`."""
    return _evaluate(  # type: ignore[no-any-return]
        controller.state, controller.action, controller.child, latent.rewards, latent.classes, *backup
    )


def root_value(latent: LatentArrays, controller: Controller, values: Float) -> float:
    """sum_m w_m sum_s nu_m(s) values_m(first(s))."""
    shares = latent.weights * latent.initial.T  # (S, M); zero where no context starts and first is -1
    return float((shares * values[controller.first]).sum())


def policy_value(latent: LatentArrays, controller: Controller) -> float:
    """V^pi, exactly."""
    return root_value(latent, controller, evaluate(latent, controller, exact_backup(latent)))


def check_controller(latent: LatentArrays, controller: Controller) -> None:
    """Refuse a controller that does not fit the model.

    Raises:
        InvalidInput: shapes, indices or stages that do not fit, or an initial state without a node.
    """
    _, n_states, n_actions = latent.rewards.shape
    n, width = len(controller.state), len(latent.levels) * n_states
    if controller.child.shape != (n, width) or controller.first.shape != (n_states,):
        raise InvalidInput(
            f"the controller has child {controller.child.shape} and first {controller.first.shape}; "
            f"expected {(n, width)} and {(n_states,)}"
        )
    for what, values, high in (
        ("stage", controller.stage, latent.horizon), ("state", controller.state, n_states),
        ("action", controller.action, n_actions),
    ):  # fmt: skip
        if len(values) != n or (n and not (values.min() >= 0 and values.max() < high)):
            raise InvalidInput(f"a controller's {what} must be {n} integers in 0..{high - 1}")
    child = controller.child
    if (child >= np.arange(n)[:, None]).any() or (child < -1).any():
        raise InvalidInput("a node's child does not come before it; expected children first, or -1")
    stage = np.append(controller.stage, -1)
    place = np.append(controller.state, -1)
    wrong = (child >= 0) & (
        (stage[child] != controller.stage[:, None] + 1) | (place[child] != np.arange(width) % n_states)
    )
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise InvalidInput(f"node {i}, observation {j}: child {child[i, j]} is of another stage or state")
    for s in range(n_states):
        i = controller.first[s]
        if i >= 0 and (stage[i] != 0 or place[i] != s):
            raise InvalidInput(f"first[{s}] = {i} is no node of stage 0 and state {s}")
        if i < 0 and (latent.initial[:, s] > 0).any():
            raise InvalidInput(f"first[{s}] = -1, but episodes may start in state {s}")


def memoryless(latent: LatentArrays, table: npt.ArrayLike) -> Controller:
    """The controller of a memoryless policy, a table of actions (H, S) or, the same at every stage, (S,).

    Raises:
        InvalidInput: the table does not fit the model.
    """
    n_states, horizon = latent.initial.shape[1], latent.horizon
    actions = np.asarray(table)
    if actions.shape not in ((n_states,), (horizon, n_states)):
        raise InvalidInput(f"the table has shape {actions.shape}; expected {(horizon, n_states)} or {(n_states,)}")
    actions = np.broadcast_to(actions, (horizon, n_states))
    n_classes, n = len(latent.levels), horizon * n_states
    stage = np.repeat(np.arange(horizon)[::-1], n_states)
    state = np.tile(np.arange(n_states), horizon)
    before = np.arange(n).reshape(horizon, n_states) - n_states  # nodes of the next stage, (H, S)
    child = np.repeat(np.tile(before, (1, n_classes)), n_states, axis=0)
    child[:n_states] = -1
    controller = Controller(stage, state, actions[::-1].ravel().astype(np.int64), child, np.arange(n - n_states, n))
    check_controller(latent, controller)
    return controller


def stationary_policies(latent: LatentArrays) -> tuple[Controller, ...]:
    """Every map from states to actions as a policy that ignores stage and history, A^S of them."""
    _, n_states, n_actions = latent.rewards.shape
    return tuple(memoryless(latent, t) for t in itertools.product(range(n_actions), repeat=n_states))


def possible_places(latent: LatentArrays) -> npt.NDArray[np.bool_]:
    """Which states an episode can visit at each stage in each context, shape (H, M, S)."""
    n_states = latent.initial.shape[1]
    reached = np.zeros((latent.horizon, len(latent.weights), n_states), bool)
    reached[0] = latent.initial > 0
    for t in range(1, latent.horizon):
        reached[t] = np.einsum("ms,msay->my", reached[t - 1], latent.transitions) > 0
    return reached


def memoryless_policies(latent: LatentArrays, limit: int = 200_000) -> Iterator[Controller]:
    """Every memoryless policy: an action for each (stage, state) that can be visited, action 0 elsewhere.

    Raises:
        InvalidInput: if there are more than ``limit``.
    """
    places = np.argwhere(possible_places(latent).any(axis=1))
    n_actions = latent.rewards.shape[2]
    if n_actions ** len(places) > limit:
        raise InvalidInput(f"there are {n_actions}^{len(places)} memoryless policies; expected at most {limit}")
    table = np.zeros((latent.horizon, latent.initial.shape[1]), np.int64)
    for choice in itertools.product(range(n_actions), repeat=len(places)):
        table[places[:, 0], places[:, 1]] = choice
        yield memoryless(latent, table)


def best_of(latent: LatentArrays, policies: Iterator[Controller] | tuple[Controller, ...], backup: Backup) -> Plan:
    """The policy of a list with the largest objective under F; of equal ones the first.

    Raises:
        InvalidInput: if the list is empty.
    """
    best: Plan | None = None
    for controller in policies:
        values = evaluate(latent, controller, backup)
        objective = root_value(latent, controller, values)
        if best is None or objective > best.objective:
            best = Plan(controller, values, objective)
    if best is None:
        raise InvalidInput("the list of policies is empty")
    return best


# ------------------------------------------------------------------------------------- all history policies, any F
def alpha_vectors(latent: LatentArrays, backup: Backup, limit: int = LIMIT) -> Plan:
    """argmax over all deterministic history policies of sum_m w_m nu_m alpha_m under F, by set-valued DP.

    A_t(s) is the set of achievable alpha vectors of the rest of the episode. Every F is monotone in every successor's
    alpha vector, so nondominated vectors suffice (for ``first <= second`` elementwise: then
    p.alpha + max{sqrt(first V), second} is monotone on [0, 1]^S). The controller's nodes are all nondominated vectors.

    Raises:
        InvalidInput: if a stage has more than ``limit`` choices of successors.
    """
    n_classes = len(latent.levels)
    try:
        stage, state, action, child, values, begin = _alpha_sets(
            latent.horizon, n_classes, latent.weights, latent.rewards, latent.classes, *backup, limit
        )
    except ValueError as error:
        raise InvalidInput(
            f"the alpha vectors of {latent.horizon} stages have more than {limit} choices of successors; "
            "expected a shorter horizon, fewer contexts, or a finite class of policies"
        ) from error
    first = np.full(len(begin) - 1, -1)
    for s in range(len(first)):
        shares = latent.weights * latent.initial[:, s]
        first[s] = begin[s] + int(np.argmax(values[begin[s] : begin[s + 1]] @ shares))
    controller = Controller(stage, state, action, child, first)
    return Plan(controller, values, root_value(latent, controller, values))


def models_of_box(backup: Backup, points: int = 2) -> Iterator[Float]:
    """A grid of stationary models in the box of a backup, for two states: (M, 2, A, 2) transitions.

    Every P_m(.|s,a) takes ``points`` equidistant values from its lowest to its highest chance of state 1.

    Raises:
        InvalidInput: if there are not two states, or fewer than two points.
    """
    if backup.centre.shape[3] != 2 or points < 2:
        raise InvalidInput(f"a grid of {points} points for {backup.centre.shape[3]} states; expected >= 2 for 2 states")
    least = np.maximum(backup.low[..., 1], 1.0 - backup.high[..., 0])
    most = np.minimum(backup.high[..., 1], 1.0 - backup.low[..., 0])
    for shares in itertools.product(np.linspace(0.0, 1.0, points), repeat=least.size):
        up = least + np.reshape(shares, least.shape) * (most - least)
        yield np.stack([1.0 - up, up], axis=-1)


def best_model(latent: LatentArrays, models: Iterator[Float]) -> tuple[float, LatentArrays, Plan]:
    """max over a finite set of models and all history policies of V^pi, the model and the policy that attain it.

    The model-optimistic objective exactly, one model for all histories (for a fixed policy it is a polynomial in the
    model's entries, each used at several stages, so no backward recursion gives it).

    Raises:
        InvalidInput: if there is no model.
    """
    best: tuple[float, LatentArrays, Plan] | None = None
    for transitions in models:
        model = latent._replace(transitions=transitions)
        plan = alpha_vectors(model, exact_backup(model))
        if best is None or plan.objective > best[0]:
            best = plan.objective, model, plan
    if best is None:
        raise InvalidInput("the set of models is empty")
    return best


def hull(values: Float, tolerance: float = 1e-9) -> Int:
    """Rows of ``values`` (n, M) that are best for some belief b in the simplex, by a linear program each.

    Lossless for the truth, whose objective is linear in the belief; not for optimistic F, which bend alpha vectors.

    Returns:
        Indices, increasing.
    """
    rows = list(pareto(np.ascontiguousarray(values)))
    for i in rows[:]:
        others = [j for j in rows if j != i]
        if not others:
            break
        # max e  subject to  b.(v_i - v_j) >= e for every other row, b in the simplex
        size = values.shape[1]
        found = linprog(
            np.append(np.zeros(size), -1.0),
            A_ub=np.column_stack([values[others] - values[i], np.ones(len(others))]), b_ub=np.zeros(len(others)),
            A_eq=np.append(np.ones(size), 0.0)[None], b_eq=[1.0], bounds=[(0, None)] * size + [(None, None)],
        )  # fmt: skip
        if -found.fun <= tolerance:
            rows.remove(i)
    return np.array(rows, dtype=np.int64)


# ------------------------------------------------------------------------------------------------------ belief tree
def _children(latent: LatentArrays, belief: Float, s: int, a: int) -> Iterator[tuple[int, int, Float]]:
    """(reward class, s', P(m, history)) of every observation of positive probability."""
    for c in np.unique(latent.classes[belief > 0, s, a]):
        paying = belief * (latent.classes[:, s, a] == c)
        ahead = paying @ latent.transitions[:, s, a]
        for y in np.flatnonzero(ahead > 0):
            yield int(c), int(y), paying * latent.transitions[:, s, a, y]


def belief_tree(latent: LatentArrays, payoff: Callable[[float], float] | None = None) -> tuple[float, Controller]:
    """The largest E[payoff(return)] over history policies, and a policy that attains it.

    Args:
        latent: the model. payoff: of the return of an episode; default the return itself.

    The state is (t, s, belief), and for a payoff also the reward so far; values are kept for each of them.
    """
    n_states, n_actions = latent.initial.shape[1], latent.rewards.shape[2]
    width = len(latent.levels) * n_states
    nodes: list[tuple[int, int, int]] = []
    children: list[Int] = []
    known: dict[tuple[object, ...], tuple[float, int]] = {}

    def best(t: int, s: int, belief: Float, so_far: float) -> tuple[float, int]:
        key = (t, s, np.round(belief, 12).tobytes(), None if payoff is None else round(so_far, 12))
        if key in known:
            return known[key]
        top, chosen, leads = -np.inf, 0, np.full(width, -1)
        for a in range(n_actions):
            value = float(belief @ latent.rewards[:, s, a]) if payoff is None else 0.0
            lead = np.full(width, -1)
            for c, y, after in _children(latent, belief, s, a):
                total = so_far + float(latent.levels[c])
                share = float(after.sum())
                if t + 1 < latent.horizon:
                    ahead, lead[c * n_states + y] = best(t + 1, y, after / share, total)
                    value += share * ahead
                elif payoff is not None:
                    value += share * payoff(total)
            if value > top + 1e-15:
                top, chosen, leads = value, a, lead
        nodes.append((t, s, chosen))
        children.append(leads)
        known[key] = top, len(nodes) - 1
        return known[key]

    value = 0.0
    first = np.full(n_states, -1)
    for s in range(n_states):
        belief = latent.weights * latent.initial[:, s]
        share = float(belief.sum())
        if share > 0:
            ahead, first[s] = best(0, s, belief / share, 0.0)
            value += share * ahead
    stage, state, action = (np.array(column, dtype=np.int64) for column in zip(*nodes))
    return value, Controller(stage, state, action, np.array(children, dtype=np.int64), first)


# ----------------------------------------------------------------------------------------------------- total variance
def successors(latent: LatentArrays, controller: Controller, values: Float) -> Float:
    """``values`` (N, M) at the node that each context's reward and each next state lead to: (N, M, S)."""
    n_states = latent.initial.shape[1]
    classes = latent.classes[:, controller.state, controller.action].T  # (N, M)
    columns = classes[:, :, None] * n_states + np.arange(n_states)
    nodes = controller.child[np.arange(len(classes))[:, None, None], columns]
    ahead = values[nodes, np.arange(values.shape[1])[None, :, None]]
    return np.where(nodes >= 0, ahead, 0.0)


def stages(controller: Controller) -> Iterator[tuple[Int, Controller]]:
    """The nodes of each stage, last stage first: their indices, and the controller with those nodes alone."""
    for t in range(int(controller.stage.max()), -1, -1):
        at = np.flatnonzero(controller.stage == t)
        yield (
            at,
            Controller(
                controller.stage[at],
                controller.state[at],
                controller.action[at],
                controller.child[at],
                controller.first,
            ),
        )


def accumulate(latent: LatentArrays, controller: Controller, gains: Float) -> Float:
    """E[sum_{t' >= t} gain of the nodes visited | node, context], (N, M), for gains of shape (N, M)."""
    total = np.zeros(gains.shape)
    laws = latent.transitions[:, controller.state, controller.action].transpose(1, 0, 2)  # (N, M, S)
    for at, stage in stages(controller):
        total[at] = gains[at] + (laws[at] * successors(latent, stage, total)).sum(axis=2)
    return total


def local_variances(latent: LatentArrays, controller: Controller, values: Float) -> Float:
    """V(P_m(.|s,a), alpha_m of the successors) at every node, (N, M)."""
    laws = latent.transitions[:, controller.state, controller.action].transpose(1, 0, 2)
    ahead = successors(latent, controller, values)
    mean = (laws * ahead).sum(axis=2, keepdims=True)
    return (laws * (ahead - mean) ** 2).sum(axis=2)  # type: ignore[no-any-return]


def initial_variance(latent: LatentArrays, controller: Controller, values: Float) -> float:
    """V(w o nu, alpha): the variance of alpha_m(s_1) over context and initial state."""
    start = values[controller.first]  # (S, M)
    shares = latent.weights * latent.initial.T
    return float((shares * (start - (shares * start).sum()) ** 2).sum())


def total_variance(latent: LatentArrays, controller: Controller, values: Float) -> float:
    """Var^pi = V(w o nu, alpha^pi) + E_pi sum_t V(P_m(.|s_t,a_t), alpha^pi_m), with alpha^pi = ``values``."""
    along = accumulate(latent, controller, local_variances(latent, controller, values))
    return initial_variance(latent, controller, values) + root_value(latent, controller, along)


def return_variance(latent: LatentArrays, controller: Controller, values: Float) -> float:
    """The variance of the return by second moments, E G^2 - (E G)^2; equals :func:`total_variance`."""
    laws = latent.transitions[:, controller.state, controller.action].transpose(1, 0, 2)
    rewards = latent.rewards[:, controller.state, controller.action].T
    mean = (laws * successors(latent, controller, values)).sum(axis=2)
    # E[(r + G')^2] = r^2 + 2 r E G' + E G'^2, the last by recursion
    square = accumulate(latent, controller, rewards**2 + 2.0 * rewards * mean)
    return root_value(latent, controller, square) - root_value(latent, controller, values) ** 2


def largest_variance(latent: LatentArrays, tolerance: float = 1e-9) -> float:
    """Var*: the largest variance of the return over history policies, randomised ones included.

    max_pi Var(G) = max_pi min_c E(G - c)^2 = min_c max_pi E(G - c)^2 (the expectation is linear in the policy's
    occupancy and convex in c), a planning problem for each c; the outer minimum by golden section on [0, sum of the
    largest rewards]. At least the maximum over deterministic policies.
    """
    low, high = 0.0, latent.horizon * float(latent.levels[-1])

    def worst(c: float) -> float:
        return belief_tree(latent, lambda g: (g - c) ** 2)[0]

    share = (np.sqrt(5.0) - 1.0) / 2.0
    left, right = high - share * (high - low), low + share * (high - low)
    at_left, at_right = worst(left), worst(right)
    while high - low > np.sqrt(tolerance):  # flat around the minimum: the error is of second order or a kink's slope
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - share * (high - low)
            at_left = worst(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + share * (high - low)
            at_right = worst(right)
    return min(at_left, at_right)
