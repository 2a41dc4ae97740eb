"""Compiling ahead: a process of its own that compiles the loops of later claims into the disk cache.

Numba compiles one function at a time in a process; a second process compiles beside it. ``regretlab check`` starts it
for the claims after the first, last claim first, so that the two meet in the middle and neither compiles what the
other does: ``python -m proofs_check.ahead quick slug slug ...``.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def compiling(slugs: Sequence[str], size: str) -> Iterator[None]:
    """Compile the loops of ``slugs`` in the background while the body runs; nothing waits for it."""
    if not slugs:
        yield
        return
    command = [sys.executable, "-m", "proofs_check.ahead", size, *reversed(slugs)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main(size: str, slugs: Sequence[str]) -> None:
    """Compile, claim by claim. An error of one claim is left to the check itself, which reports it."""
    from proofs_check.catalogue import select
    from proofs_check.check import FULL, QUICK, prepare_claim

    for claim in select(slugs):
        with contextlib.suppress(Exception):
            prepare_claim(claim, FULL if size == FULL.name else QUICK)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
