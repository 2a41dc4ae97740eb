"""Latent MDPs in plain Python: histories as dictionaries, returns by enumeration, the solvers by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np

from mdps.planning.latent import Controller


def all_histories(instance):
    """Every history (s_1, a_1, r_1, ..., s_t) with rewards some context pays, whatever its probability; short first."""
    model = instance.model
    found = [(s,) for s in range(instance.n_states)]
    layer = list(found)
    for _ in range(instance.horizon - 1):
        longer = []
        for history in layer:
            for a in range(instance.n_actions):
                for c in np.unique(model.classes[:, history[-1], a]):
                    longer += [(*history, a, int(c), y) for y in range(instance.n_states)]
        found += longer
        layer = longer
    return found


def policy_of_history(instance, actions):
    """The controller of a dictionary history -> action (a tree: one node for each history consistent with it)."""
    model = instance.model
    n_states, n_classes = instance.n_states, len(model.levels)
    nodes, children = [], []

    def node(history):
        s, stage = history[-1], (len(history) - 1) // 3
        a = actions[history]
        lead = np.full(n_classes * n_states, -1)
        if stage + 1 < instance.horizon:
            for c in np.unique(model.classes[:, s, a]):
                for y in range(n_states):
                    lead[c * n_states + y] = node((*history, a, int(c), y))
        nodes.append((stage, s, a))
        children.append(lead)
        return len(nodes) - 1

    first = np.array([node((s,)) for s in range(n_states)])
    stage, state, action = (np.array(x) for x in zip(*nodes))
    return Controller(stage, state, action, np.array(children), first)


def random_controller(instance, rng):
    """A deterministic history policy drawn uniformly."""
    return policy_of_history(instance, {h: int(rng.integers(instance.n_actions)) for h in all_histories(instance)})


def returns_of(instance, controller):
    """(probabilities, returns) of every (context, trajectory) under a policy."""
    chances, returns = [], []
    n = instance.n_states
    for m, s in itertools.product(range(instance.n_contexts), range(n)):
        start = instance.weights[m] * instance.initial[m, s]
        stack = [(controller.first[s], s, start, 0.0)] if start > 0 else []
        while stack:
            node, s, chance, so_far = stack.pop()
            a = controller.action[node]
            total = so_far + instance.rewards[m, s, a]
            if controller.stage[node] == instance.horizon - 1:
                chances.append(chance)
                returns.append(total)
                continue
            for y in range(n):
                p = instance.transitions[m, s, a, y]
                if p > 0:
                    to = controller.child[node, instance.model.classes[m, s, a] * n + y]
                    stack.append((to, y, chance * p, total))
    return np.array(chances), np.array(returns)


def value_optimistic_alpha(instance, controller, p_hat, visits, iota, scale=1.0):
    """alpha-tilde of the value-optimistic solver at every node, by recursion: {(node, context): value}."""
    n = instance.n_states
    known = {}

    def alpha(node, m):
        if node < 0:
            return 0.0
        if (node, m) not in known:
            s, a = controller.state[node], controller.action[node]
            c = instance.model.classes[m, s, a]
            p = p_hat[m][s][a]
            if visits[m][s][a] == 0:
                known[node, m] = 1.0
            else:
                ahead = [alpha(controller.child[node, c * n + y], m) for y in range(n)]
                mean = sum(p[y] * ahead[y] for y in range(n))
                spread = sum(p[y] * ahead[y] ** 2 for y in range(n)) - mean**2
                support = sum(1 for y in range(n) if p[y] > 0)
                bonus = max(
                    4 * scale * math.sqrt(max(0.0, support * spread * iota / visits[m][s][a])),
                    16 * scale**2 * n * iota / visits[m][s][a],
                )
                known[node, m] = min(1.0, instance.rewards[m, s, a] + bonus + mean)
        return known[node, m]

    return {(i, m): alpha(i, m) for i in range(len(controller.state)) for m in range(instance.n_contexts)}


def box_maximum(p_hat, radius, ahead):
    """max of p.ahead over the entrywise ball in the simplex, by its vertices: all coordinates but one at an end."""
    low = [max(0.0, p - r) for p, r in zip(p_hat, radius)]
    high = [min(1.0, p + r) for p, r in zip(p_hat, radius)]
    best = -math.inf
    for free in range(len(p_hat)):
        others = [i for i in range(len(p_hat)) if i != free]
        for ends in itertools.product((0, 1), repeat=len(others)):
            p = [0.0] * len(p_hat)
            for i, end in zip(others, ends):
                p[i] = (low, high)[end][i]
            p[free] = 1.0 - sum(p)
            if low[free] - 1e-12 <= p[free] <= high[free] + 1e-12:
                best = max(best, sum(x * y for x, y in zip(p, ahead)))
    return best


def model_optimistic_alpha(instance, controller, p_hat, visits, iota, scale=1.0):
    """The relaxed model-optimistic alpha vectors at every node, by recursion: {(node, context): value}."""
    n = instance.n_states
    known = {}

    def alpha(node, m):
        if node < 0:
            return 0.0
        if (node, m) not in known:
            s, a = controller.state[node], controller.action[node]
            c = instance.model.classes[m, s, a]
            count = visits[m][s][a]
            radius = [
                2 * scale * math.sqrt(p * iota / count) + 5 * scale**2 * iota / count if count else 1.0
                for p in p_hat[m][s][a]
            ]
            ahead = [alpha(controller.child[node, c * n + y], m) for y in range(n)]
            known[node, m] = min(1.0, instance.rewards[m, s, a] + box_maximum(p_hat[m][s][a], radius, ahead))
        return known[node, m]

    return {(i, m): alpha(i, m) for i in range(len(controller.state)) for m in range(instance.n_contexts)}


def play_slowly(instance, n_episodes, uniforms, choose):
    """The framework episode by episode on given uniforms; ``choose(visits, p_hat)`` makes a controller.

    Returns:
        (episodes before which a plan was made, the plans).
    """
    m_, n, a_ = instance.n_contexts, instance.n_states, instance.n_actions
    counts = [[[[0] * n for _ in range(a_)] for _ in range(n)] for _ in range(m_)]
    visits = np.zeros((m_, n, a_), int)
    p_hat = np.zeros((m_, n, a_, n))
    triggered, when, plans = True, [], []

    def draw(law, u):
        running = 0.0
        for i, p in enumerate(law):
            running += p
            if u < running and p > 0:
                return i
        return max(i for i, p in enumerate(law) if p > 0)

    for k in range(n_episodes):
        if triggered:
            when.append(k)
            plans.append(choose(visits.copy(), p_hat.copy()))
        triggered = False
        m = draw(instance.weights, uniforms[k][0])
        s = draw(instance.initial[m], uniforms[k][1])
        node = plans[-1].first[s]
        for t in range(instance.horizon):
            a = plans[-1].action[node]
            y = draw(instance.transitions[m, s, a], uniforms[k][t + 2])
            counts[m][s][a][y] += 1
            total = sum(counts[m][s][a])
            if total in {2**j for j in range(40)}:
                visits[m, s, a] = total
                p_hat[m, s, a] = [c / total for c in counts[m][s][a]]
                triggered = True
            node = plans[-1].child[node, instance.model.classes[m, s, a] * n + y]
            s = y
    return when, plans
