"""The table of claims in the README, generated from the catalogue: ``python -m proofs_check.readme``."""

from __future__ import annotations

from pathlib import Path

from proofs_check.catalogue import citation, claims, page

TABLE_BEGIN, TABLE_END = "<!-- claims: begin -->", "<!-- claims: end -->"


def claims_table() -> str:
    """The claims as a Markdown table."""
    lines = [
        "| claim | paper | setting | theorems (kind, constants) | proof steps | planted faults |",
        "|---|---|---|---|---|---|",
    ]
    for claim in claims().values():
        theorems = "; ".join(dict.fromkeys(f"{b.theorem.kind}, {b.theorem.constants}" for b in claim.bounds))
        if claim.rate is not None:
            theorems = "; ".join(filter(None, [theorems, f"rate in {claim.rate.sweep}"]))
        lines.append(
            f"| [`{claim.slug}`](docs/papers/{page(claim)}.md) | {citation(claim)} | {claim.setting} | {theorems} | "
            f"{len(claim.steps)} | {len(claim.sabotages)} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite the table between its two marks in README.md of the current folder."""
    path = Path("README.md")
    before, rest = path.read_text(encoding="utf-8").split(TABLE_BEGIN)
    after = rest.split(TABLE_END)[1]
    path.write_text(f"{before}{TABLE_BEGIN}\n{claims_table()}{TABLE_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
