from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from radnlp.io.pixels import PixelFormat, value_bits


def layout(*, allocated: int = 16, stored: int, high: int, signed: bool) -> PixelFormat:
    return PixelFormat(
        rows=1,
        columns=1,
        frames=1,
        samples=1,
        photometric="MONOCHROME2",
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        signed=signed,
        planar=0,
    )


def test_bits_above_the_high_bit_mean_nothing() -> None:
    raw = np.array([[0xF123]], dtype=np.uint16)
    assert value_bits(raw, layout(stored=12, high=11, signed=False)).tolist() == [[0x123]]


def test_a_high_bit_above_the_usual_one_shifts_the_value() -> None:
    raw = np.array([[0x123F]], dtype=np.uint16)
    assert value_bits(raw, layout(stored=12, high=15, signed=False)).tolist() == [[0x123]]


def test_the_sign_bit_of_12_stored_bits_is_extended() -> None:
    raw = np.array([[0x0FFF, 0x0800, 0x07FF]], dtype=np.uint16)
    values = value_bits(raw, layout(stored=12, high=11, signed=True))
    assert values.tolist() == [[-1, -2048, 2047]]


@given(st.integers(1, 16), st.data())
def test_any_layout_gives_the_value_back(bits: int, data: st.DataObject) -> None:
    high = data.draw(st.integers(bits - 1, 15))
    signed = data.draw(st.booleans())
    low = -(1 << (bits - 1)) if signed else 0
    value = data.draw(st.integers(low, low + (1 << bits) - 1))
    noise = data.draw(st.integers(0, 65535))
    shift = high + 1 - bits
    mask = ((1 << bits) - 1) << shift
    raw = ((value << shift) & mask) | (noise & ~mask & 0xFFFF)
    stored = np.array([[raw]], dtype=np.uint16)
    assert value_bits(stored, layout(stored=bits, high=high, signed=signed)).tolist() == [[value]]
