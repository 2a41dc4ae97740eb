"""Arrays of instances as they are read: fresh, read-only, of the expected number of axes, all entries finite."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


def finite_array(what: str, values: npt.ArrayLike, axes: str) -> Float:
    """A fresh read-only contiguous float64 array with the named axes, all entries finite.

    Args:
        what: names the values in messages, in the plural. axes: their names, with blanks between them.

    Raises:
        InvalidInput: naming the shape, or the index and the value.
    """
    try:
        array = np.array(values, dtype=np.float64, order="C", copy=True)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{what} cannot be read as an array of numbers: {error}") from error
    names = axes.split()
    if array.ndim != len(names):
        raise InvalidInput(f"{what} have shape {array.shape}; expected ({', '.join(names)})")
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InvalidInput(f"{what} at index {where} is {array[where]}; expected a finite number")
    array.flags.writeable = False
    return array


def filled_array(what: str, values: npt.ArrayLike, axes: str) -> Float:
    """Like :func:`finite_array`, with at least one entry.

    Raises:
        InvalidInput: also if an axis is empty.
    """
    array = finite_array(what, values, axes)
    if array.size == 0:
        raise InvalidInput(f"{what} have shape {array.shape}; expected ({', '.join(axes.split())}) with no axis empty")
    return array
