"""The map from theory to code, generated from the catalogue: an overview, a page for each claim, a tail to each paper.

Directives: ``claim`` (all of a claim: theorems, algorithm, proof steps, planted faults, figure), ``theory-to-code``
(one line a claim), ``papers`` (the pages on papers by setting), ``in-the-code`` (what belongs to a page on a paper).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from generated import claim_page, references
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from figures.gallery import modules as figure_modules
from proofs_check.catalogue import citation, claims, page
from proofs_check.claim import Claim, Sabotage
from theory.theorem import Theorem

Cell = str | nodes.Node | Sequence[Any]


def flat(cell: Cell) -> list[nodes.Node]:
    """The inline nodes of a cell: text stands for itself, lists are joined."""
    if isinstance(cell, str):
        return [nodes.Text(cell)]
    return [cell] if isinstance(cell, nodes.Node) else [node for part in cell for node in flat(part)]


def paragraph(*parts: Cell) -> nodes.paragraph:
    """A paragraph of text and nodes."""
    return nodes.paragraph("", "", *flat(parts))


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int]) -> nodes.table:
    """A table; ``widths`` are relative."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths), cols=len(header))
    head, body = (
        part("", *(nodes.row("", *(nodes.entry("", paragraph(cell)) for cell in row)) for row in lines))
        for part, lines in ((nodes.thead, [header]), (nodes.tbody, rows))
    )
    group += [head, body]
    return nodes.table("", group, classes=["colwidths-given"])


def joined(parts: Iterable[Cell], separator: str = ", ") -> list[Cell]:
    """Cells with a separator between them."""
    return [item for part in parts for item in (separator, part)][1:]


def section(title: str, *content: nodes.Node) -> nodes.section:
    """A section with its heading."""
    heading = nodes.title("", title[0].upper() + title[1:])
    return nodes.section("", heading, *content, ids=[nodes.make_id(title)], names=[title])


def code(text: str) -> nodes.literal:
    """Text in the type of code."""
    return nodes.literal("", text)


def algorithm(claim: Claim) -> type:
    """The class of the hyper-parameters with which a claim runs its algorithm."""
    case = min(claim.cases, key=lambda case: case.horizon)
    return type(claim.algorithm(case.build(), case.horizon))


def theorems(claim: Claim) -> list[Theorem]:
    """Every theorem that a claim names, that of its rate included."""
    named = [*claim.theorems, *([claim.rate.theorem] if claim.rate is not None else [])]
    return list({theorem.id: theorem for theorem in named}.values())


def belonging(claim: Claim, names: Iterable[str]) -> str | None:
    """The name that is the claim's slug or that of its page, else the longest that one of them begins with."""
    known = sorted(names, key=len, reverse=True)
    wanted = (claim.slug, page(claim))
    exact = [name for slug in wanted for name in known if name == slug]
    return next(iter([*exact, *(name for slug in wanted for name in known if slug.startswith(f"{name}-"))]), None)


def figure(claim: Claim) -> str | None:
    """The slug of the figure that shows a claim."""
    return belonging(claim, figure_modules())


def second(claim: Claim) -> str | None:
    """The name of the second implementation of a claim's algorithm."""
    found = belonging(claim, (name.replace("_", "-") for name in references()))
    return found.replace("-", "_") if found else None


@cache
def by_page() -> dict[str, list[Claim]]:
    """Page on a paper -> its claims."""
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims().values():
        found[page(claim)].append(claim)
    return dict(found)


class Mapped(SphinxDirective):
    """What the directives share: links to pages and to the API reference, and the gallery's pictures."""

    def api(self, target: str, kind: str, text: str | None = None) -> nodes.Element:
        """A link to a module ("mod"), function ("func") or class ("class") of the API reference."""
        options = {"refdomain": "py", "reftype": kind, "reftarget": target, "refdoc": self.env.docname}
        return addnodes.pending_xref("", code(text or target), refexplicit=True, refwarn=True, **options)

    def page(self, target: str, text: Cell) -> nodes.Element:
        """A link to a page of the site."""
        options = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{target}", "refdoc": self.env.docname}
        inner = nodes.inline("", "", *flat(text))
        return addnodes.pending_xref("", inner, refexplicit=True, refwarn=True, **options)

    def claim(self, claim: Claim) -> nodes.Element:
        """A link to a claim's page in the map."""
        return self.page(claim_page(claim.slug), code(claim.slug))

    def theorem(self, theorem: Theorem) -> nodes.Element:
        """A link to the module of a theorem."""
        return self.api(theorem.bound.__module__, "mod", theorem.id)

    def stated(self, claim: Claim) -> Cell:
        """Links to all theorems of a claim."""
        return joined(map(self.theorem, theorems(claim))) or "proof steps alone"

    def algorithm(self, claim: Claim) -> nodes.Element:
        """A link to an algorithm's module."""
        name = algorithm(claim).__module__
        return self.api(name, "mod", name.rpartition(".")[2])

    def watch(self, claim: Claim) -> Cell:
        """A link to the module that watches a claim's proof steps."""
        if claim.watch is None:
            return "none"
        return self.api(claim.watch.__name__, "mod", claim.watch.__name__.rpartition(".")[2])

    def picture(self, slug: str) -> list[nodes.Node]:
        """The figure in the gallery, if it is there."""
        path = Path(self.env.srcdir) / "gallery" / f"{slug}.svg"
        if not path.is_file():
            return []
        experiment = figure_modules()[slug].EXPERIMENT
        image = nodes.image(uri=f"/gallery/{slug}.svg", alt=experiment.title, candidates={})
        self.env.note_dependency(path)
        return [nodes.figure("", image, nodes.caption("", experiment.caption))]


class ClaimDirective(Mapped):
    """All that belongs to a claim, with links to where it is stated, run, watched, broken and shown."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The tables."""
        claim = claims()[self.arguments[0]]
        found: list[nodes.Node] = [
            paragraph(f"{claim.title}. {claim.paper}."),
            self.places(claim),
            *self.headed("Theorems", self.theorems(claim), "None: this claim checks proof steps alone."),
            *self.headed("Proof steps", self.steps(claim), "None is watched."),
            *self.headed("Planted faults", self.faults(claim), "None."),
        ]
        if claim.notes:
            found += [nodes.rubric("", "Notes"), paragraph(claim.notes)]
        slug = figure(claim)
        if slug and (picture := self.picture(slug)):
            found += [nodes.rubric("", "Figure"), *picture]
        return found

    def headed(self, title: str, content: nodes.table | None, otherwise: str) -> list[nodes.Node]:
        """A table under its title, or a sentence."""
        return [nodes.rubric("", title), content or paragraph(otherwise)]

    def places(self, claim: Claim) -> nodes.table:
        """Where everything is."""
        kind = algorithm(claim)
        rows: list[Sequence[Cell]] = [
            ("explained in", self.page(f"papers/{page(claim)}", page(claim))),
            ("setting", claim.setting),
            ("algorithm", [self.api(kind.__module__, "mod"), ", hyper-parameters ", code(kind.__name__)]),
        ]
        if claim.watch is not None:
            rows.append(("watch", self.api(claim.watch.__name__, "mod")))
        if name := second(claim):
            rows.append(("second implementation", self.page(references()[name], code(f"tests/reference/{name}.py"))))
        if slug := figure(claim):
            rows.append(("figure", self.api(figure_modules()[slug].__name__, "mod")))
        if claim.rate is not None:
            rate = (
                f"regret / rate over {claim.rate.sweep} = {', '.join(map(str, claim.rate.grid))}; {claim.rate.preset}"
            )
            rows.append(("rate layer", rate))
        rows.append(("check it", code(f"regretlab check {claim.slug}")))
        return table(("", "where"), rows, (20, 80))

    def theorems(self, claim: Claim) -> nodes.table | None:
        """Id, statement, source and constants of each theorem, and the function that is its bound."""
        rows = [
            (
                self.theorem(theorem),
                [theorem.statement, *([f" ({theorem.remarks})"] if theorem.remarks else [])],
                theorem.source,
                f"{theorem.kind}; {theorem.constants}{'' if theorem.confirmed else ', not re-read in the source'}",
                self.api(f"{theorem.bound.__module__}.{theorem.bound.__name__}", "func", theorem.bound.__name__),
            )
            for theorem in theorems(claim)
        ]
        header = ("theorem", "statement", "source", "kind; constants", "bound")
        return table(header, rows, (18, 38, 20, 14, 10)) if rows else None

    def steps(self, claim: Claim) -> nodes.table | None:
        """Every watched inequality."""
        rows = [
            (
                code(step.id),
                step.statement,
                step.source,
                [step.kind, *([" on ", *joined(code(name) for name in step.given)] if step.given else [])],
            )
            for step in claim.steps
        ]
        return table(("step", "inequality", "source", "kind"), rows, (16, 48, 22, 14)) if rows else None

    def faults(self, claim: Claim) -> nodes.table | None:
        """What is broken on purpose, and who catches it."""
        rows = [(code(fault.id), fault.fault, self.catchers(fault)) for fault in claim.sabotages]
        return table(("fault", "what is broken", "caught by"), rows, (20, 50, 30)) if rows else None

    def catchers(self, fault: Sabotage) -> list[Cell]:
        """The steps and theorems of which one must be refuted."""
        return joined((code(name) for name in fault.caught_by), " or ")


class Overview(Mapped):
    """Every claim in a line, by setting."""

    def run(self) -> list[nodes.Node]:
        """A section for each setting."""
        found: list[nodes.Node] = []
        for setting in dict.fromkeys(claim.setting for claim in claims().values()):
            rows = [self.line(claim) for claim in claims().values() if claim.setting == setting]
            header = ("claim", "theorems", "algorithm", "watch", "steps, faults")
            found.append(section(setting, table(header, rows, (22, 30, 18, 18, 12))))
        return found

    def line(self, claim: Claim) -> Sequence[Cell]:
        """Links to all that belongs to a claim."""
        counts = f"{len(claim.steps)}, {len(claim.sabotages)}"
        return (self.claim(claim), self.stated(claim), self.algorithm(claim), self.watch(claim), counts)


class Papers(Mapped):
    """The pages on papers, by setting."""

    def run(self) -> list[nodes.Node]:
        """A section for each setting."""
        folder = Path(self.env.srcdir) / "papers"
        names = sorted(path.stem for path in folder.glob("*.md"))
        settings = {name: self.setting(name) for name in names}
        found: list[nodes.Node] = []
        for setting in dict.fromkeys(settings.values()):
            chosen = [name for name in names if settings[name] == setting]
            rows = [(self.page(f"papers/{name}", self.title(folder, name)), *self.about(name)) for name in chosen]
            listed = table(("page", "paper", "claims"), rows, (34, 36, 30))
            found.append(section(setting, listed, self.tree(chosen)))
        return found

    def title(self, folder: Path, name: str) -> str:
        """The heading of a page."""
        return (folder / f"{name}.md").read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")

    def own(self, name: str) -> list[Claim]:
        """The claims of a page; a page on one more preset has the claim of its own name."""
        return by_page().get(name) or [claims()[name]]

    def setting(self, name: str) -> str:
        """The setting of a page's first claim."""
        return self.own(name)[0].setting

    def about(self, name: str) -> tuple[Cell, Cell]:
        """Authors and year, and the claims."""
        own = self.own(name)
        return "; ".join(dict.fromkeys(citation(claim) for claim in own)), joined(self.claim(claim) for claim in own)

    def tree(self, names: Sequence[str]) -> nodes.Node:
        """The pages as children of this one in the navigation."""
        entries = [(None, f"papers/{name}") for name in names]
        tree = addnodes.toctree(
            "", parent=self.env.docname, entries=entries, includefiles=[name for _, name in entries], caption=None,
            rawcaption="", maxdepth=-1, glob=False, hidden=True, includehidden=False, numbered=0, titlesonly=True,
        )  # fmt: skip
        return nodes.compound("", tree, classes=["toctree-wrapper"])


class InTheCode(Mapped):
    """The claims of a page on a paper, where they are, and the figure."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A line for each claim, and the figures."""
        own = by_page()[self.arguments[0]]
        rows = [
            (
                self.claim(claim),
                joined(self.theorem(t) for t in theorems(claim)),
                self.algorithm(claim),
                self.watch(claim),
            )
            for claim in own
        ]
        pictures = [node for slug in dict.fromkeys(map(figure, own)) if slug for node in self.picture(slug)]
        return [table(("claim", "theorems", "algorithm", "watch"), rows, (28, 32, 20, 20)), *pictures]


def append_tail(app: Sphinx, docname: str, content: list[str]) -> None:
    """Each page on a paper ends with what belongs to it in the code."""
    folder, _, name = docname.rpartition("/")
    if folder == "papers" and name in by_page():
        content[0] += f"\n\n## In the code\n\n```{{in-the-code}} {name}\n```\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the tail of the pages on papers."""
    app.add_directive("claim", ClaimDirective)
    app.add_directive("theory-to-code", Overview)
    app.add_directive("papers", Papers)
    app.add_directive("in-the-code", InTheCode)
    app.connect("source-read", append_tail)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
