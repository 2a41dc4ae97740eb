"""Pages that are written when the site is built: a claim each, a second implementation each, README and changelog."""

from __future__ import annotations

import pkgutil
from functools import cache
from pathlib import Path

from sphinx.application import Sphinx

import regretlab
from proofs_check.catalogue import claims

ROOT = Path(regretlab.__file__).resolve().parents[1]
#: The rooms of the API reference, in the order in which they import each other.
ROOMS = ("theory", "kernels", "bandits", "mdps", "proofs_check", "figures")
FOLDER = "_generated"
README, CHANGELOG = f"{FOLDER}/README", f"{FOLDER}/CHANGELOG"
#: Pages that include a file of the root: links in them start there.
PLACES = {README: ROOT, CHANGELOG: ROOT}
REFERENCES = "tests/reference"


@cache
def documented() -> frozenset[str]:
    """Names of all modules of the API reference: none that begins with an underscore."""
    packages = ["regretlab", *ROOMS]
    walked = (
        module.name for package in packages for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
    )
    return frozenset(name for name in (*packages, *walked) if "._" not in name)


@cache
def references() -> dict[str, str]:
    """Name of each second implementation -> its page."""
    files = sorted((ROOT / REFERENCES).glob("[a-z]*.py"))
    return {path.stem: f"{FOLDER}/reference/{path.stem}" for path in files}


def listing(path: str) -> str | None:
    """The page that lists a file of the second implementations, if it is one of them."""
    folder, _, name = path.rpartition("/")
    return references().get(name.removesuffix(".py")) if folder == REFERENCES else None


def claim_page(slug: str) -> str:
    """The page of a claim in the map from theory to code."""
    return f"{FOLDER}/claims/{slug}"


def pages() -> dict[str, str]:
    """Generated source files: path below ``docs`` -> content."""
    head = "---\norphan: true\n---\n"
    found = {
        f"{page}.md": f"{head}```{{include}} ../../{name}\n:relative-docs: docs/\n:relative-images:\n```\n"
        for page, name in ((README, "README.md"), (CHANGELOG, "CHANGELOG.md"))
    }
    for slug in claims():
        found[f"{claim_page(slug)}.rst"] = f"{slug}\n{'=' * len(slug)}\n\n.. claim:: {slug}\n"
    for name, page in references().items():
        title = f"{REFERENCES}/{name}.py"
        found[f"{page}.rst"] = (
            f":orphan:\n\n{title}\n{'=' * len(title)}\n\n"
            f"The slow, independent second implementation that the tests hold against the compiled one.\n\n"
            f".. literalinclude:: /../{title}\n"
        )
    return found


def write(app: Sphinx) -> None:
    """Write what is not there yet; take away the pages of what is no longer there."""
    wanted = {Path(app.srcdir) / name: content for name, content in pages().items()}
    modules = {Path(app.srcdir) / FOLDER / "api" / f"{name}.rst" for name in documented()}  # autosummary writes them
    for path in set((Path(app.srcdir) / FOLDER).rglob("*.*")) - set(wanted) - modules:
        path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for sources."""
    app.connect("builder-inited", write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
