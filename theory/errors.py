"""The one family of errors that bad input raises, in every room."""

from __future__ import annotations


class InvalidInput(ValueError):
    """Input that was refused before anything ran.

    The message says what was wrong, where (index, file or line), the offending value, and what was expected.
    The command line turns it into one line on standard error and exit code 2.
    """


class UnknownName(InvalidInput):
    """A slug, instance or environment name that does not exist; ``nearest`` lists the closest known names."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        import difflib

        self.name = name
        self.nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.3)
        hint = f"; did you mean {', '.join(self.nearest)}?" if self.nearest else ""
        everything = " (`regretlab list` shows all)" if kind == "claim" else ""
        super().__init__(f"unknown {kind} {name!r}{hint}{everything}")


class HypothesisViolated(InvalidInput):
    """An instance outside the hypotheses of the theorem it is to be checked against."""


class DamagedFile(InvalidInput):
    """A file that cannot be read as what it claims to be."""
