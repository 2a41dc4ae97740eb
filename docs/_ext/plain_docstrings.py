"""Docstrings as the house writes them: plain text with sections, literals and roles; formulas stand as they are.

Sections are read by napoleon, in Google's style. Before it, everything else that reStructuredText would take
for markup is escaped (``mu*``, ``|x|``, ``D_``), because a formula means itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy.typing as npt
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config, GoogleDocstring
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import stringify_annotation

import theory.errors

#: What keeps its meaning: literals, and roles such as :mod:`theory`.
MARKUP = re.compile(r"(``.+?``|:[a-z:]+:`[^`]+`)")
#: What Sphinx makes of ``npt.NDArray[...]`` and ``npt.ArrayLike``.
ARRAY = re.compile(r"~numpy\.ndarray\[tuple\[~typing\.Any, \.\.\.\], ~numpy\.dtype\[(?:~numpy\.)?([^\]]+)\]\]")
ARRAY_LIKE = stringify_annotation(npt.ArrayLike, "smart")
#: An argument of a command, with what the command line says of it.
ANNOTATED = re.compile(r"~typing\.Annotated\[(.+?), <typer\.models\.\w+ object at 0x\w+>\]")
STYLE = Config(napoleon_use_ivar=True, napoleon_attr_annotations=False)


def escaped(text: str) -> str:
    """Text whose asterisks, bars, backquotes, backslashes and trailing underscores are shown as they are."""
    parts = MARKUP.split(text)
    return "".join(part if i % 2 else re.sub(r"([\\*|`]|_(?!\w))", r"\\\1", part) for i, part in enumerate(parts))


def outside_blocks(lines: list[str]) -> Iterator[str]:
    """Lines escaped, but for those of an indented block after a double colon."""
    indent = -1
    for line in lines:
        if indent < 0 or (line and len(line) - len(line.lstrip()) <= indent):
            indent = len(line) - len(line.lstrip()) if line.endswith("::") else -1
            line = escaped(line)
        yield line


def settled(lines: Iterable[str]) -> Iterator[str]:
    """Lines whose sections napoleon reads as they are meant.

    What is returned becomes a field, for napoleon would take its words up to the first colon for a type; a line of
    another section that names nothing becomes a sentence.
    """
    named = False
    for line in lines:
        if line in ("Returns:", "Yields:"):
            yield f":{line[:-1].lower()}:"
        elif named and re.match(r"    \S", line) and ":" not in MARKUP.sub("", line):
            yield from ("", line.strip())
        else:
            yield line
        if line and not line.startswith(" "):
            named = line in ("Args:", "Attributes:", "Raises:")


def process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Turn a docstring into reStructuredText."""
    text = list(settled(outside_blocks(lines)))
    if what not in ("attribute", "data", "property"):  # these have a sentence, no sections
        text = GoogleDocstring(text, STYLE, app, what, name, obj, options).lines()
    lines[:] = text


def shorter(types: str | None) -> str | None:
    """Types of arrays by the names that NumPy gives them, not by what these stand for; no objects as they print."""
    if types is None:
        return None
    types = ANNOTATED.sub(r"\1", types.replace("<factory>", "..."))
    return ARRAY.sub(r"NDArray[\1]", types.replace(ARRAY_LIKE, "ArrayLike"))


def sign(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Shorten the types of a signature."""
    return shorter(signature), shorter(returned)


def skip(app: Sphinx, what: str, name: str, obj: Any, skipped: bool, options: Any) -> bool | None:
    """Leave out the fields of a NamedTuple: their docstring is "Alias for field number 0", its own names them."""
    return True if type(obj).__name__ == "_tuplegetter" else None


class QualifiedNames(SphinxTransform):
    """Classes named in docstrings and signatures are those that their module means by the name.

    Sphinx would look for any class of that name in the whole reference, which is ambiguous, and slow.
    """

    default_priority = 300

    def apply(self) -> None:
        """Give every reference from the reference its full name."""
        for link in self.document.findall(addnodes.pending_xref):
            if link.get("refdomain") == "py" and link.hasattr("refspecific"):
                del link["refspecific"]
                here = vars(sys.modules.get(link.get("py:module") or "", theory.errors))
                meant = {**vars(theory.errors), **here}.get(link["reftarget"])
                if isinstance(meant, type):
                    link["reftarget"] = f"{meant.__module__}.{meant.__qualname__}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what reads docstrings and what resolves their names."""
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-process-signature", sign)
    app.connect("autodoc-skip-member", skip)
    app.add_transform(QualifiedNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
