"""The sidebar: the links of the front page, and below them the branch of the page that is shown."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from generated import CHANGELOG, README
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

LISTED = re.compile(r"^## (.+)$|^- \[[^\]]+\]\(([^)#]+)\.md\)", re.M)
#: Depth in folders -> the sidebar of the listings of source at that depth.
LISTINGS: dict[int, str] = {}
OUTSIDE = {"../README": README, "../CHANGELOG": CHANGELOG}


def read_front_page(app: Sphinx, docname: str, content: list[str]) -> None:
    """The lists of links on the front page are the navigation, so that no page is listed twice."""
    if docname != "index":
        return
    listed: dict[str, list[str]] = {}
    heading = ""
    for title, link in LISTED.findall(content[0]):
        heading = title or heading
        if link:
            listed.setdefault(heading, []).append(OUTSIDE.get(link, link))
    for title, links in listed.items():
        content[0] += "\n".join(["\n```{toctree}", ":hidden:", f":caption: {title}", "", *links, "```\n"])


def fold(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Unfold the branch of the page alone: the theme would write all of the 800 entries into each of the pages."""
    if "toctree" not in context:
        return
    whole = context["toctree"]

    def branch(**options: Any) -> str:
        return str(whole(**{**options, "collapse": True}))

    def listing(**options: Any) -> str:  # a listing of source has no branch: its links depend on its depth alone
        depth = pagename.count("/")
        if depth not in LISTINGS:
            LISTINGS[depth] = branch(**options)
        return LISTINGS[depth]

    context["toctree"] = branch if pagename in app.env.all_docs else listing


class LazyImages(SphinxTransform):
    """A picture is loaded when it comes into view: the gallery has eighty of them."""

    default_priority = 300

    def apply(self) -> None:
        """Mark every picture."""
        for image in self.document.findall(nodes.image):
            image["loading"] = "lazy"


def setup(app: Sphinx) -> dict[str, bool]:
    """Read the front page, load pictures late, fold the sidebar before the theme writes it."""
    app.connect("source-read", read_front_page)
    app.add_transform(LazyImages)
    app.connect("html-page-context", fold, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
