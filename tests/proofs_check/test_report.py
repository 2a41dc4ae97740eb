"""The pictures of the report: small, readable, and safe whatever the names in them are."""

import urllib.parse
import xml.etree.ElementTree

import numpy as np
import pytest

from kernels.engine import Trace
from proofs_check.catalogue import claims
from proofs_check.check import CaseResult, ClaimResult
from proofs_check.plotting import new_axes
from proofs_check.report import _picture, _tick, regret_figure


def _texts(title: str, x: np.ndarray) -> list[str]:
    """The lines of text in the report's picture of ``x`` against itself."""
    figure, axes = new_axes(title, "rounds", "regret")
    axes.plot(x, x, label="bound " * 30)
    axes.legend()
    kind, _, content = _picture(figure).partition(",")
    assert kind == "data:image/svg+xml" and not set(content) & set("\"'<>#&\n")
    root = xml.etree.ElementTree.fromstring(urllib.parse.unquote(content))
    return ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(
    ("value", "label"),
    [(1, "1"), (0.05, "0.05"), (200, "200"), (1000, "10³"), (2e5, "2×10⁵"), (1e-3, "10⁻³"), (1e12, "10¹²")],
)
def test_labels_of_logarithmic_ticks(value, label):
    assert _tick(value) == label


def test_a_picture_keeps_any_title_as_text():
    assert "a <b> & 'c' \"d\" #1 100 %" in _texts("a <b> & 'c' \"d\" #1 100 %", np.array([1.0, 1e4]))


def test_long_titles_and_names_are_broken_into_lines():
    texts = _texts("word " * 40, np.array([1.0, 1e4]))
    assert max(map(len, texts)) <= 66 and sum("word" in text for text in texts) > 2
    assert sum("bound" in text for text in texts) > 2


def test_axes_of_many_decades_are_labelled_at_powers_and_short_ones_between_them():
    assert {"1", "10", "100", "10³", "10⁴"} <= set(_texts("t", np.array([1.0, 1e4])))
    assert {"2", "5", "10"} <= set(_texts("t", np.array([2.0, 16.0])))


def test_a_lower_bound_that_says_nothing_of_the_instance_is_not_in_the_legend():
    claim = claims()["ucb1"]
    case, x = claim.cases[0], np.arange(1, 5)
    instance = case.build()
    for lower, entries in ((np.full(4, np.nan), 2), (np.sqrt(x), 3)):
        trace = Trace(x, np.ones((3, 4)) * x, None)
        shown = CaseResult(case, instance, None, trace, [("ucb1/regret", 10.0 * x)], lower)
        legend = regret_figure(ClaimResult(claim, []), shown).axes[0].get_legend()
        assert legend is not None and len(legend.get_texts()) == entries
