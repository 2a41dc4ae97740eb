"""Files of the repository in the pages: a link to a module, or its name in code, leads to its page in the reference.

The Markdown of ``docs`` names files as a code host shows them (``bandits/algorithms/ucb1.py``, ``../README.md``). On
the site a module is its page of the API reference, a second implementation its listing, the README and the changelog
are pages; any other file is offered for download.
"""

from __future__ import annotations

import os
from pathlib import Path

from docutils import nodes
from generated import CHANGELOG, PLACES, README, ROOT, documented, listing
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


def module_name(path: str) -> str | None:
    """The documented module of a path such as ``theory/radii.py``, ``theory/`` or ``theory/__init__.py``."""
    name = path.rstrip("/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return name if name in documented() else None


def reference(path: str, docname: str, child: nodes.Node, anchor: str | None = None) -> nodes.Element | None:
    """A reference from a page to where the site shows a file of the repository (a path from its root), if it does."""
    common = {"refdoc": docname, "refexplicit": True, "refwarn": True}
    if module := module_name(path):
        aim = addnodes.pending_xref("", child, refdomain="py", reftype="mod", reftarget=module, **common)
    elif page := {"README.md": README, "CHANGELOG.md": CHANGELOG}.get(path) or listing(path):
        options = {"refdomain": "doc", "reftype": "myst", "reftargetid": anchor, **common}
        aim = addnodes.pending_xref("", child, reftarget=page, **options)
    else:
        return None
    return aim


class RepositoryFiles(SphinxTransform):
    """Resolve links out of ``docs``, and modules named in code."""

    default_priority = 300  # after parsing, before downloads are collected

    def apply(self) -> None:
        for link in list(self.document.findall(addnodes.pending_xref)):
            if link.get("reftype") == "myst":
                self.resolve(link)
        for link in list(self.document.findall(addnodes.download_reference)):
            self.resolve(link)
        for literal in list(self.document.findall(nodes.literal)):
            if not isinstance(literal.parent, nodes.reference | addnodes.pending_xref | addnodes.download_reference):
                if found := reference(literal.astext(), self.env.docname, literal.deepcopy()):
                    literal.replace_self(found)

    def resolve(self, link: nodes.Element) -> None:
        """Put in the place of a link to a file outside ``docs`` what the site has instead."""
        docname = self.env.docname
        target, _, anchor = link["reftarget"].partition("#")
        base = PLACES.get(docname) or Path(self.env.doc2path(docname)).parent
        path = Path(os.path.normpath(base / target))
        if not path.exists():
            path = path.with_name(f"{path.name}.md")  # a Markdown file, whose ending the parser takes off
        if not target or not path.exists() or path.is_relative_to(self.env.srcdir) or not path.is_relative_to(ROOT):
            return
        child = nodes.inline("", "", *[part.deepcopy() for part in link.children])
        found = reference(path.relative_to(ROOT).as_posix(), docname, child, link.get("reftargetid") or anchor or None)
        if found is None and path.is_file():
            place = os.path.relpath(path, Path(self.env.doc2path(docname)).parent)
            found = addnodes.download_reference("", "", child, reftarget=place, refdoc=docname)
        if found is not None:
            link.replace_self(found)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_transform(RepositoryFiles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
