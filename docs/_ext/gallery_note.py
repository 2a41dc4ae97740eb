"""How old the gallery is: its pictures are committed, and code goes on without them."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from figures.gallery import modules
from figures.manifest import load
from kernels.loops import source_digest


def current(path: Path) -> bool:
    """Whether a figure's manifest names the sources (and versions of NumPy and Numba) that there are now."""
    content = load(path)
    algorithms = {run["algorithm"].rpartition(".")[0] for run in content["runs"]}
    return bool(content["sources"] == source_digest({modules()[content["slug"]].__name__, *algorithms}))


def add_note(app: Sphinx, docname: str, content: list[str]) -> None:
    """Say below the gallery's heading how many of its figures are from the code as it is."""
    if docname != "gallery/gallery":
        return
    manifests = sorted((Path(app.srcdir) / "gallery").glob("*.json"))
    same = sum(map(current, manifests))
    note = (
        "Every figure is drawn by `regretlab figures` from recorded runs; its manifest names the runs, their seeds and "
        f"the code. {same} of the {len(manifests)} were drawn with the code and the versions of this build. For the "
        "others a source that they can reach has been edited since, be it a comment; `regretlab figures --redo` tells "
        "whether that matters, and `make gallery` draws them all again."
    )
    content[0] = content[0].replace("# Gallery\n", f"# Gallery\n\n{note}\n", 1)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the note when the page is read."""
    app.connect("source-read", add_note)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
