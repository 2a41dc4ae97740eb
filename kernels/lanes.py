"""Sums over eight neighbours at once, in the vector registers of whatever machine this runs on.

Numba's loops over eight entries are unrolled into scalar code, three to four times slower. These are the same sums,
written as vectors of eight: every lane adds up in the order of its loop and nothing is reordered or contracted, so
that the numbers are those of the scalar loop, bit for bit, on every machine.

Each function works on C-contiguous float64 arrays of any shape and takes *flat* positions in them. They can be called
from compiled code only, and trust their caller with the bounds.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: Entries handled at once.
LANES = 8

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_INTEGERS = ir.VectorType(ir.IntType(64), LANES)


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, array).data


def _pointer(builder: Any, data: Any, position: Any) -> Any:
    return builder.bitcast(builder.gep(data, [position]), _VECTOR.as_pointer())


def _load(builder: Any, data: Any, position: Any) -> Any:
    return builder.load(_pointer(builder, data, position), align=8)


def _store(builder: Any, vector: Any, data: Any, position: Any) -> None:
    builder.store(vector, _pointer(builder, data, position), align=8)


def _splat(builder: Any, scalar: Any) -> Any:
    undefined = ir.Constant(ir.VectorType(scalar.type, LANES), ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _sum_over(builder: Any, count: Any, term: Any) -> Any:
    """sum_{i < count} term(i), a vector, added up in the order of i."""
    total = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * LANES))
    with cgutils.for_range(builder, count) as loop:
        builder.store(builder.fadd(builder.load(total), term(loop.index)), total)
    return builder.load(total)


def _weight(builder: Any, weights: Any, at: Any, index: Any) -> Any:
    step = builder.mul(index, ir.Constant(index.type, LANES))
    return _load(builder, weights, builder.add(at, step))


@intrinsic
def weighted_means(typing_context, weights, at, values, first, count, scale, row, out, to):
    """out[to + j] = scale[row + j] sum_{i < count} weights[at + 8 i + j] values[first + i] for j = 0..7."""
    signature = types.void(
        weights, types.intp, values, types.intp, types.intp, scale, types.intp, out, types.intp
    )  # fmt: skip

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at_, first_, count_, row_, to_ = args[1], args[3], args[4], args[6], args[8]
        w, v, s, o = (_data(context, builder, sig.args[k], args[k]) for k in (0, 2, 5, 7))

        def term(i: Any) -> Any:
            value = builder.load(builder.gep(v, [builder.add(first_, i)]))
            return builder.fmul(_weight(builder, w, at_, i), _splat(builder, value))

        total = _sum_over(builder, count_, term)
        _store(builder, builder.fmul(total, _load(builder, s, row_)), o, to_)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def weighted_variances(typing_context, weights, at, values, first, count, scale, row, mean, middle, out, to):
    """out[to + j] = scale[row + j] sum_{i < count} weights[at + 8 i + j] (values[first + i] - mean[middle + j])^2."""
    signature = types.void(
        weights, types.intp, values, types.intp, types.intp, scale, types.intp, mean, types.intp, out, types.intp
    )  # fmt: skip

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at_, first_, count_, row_, middle_, to_ = args[1], args[3], args[4], args[6], args[8], args[10]
        w, v, s, m, o = (_data(context, builder, sig.args[k], args[k]) for k in (0, 2, 5, 7, 9))
        centre = _load(builder, m, middle_)

        def term(i: Any) -> Any:
            value = builder.load(builder.gep(v, [builder.add(first_, i)]))
            away = builder.fsub(_splat(builder, value), centre)
            return builder.fmul(_weight(builder, w, at_, i), builder.fmul(away, away))

        total = _sum_over(builder, count_, term)
        _store(builder, builder.fmul(total, _load(builder, s, row_)), o, to_)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def lower_to_sum(typing_context, out, to, first, at_first, second, at_second, third, at_third):
    """out[to + j] = min(out[to + j], first[at_first + j] + second[at_second + j] + third[at_third + j]), j = 0..7."""
    signature = types.void(out, types.intp, first, types.intp, second, types.intp, third, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        o, x, y, z = (_data(context, builder, sig.args[k], args[k]) for k in (0, 2, 4, 6))
        total = builder.fadd(_load(builder, x, args[3]), _load(builder, y, args[5]))
        total = builder.fadd(total, _load(builder, z, args[7]))
        before = _load(builder, o, args[1])
        _store(builder, builder.select(builder.fcmp_ordered("<", total, before), total, before), o, args[1])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def highest(typing_context, values, at, stride, count, best, to, which, mark):
    """best[to + j] = max_{i < count} values[at + stride i + j] and which[mark + j], int64, its least i, j = 0..7."""
    signature = types.void(
        values, types.intp, types.intp, types.intp, best, types.intp, which, types.intp
    )  # fmt: skip

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at_, stride_, count_, to_, mark_ = args[1], args[2], args[3], args[5], args[7]
        v, b, w = (_data(context, builder, sig.args[k], args[k]) for k in (0, 4, 6))
        top = cgutils.alloca_once_value(builder, _load(builder, v, at_))
        place = cgutils.alloca_once_value(builder, ir.Constant(_INTEGERS, [0] * LANES))
        with cgutils.for_range(builder, count_) as loop:
            here = _load(builder, v, builder.add(at_, builder.mul(loop.index, stride_)))
            above = builder.fcmp_ordered(">", here, builder.load(top))
            builder.store(builder.select(above, here, builder.load(top)), top)
            builder.store(builder.select(above, _splat(builder, loop.index), builder.load(place)), place)
        _store(builder, builder.load(top), b, to_)
        target = builder.bitcast(builder.gep(w, [mark_]), _INTEGERS.as_pointer())
        builder.store(builder.load(place), target, align=8)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def highest_sum(typing_context, first, second, scale, at, stride, count, which, mark):
    """which[mark + j], int64: the least i < count at which first + scale * second, at + stride i + j, is largest.

    j = 0..31, count >= 1: four vectors at once, because each must wait for its own last comparison.
    """
    signature = types.void(first, second, types.float64, types.intp, types.intp, types.intp, which, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at_, stride_, count_, mark_ = args[3], args[4], args[5], args[7]
        x, y, w = (_data(context, builder, sig.args[k], args[k]) for k in (0, 1, 6))
        scales = _splat(builder, args[2])
        shifts = [context.get_constant(types.intp, LANES * k) for k in range(4)]

        def value(i: Any, shift: Any) -> Any:
            place = builder.add(builder.add(at_, shift), builder.mul(i, stride_))
            return _sum_at(builder, x, y, scales, place)

        zero = context.get_constant(types.intp, 0)
        tops = [cgutils.alloca_once_value(builder, value(zero, shift)) for shift in shifts]
        places = [cgutils.alloca_once_value(builder, ir.Constant(_INTEGERS, [0] * LANES)) for _ in shifts]
        with cgutils.for_range(builder, count_) as loop:
            index = _splat(builder, loop.index)
            for shift, top, place in zip(shifts, tops, places):
                here = value(loop.index, shift)
                above = builder.fcmp_ordered(">", here, builder.load(top))
                builder.store(builder.select(above, here, builder.load(top)), top)
                builder.store(builder.select(above, index, builder.load(place)), place)
        for shift, place in zip(shifts, places):
            target = builder.bitcast(builder.gep(w, [builder.add(mark_, shift)]), _INTEGERS.as_pointer())
            builder.store(builder.load(place), target, align=8)
        return context.get_dummy_value()

    return signature, generate


def _places(builder: Any, first: Any, stride: Any, step: Any, which: Any, mark: Any) -> list[Any]:
    """first + stride * which[mark + j] + step * j for j = 0..7."""
    places = []
    for j in range(LANES):
        index = builder.load(builder.gep(which, [builder.add(mark, ir.Constant(mark.type, j))]))
        offset = builder.add(builder.mul(index, stride), builder.mul(step, ir.Constant(step.type, j)))
        places.append(builder.add(first, offset))
    return places


@intrinsic
def gather(typing_context, out, to, source, first, stride, step, which, mark):
    """out[to + j] = source[first + stride * which[mark + j] + step * j] for j = 0..7, entries of 64 bits.

    Eight loads: faster than the gather instruction of some machines, as fast as that of others.
    """
    signature = types.void(out, types.intp, source, types.intp, types.intp, types.intp, which, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        o, s, w = (_data(context, builder, sig.args[k], args[k]) for k in (0, 2, 6))
        kind = ir.VectorType(context.get_data_type(sig.args[2].dtype), LANES)
        vector = ir.Constant(kind, ir.Undefined)
        for j, place in enumerate(_places(builder, args[3], args[4], args[5], w, args[7])):
            entry = builder.load(builder.gep(s, [place]))
            vector = builder.insert_element(vector, entry, ir.Constant(ir.IntType(32), j))
        builder.store(vector, builder.bitcast(builder.gep(o, [args[1]]), kind.as_pointer()), align=8)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def scatter(typing_context, out, first, stride, step, which, mark, source, at):
    """out[first + stride * which[mark + j] + step * j] = source[at + j] for j = 0..7, in this order."""
    signature = types.void(out, types.intp, types.intp, types.intp, which, types.intp, source, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        o, w, s = (_data(context, builder, sig.args[k], args[k]) for k in (0, 4, 6))
        kind = ir.VectorType(context.get_data_type(sig.args[6].dtype), LANES)
        vector = builder.load(builder.bitcast(builder.gep(s, [args[7]]), kind.as_pointer()), align=8)
        for j, place in enumerate(_places(builder, args[1], args[2], args[3], w, args[5])):
            builder.store(builder.extract_element(vector, ir.Constant(ir.IntType(32), j)), builder.gep(o, [place]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def largest_sum(typing_context, first, second, scale, count):
    """max_{i < 8 count} first[i] + scale * second[i], two vectors, count >= 1."""
    signature = types.float64(first, second, types.float64, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y = (_data(context, builder, sig.args[k], args[k]) for k in (0, 1))
        scales = _splat(builder, args[2])
        top = cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [-math.inf] * LANES))
        with cgutils.for_range(builder, args[3]) as loop:
            here = _sum_at(builder, x, y, scales, builder.mul(loop.index, ir.Constant(loop.index.type, LANES)))
            above = builder.fcmp_ordered(">", here, builder.load(top))
            builder.store(builder.select(above, here, builder.load(top)), top)
        vector = builder.load(top)
        entries = [builder.extract_element(vector, ir.Constant(ir.IntType(32), j)) for j in range(LANES)]
        while len(entries) > 1:
            pairs = zip(entries[::2], entries[1::2])
            entries = [builder.select(builder.fcmp_ordered(">", a, b), a, b) for a, b in pairs]
        return entries[0]

    return signature, generate


@intrinsic
def holds_sum(typing_context, first, second, scale, at, value):
    """Whether first[at + j] + scale * second[at + j] == value for some j = 0..7, two vectors."""
    signature = types.boolean(first, second, types.float64, types.intp, types.float64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y = (_data(context, builder, sig.args[k], args[k]) for k in (0, 1))
        here = _sum_at(builder, x, y, _splat(builder, args[2]), args[3])
        equal = builder.fcmp_ordered("==", here, _splat(builder, args[4]))
        bits = builder.bitcast(equal, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return signature, generate


def _sum_at(builder: Any, first: Any, second: Any, scales: Any, at: Any) -> Any:
    return builder.fadd(_load(builder, first, at), builder.fmul(scales, _load(builder, second, at)))
