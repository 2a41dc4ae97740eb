"""A submitted file as text: a Python file, or the code cells of a Jupyter notebook."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from theory.errors import InvalidInput

#: Bytes of a submitted file at most; notebooks hold their figures.
FILE_BYTES = 10_000_000
#: Bytes of the Python in it at most.
TEXT_BYTES = 1_000_000
#: Cells with this tag are left out: experiments, plots.
UNGRADED = "ungraded"

#: A cell that begins so saves the file of an exercise; if there are any, the others are about it, not of it.
_SAVES = re.compile(r"%%(?:writefile|file)[ \t]+\S+\.py[ \t]*(?:\n|$)")
_MAGIC = re.compile(r"[%!?]|[^#]*\?\s*$")


class Unreadable(Exception):
    """A file that holds no submission; the message says why."""


@dataclass(frozen=True)
class Source:
    """The Python of a submission.

    Attributes:
        file: name of the submitted file. text: its Python.
        cells: for a notebook, (first line in ``text``, number of the cell) in order. notes: what was left out.
    """

    file: str
    text: str
    cells: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

    def place(self, line: int) -> str:
        """A line of ``text`` as its author knows it: "line 12", or "cell 3, line 2"."""
        for first, cell in reversed(self.cells):
            if line >= first:
                return f"cell {cell}, line {line - first + 1}"
        return f"line {line}"


def read_source(path: Path) -> Source:
    """Read a submission.

    Raises:
        InvalidInput: there is no such file. Unreadable: there is, but no submission in it.
    """
    if path.suffix not in (".py", ".ipynb"):
        raise InvalidInput(f"{path} is neither a Python file nor a notebook; expected a name in .py or .ipynb")
    raw = _read(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is not UTF-8: byte {error.start} is {raw[error.start]:#04x}") from None
    source = _notebook(path.name, text) if path.suffix == ".ipynb" else Source(path.name, text)
    if "\0" in source.text:
        line = source.text.count("\n", 0, source.text.index("\0")) + 1
        raise Unreadable(f"{path.name} has a NUL character: {source.place(line)}")
    if len(source.text.encode("utf-8", "surrogatepass")) > TEXT_BYTES:
        raise Unreadable(f"the code in {path.name} has more than {TEXT_BYTES:,} bytes")
    return source


def _read(path: Path) -> bytes:
    """The bytes of a regular file, of the file that was looked at and of no other.

    A link is not followed: it would hand in a file of this machine, such as a solution.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unreadable(f"{path.name} is a symbolic link; hand in the file itself") from None
        raise InvalidInput(f"cannot read {path}: {error.strerror}; expected a .py or .ipynb file") from None
    except ValueError:
        raise InvalidInput(f"{str(path)!r} is no name of a file") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            raise InvalidInput(f"{path} is {kind}; expected a .py or .ipynb file")
        if status.st_size > FILE_BYTES:
            raise Unreadable(f"{path.name} has {status.st_size:,} bytes; at most {FILE_BYTES:,} are read")
        with open(handle, "rb", closefd=False) as file:
            return file.read(FILE_BYTES + 1)
    finally:
        os.close(handle)


def _notebook(file: str, text: str) -> Source:
    """The cells that save a Python file (``%%writefile``); without any, the code cells one after another.

    Lines keep their numbers; magics and cells tagged "ungraded" are left out.
    """
    try:
        content = json.loads(text)
        cells = [(number, cell) for number, cell in enumerate(content["cells"], 1) if cell["cell_type"] == "code"]
        codes = [(number, _text(cell["source"]), UNGRADED in _tags(cell)) for number, cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError):
        raise Unreadable(f"{file} is no notebook of format 4: its JSON is damaged or lacks the cells") from None
    saving = [(number, _SAVES.sub("pass\n", code, count=1)) for number, code, _ in codes if _SAVES.match(code)]
    lines: list[str] = []
    places: list[tuple[int, int]] = []
    notes: list[str] = []
    for number, code in saving or [(number, code) for number, code, ungraded in codes if not ungraded]:
        if code.startswith("%%"):
            notes.append(f"cell {number} was left out: it begins with {code.split(maxsplit=1)[0][:40]}")
            continue
        places.append((len(lines) + 1, number))
        for line in code.splitlines():
            magic = _MAGIC.match(line) is not None
            if magic:
                notes.append(f"cell {number}: left out {line[:60]!r}, which is not Python")
            lines.append("pass" if magic else line)
    return Source(file, "\n".join(lines) + "\n", tuple(places), tuple(notes))


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def _tags(cell: dict[str, Any]) -> list[Any]:
    tags = cell.get("metadata", {}).get("tags", [])
    return tags if isinstance(tags, list) else []
