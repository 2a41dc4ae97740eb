"""Every figure draws from what was recorded, into every format."""

from __future__ import annotations

from dataclasses import replace

import pytest

from figures.gallery import draw_all, modules
from proofs_check.record import Recorder
from proofs_check.store import Store
from theory.errors import InvalidInput, UnknownName


@pytest.mark.parametrize("slug", sorted(modules()))
def test_labels_name_the_runs_and_the_caption_says_something(slug):
    experiment = modules()[slug].EXPERIMENT
    labels = [run.label for run in experiment.runs]
    assert labels and len(set(labels)) == len(labels) and experiment.caption and experiment.title


@pytest.mark.parametrize("slug", ["ucb1", "oful", "exp3-ix", "ucbvi-ch"])
def test_a_figure_of_each_setting_is_drawn(slug, tmp_path, monkeypatch):
    module = modules()[slug]
    few = tuple(replace(run, n_runs=2) for run in module.EXPERIMENT.runs)
    monkeypatch.setattr(module, "EXPERIMENT", replace(module.EXPERIMENT, runs=few))
    paths = draw_all([slug], tmp_path, recorder=Recorder(Store(None)), formats=("png", "svg", "pdf"))
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert [path.name for path in paths] == [f"{slug}.{end}" for end in (*starts, "csv", "drawn.csv", "json")]
    for path, start in zip(paths, starts.values()):
        assert path.read_bytes().startswith(start)


def test_bad_requests(tmp_path):
    recorder = Recorder(Store(None))
    with pytest.raises(UnknownName, match="did you mean ucb1"):
        draw_all(["ucb"], tmp_path, recorder=recorder)
    with pytest.raises(InvalidInput, match="expected one of png, svg, pdf"):
        draw_all(["ucb1"], tmp_path, recorder=recorder, formats=("gif",))
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot write figures"):
        draw_all(["ucb1"], tmp_path / "file" / "folder", recorder=recorder)
