"""Whoever joins at any keyframe has the parameter sets to decode it."""

import pytest

from appliance.media.codecs.parameter_sets import ParameterSets, signalled_sets

SPS, PPS = b"\x00\x00\x00\x01\x67\x42", b"\x00\x00\x00\x01\x68\xce"
IDR, SLICE = b"\x00\x00\x00\x01\x65\x88", b"\x00\x00\x00\x01\x61\x9a"


def test_sets_that_came_once_are_repeated_at_each_keyframe() -> None:
    sets = ParameterSets()
    assert sets.repeat(SPS + PPS + IDR, keyframe=True) == SPS + PPS + IDR
    assert sets.repeat(SLICE, keyframe=False) == SLICE
    assert sets.repeat(IDR, keyframe=True) == SPS + PPS + IDR


def test_sets_that_come_alone_wait_for_the_picture() -> None:
    sets = ParameterSets()
    assert sets.repeat(SPS + PPS, keyframe=True) == b""
    assert sets.repeat(IDR, keyframe=True) == SPS + PPS + IDR


def test_new_sets_take_the_place_of_the_old() -> None:
    sets = ParameterSets()
    newer = SPS + b"\x10"
    sets.repeat(SPS + PPS + IDR, keyframe=True)
    assert sets.repeat(newer + IDR, keyframe=True) == newer + PPS + newer + IDR
    assert sets.repeat(IDR, keyframe=True) == newer + PPS + IDR


def test_a_short_start_code_is_one() -> None:
    sets = ParameterSets()
    sets.repeat(SPS[1:] + PPS[1:] + IDR[1:], keyframe=True)
    assert sets.repeat(IDR[1:], keyframe=True) == SPS + PPS + IDR[1:]
    assert sets.repeat(b"", keyframe=False) == b""


@pytest.mark.case("C2")
@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("Z0LAHg==,aM48gA==", (b"\x67\x42\xc0\x1e", b"\x68\xce\x3c\x80")),
        ("Z0LAHg,aM48gA", (b"\x67\x42\xc0\x1e", b"\x68\xce\x3c\x80")),
        (" Z0LAHg== , aM48gA== ", (b"\x67\x42\xc0\x1e", b"\x68\xce\x3c\x80")),
        ("*,aM48gA==", (b"\x68\xce\x3c\x80",)),
        ("aM48gA==," + "Z" * 9_000, (b"\x68\xce\x3c\x80",)),
        ("", (b"",)),
    ],
)
def test_parameter_sets_of_the_sdp(text: str, sets: tuple[bytes, ...]) -> None:
    assert signalled_sets(text) == sets
