"""Text and values that came from a submission, made fit to be shown."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

#: Characters of one value, and of one text.
VALUE_CHARACTERS, TEXT_CHARACTERS = 200, 4000


def shown(text: str, most: int = TEXT_CHARACTERS) -> str:
    """A text without control characters: they are spelt out, line ends and tabs stay, the end is cut.

    Terminal escapes, overprinting, text direction marks and halves of surrogate pairs do no harm then.
    """
    cut = text[:most]
    safe = "".join(c if c in "\n\t" or unicodedata.category(c)[0] not in "C" else ascii(c)[1:-1] for c in cut)
    return safe.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + (" [...]" if len(text) > most else "")


def value(given: Any) -> str:
    """A value in one short line; numbers with all their digits.

    A text is shown as it is. If it is a single word it keeps its quotes, so that '3' is not taken for 3.
    """
    if isinstance(given, str) and " " in given:
        text = given
    elif isinstance(given, np.ndarray | np.generic):
        text = np.array2string(np.asarray(given), threshold=12, separator=", ", max_line_width=10**6)
    else:
        text = repr(given)
    return shown(" ".join(text.split()), VALUE_CHARACTERS)
