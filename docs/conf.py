"""The documentation site: ``make docs``, or ``python -m sphinx -W --keep-going -b html docs docs/_build/html``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["NUMBA_DISABLE_JIT"] = "1"  # compiled functions stay what they are in the source: signature and docstring
sys.path[:0] = [str(Path(__file__).parent / "_ext"), str(Path(__file__).parents[1])]

import regretlab  # noqa: E402

project = "regretlab"
author = "The regretlab founders"
copyright = f"{author}, MIT licence"
version = release = regretlab.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "gallery_note",
    "generated",
    "navigation",
    "plain_docstrings",
    "repository",
    "theory_to_code",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]

smartquotes = False  # two hyphens are an option's

html_theme = "furo"
html_title = f"regretlab {release}"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = False  # what a class of Gymnasium or of NumPy says is not ours to repeat
autodoc_preserve_defaults = True  # as they are written, not as they print
autodoc_use_type_comments = False
myst_heading_anchors = 4
