"""Every claim can be searched: every point of its spaces is an instance, which travels as a document."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from bandits.adversaries.exploiting import ExploitExp3
from mdps.instances.function_classes import rare_state
from proofs_check.catalogue import claims
from proofs_check.claim import Case
from proofs_check.replay import known_classes
from proofs_check.spaces import Space, spaces
from theory.documents import decode, encode
from theory.errors import InvalidInput


def points(space: Space) -> list[np.ndarray]:
    """Corners, the middle and a few others."""
    rng = np.random.default_rng(0)
    ends = [np.zeros(space.sizes[0]), np.ones(space.sizes[-1]), np.full(space.sizes[0], 0.5)]
    return [*ends, *(rng.random(size) for size in 4 * space.sizes[:2])]


@pytest.mark.parametrize("slug", list(claims()))
def test_every_point_is_an_instance_that_travels_and_some_are_within_the_hypotheses(slug):
    claim = claims()[slug]
    horizon = claim.cases[0].horizon
    accepted = 0
    for space in spaces(claim, horizon):
        for x in points(space):
            instance = space.build(x)
            document = encode(instance, known_classes())
            again = decode(json.loads(json.dumps(document, allow_nan=False)), known_classes())
            assert type(again) is type(instance) and encode(again, known_classes()) == document
            try:
                params = claim.algorithm(instance, horizon)
                for theorem in claim.theorems:
                    theorem.require(instance, params, horizon)
                sys.modules[type(params).__module__].allocate(params, instance.problem(horizon))
            except InvalidInput:
                continue
            accepted += 1
    assert accepted >= 2


@pytest.mark.parametrize("slug", list(claims()))
def test_the_claims_own_instances_travel(slug):
    for case in claims()[slug].cases:
        if not case.full_only:
            instance = case.build()
            again = decode(json.loads(json.dumps(encode(instance, known_classes()))), known_classes())
            assert encode(again, known_classes()) == encode(instance, known_classes())


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: ExploitExp3(2, 0.05), "instances of class ExploitExp3, which have no search space; expected one of"),
        (rare_state, "a FunctionApproximation without a family of models, which has no search space"),
    ],
)
def test_instances_without_a_space_are_refused(build, expected):
    claim = replace(claims()["ucb1"], cases=(Case("odd", build, 10),))
    with pytest.raises(InvalidInput, match=expected):
        spaces(claim, 10)
