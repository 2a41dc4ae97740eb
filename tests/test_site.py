"""The documentation site is built without warnings and shows everything; the gallery is that of the figures."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

import regretlab
import regretlab.strategies
import regretlab.testing
from figures.gallery import modules, write_gallery
from figures.manifest import load, sha256
from proofs_check.catalogue import claims, page
from proofs_check.experiment import Experiment

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GALLERY = DOCS / "gallery"


def shown(site: Path, name: str) -> str:
    """The source of a page of the site."""
    return (site / f"{name}.html").read_text(encoding="utf-8")


def text(html: str) -> str:
    """The words of a piece of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def every_page_is_there(site: Path) -> None:
    """All Markdown of the folder, the README and the changelog, a search page and an index."""
    expected = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    expected |= {"_generated/README", "_generated/CHANGELOG", "search", "genindex", "py-modindex"}
    assert not {name for name in expected if not (site / f"{name}.html").is_file()}


def every_public_name_is_documented(site: Path) -> None:
    """Each name that a user imports, by its docstring's first line."""
    for module in (regretlab, regretlab.strategies, regretlab.testing):
        html = shown(site, f"_generated/api/{module.__name__}")
        words = text(html)
        for name in module.__all__:
            assert f'id="{module.__name__}.{name}"' in html, f"{module.__name__}.{name}"
            value = getattr(module, name)
            if callable(value):
                doc = (inspect.getdoc(value) or "").split("\n")[0].replace("``", "")
                first = re.split(r":\w+:`", doc)[0].rstrip()  # up to a link
                assert first and " ".join(first.split()) in words, f"{module.__name__}.{name}: {first}"
            else:
                assert f"{module.__name__}.{name} = {value}" in words


def every_module_is_documented(site: Path) -> None:
    """A page for each module of the rooms."""
    for room in ("theory", "kernels", "bandits", "mdps", "proofs_check", "figures"):
        for path in (ROOT / room).rglob("[!_]*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            assert (site / f"_generated/api/{name}.html").is_file(), name


def compiled_functions_are_shown(site: Path) -> None:
    """With the signature and the docstring of their Python source, and a link to it."""
    html = shown(site, "_generated/api/kernels.steps")
    assert "check(records, run, step, left, right, tolerance, i, j, k, l)" in text(html)
    assert "NaN on either side counts as a violation." in text(html)
    assert '_modules/kernels/steps.html#check"' in html


def every_claim_is_mapped(site: Path) -> None:
    """Statements, steps, faults and links, in the overview and on the page of each claim and paper."""
    overview = shown(site, "map")
    for slug, claim in claims().items():
        html = shown(site, f"_generated/claims/{slug}")
        words = text(html)
        theorems = [*claim.theorems, *([claim.rate.theorem] if claim.rate else [])]
        said = [s for t in theorems for s in (t.id, t.statement, t.source)]
        said += [s for step in claim.steps for s in (step.id, step.statement, step.source)]
        said += [s for fault in claim.sabotages for s in (fault.id, fault.fault, *fault.caught_by)]
        for sentence in said:
            assert " ".join(sentence.split()) in words, f"{slug}: {sentence}"
        for theorem in theorems:
            module = theorem.bound.__module__
            assert f'api/{module}.html#{module}.{theorem.bound.__name__}"' in html, f"{slug}: {theorem.id}"
        assert f'papers/{page(claim)}.html"' in html, slug
        assert f'_generated/claims/{slug}.html"' in overview, slug
        assert f'_generated/claims/{slug}.html"' in shown(site, f"papers/{page(claim)}"), slug


def every_figure_is_shown(site: Path) -> None:
    """In the gallery, and on the page of the paper."""
    html = shown(site, "gallery/gallery")
    for slug in modules():
        assert f'src="../_images/{slug}.svg"' in html, slug
        assert (site / "_images" / f"{slug}.svg").read_bytes() == (GALLERY / f"{slug}.svg").read_bytes()
        assert re.search(rf'href="\.\./_downloads/\w+/{slug}\.json"', html), slug
    assert 'src="../_images/ucb1.svg"' in shown(site, "papers/ucb1")


def files_of_the_repository_lead_to_the_reference(site: Path) -> None:
    """A module's name in code, and a link out of the folder."""
    assert "_generated/api/bandits.algorithms.ucb1.html" in shown(site, "papers/ucb1")
    assert 'href="_generated/README.html"' in shown(site, "index")
    assert 'href="../tutorial.html"' in shown(site, "_generated/README")


def test_the_site_is_built_without_warnings_and_shows_everything(tmp_path):
    # One test, not several on one fixture: tests that run in parallel processes would build the site once each.
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-j", "auto", "-b", "html", "docs", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    every_page_is_there(tmp_path)
    every_public_name_is_documented(tmp_path)
    every_module_is_documented(tmp_path)
    compiled_functions_are_shown(tmp_path)
    every_claim_is_mapped(tmp_path)
    every_figure_is_shown(tmp_path)
    files_of_the_repository_lead_to_the_reference(tmp_path)


def test_the_gallery_has_every_figure_and_no_other():
    files = {path.name for path in GALLERY.iterdir()} - {path.name for path in GALLERY.glob("*.csv")}
    expected = {f"{slug}.{end}" for slug in modules() for end in ("svg", "json")}
    assert files == {"gallery.md", *expected}, "run: make gallery"
    assert sum((GALLERY / name).stat().st_size for name in files) < 8e6


@pytest.mark.parametrize("slug", sorted(modules()))
def test_a_manifest_of_the_gallery_is_that_of_its_figure(slug):
    # Not its digest of the sources: any edit changes that, and the page in the site says how many are as drawn.
    content = load(GALLERY / f"{slug}.json")
    experiment: Experiment = modules()[slug].EXPERIMENT
    assert (content["slug"], content["title"], content["caption"]) == (slug, experiment.title, experiment.caption)
    sizes = [(run["label"], run["horizon"], run["n_runs"]) for run in content["runs"]]
    assert sizes == [(run.label, run.horizon, run.n_runs) for run in experiment.runs], "run: make gallery"
    assert content["files"][f"{slug}.svg"] == sha256((GALLERY / f"{slug}.svg").read_bytes())


def test_the_page_of_the_gallery_is_written_from_the_manifests(tmp_path):
    for path in [*GALLERY.glob("*.svg"), *GALLERY.glob("*.json")]:
        shutil.copy(path, tmp_path)
    written = write_gallery(tmp_path).read_text(encoding="utf-8")
    assert written == (GALLERY / "gallery.md").read_text(encoding="utf-8"), "run: make gallery"
