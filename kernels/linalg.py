"""Small dense linear algebra for compiled code: ridge regressions that grow by one observation at a time.

All matrices are symmetric positive definite, of shape (d, d) with d small (at most a few dozen), C-contiguous
float64. Nothing is allocated: every function writes into arrays of the caller.
"""

from __future__ import annotations

import math

from kernels.jit import compiled

#: Rank-one updates of an inverse between two Cholesky factorisations; the rounding error of the recursion (about
#: 1e-16 times the condition number an update) is thrown away each time.
REFACTOR_EVERY = 512


@compiled
def dot(x, y):
    """<x, y>."""
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i] * y[i]
    return total


@compiled
def multiply(matrix, x, out):
    """out = matrix x; ``out`` must not be ``x``."""
    for i in range(x.shape[0]):
        out[i] = dot(matrix[i], x)


@compiled
def quadratic_form(matrix, x):
    """x' matrix x, for a symmetric matrix (only its lower triangle is read)."""
    total = 0.0
    for i in range(x.shape[0]):
        row = 0.0
        for j in range(i):
            row += matrix[i, j] * x[j]
        total += x[i] * (2.0 * row + matrix[i, i] * x[i])
    return total


@compiled
def set_multiple_of_identity(matrix, scale):
    """matrix = scale I."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] = 0.0
        matrix[i, i] = scale


@compiled
def add_outer(matrix, x, weight):
    """matrix += weight x x'."""
    for i in range(x.shape[0]):
        factor = weight * x[i]
        for j in range(x.shape[0]):
            matrix[i, j] += factor * x[j]


@compiled
def sherman_morrison(inverse, x, image):
    """The inverse of V + x x' in the place of the inverse of V (Sherman and Morrison 1950).

    Args:
        inverse: V^{-1}, overwritten.
        image: out, V^{-1} x with the *old* V.

    Returns:
        1 + |x|^2 in the norm of the old V^{-1}, which is det(V + x x') / det V (the matrix determinant lemma).
    """
    multiply(inverse, x, image)
    growth = 1.0 + dot(x, image)
    add_outer(inverse, image, -1.0 / growth)
    return growth


@compiled
def cholesky(matrix, factor):
    """The lower factor L of matrix = L L' (its upper triangle is left alone); returns log det matrix.

    The logarithm is NaN if the matrix is not positive definite.
    """
    log_det = 0.0
    for i in range(matrix.shape[0]):
        for j in range(i + 1):
            rest = matrix[i, j]
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            if i == j:
                factor[i, i] = math.sqrt(rest) if rest > 0.0 else math.nan
                log_det += 2.0 * math.log(factor[i, i])
            else:
                factor[i, j] = rest / factor[j, j]
    return log_det


@compiled
def forward_substitute(factor, b, out):
    """Solve L out = b; ``out`` may be ``b``. |out|^2 is then b' (L L')^{-1} b."""
    for i in range(b.shape[0]):
        rest = b[i]
        for k in range(i):
            rest -= factor[i, k] * out[k]
        out[i] = rest / factor[i, i]


@compiled
def backward_substitute(factor, b, out):
    """Solve L' out = b; ``out`` may be ``b``. For b ~ N(0, I) the law of out is N(0, (L L')^{-1})."""
    for i in range(b.shape[0] - 1, -1, -1):
        rest = b[i]
        for k in range(i + 1, b.shape[0]):
            rest -= factor[k, i] * out[k]
        out[i] = rest / factor[i, i]


@compiled
def cholesky_solve(factor, b, out):
    """Solve L L' out = b; ``out`` may be ``b``."""
    forward_substitute(factor, b, out)
    backward_substitute(factor, out, out)


@compiled
def cholesky_inverse(factor, inverse):
    """inverse = (L L')^{-1}, column by column."""
    for j in range(factor.shape[0]):
        row = inverse[j]  # a row: the inverse is symmetric
        for i in range(factor.shape[0]):
            row[i] = 1.0 if i == j else 0.0
        cholesky_solve(factor, row, row)


@compiled
def inverse_norm(factor, x, scratch):
    """|x| in the norm of (L L')^{-1}."""
    forward_substitute(factor, x, scratch)
    return math.sqrt(dot(scratch, scratch))
