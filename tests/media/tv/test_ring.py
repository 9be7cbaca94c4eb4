"""Pictures and notes pass between two processes as they are."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.tv.output import Output
from appliance.media.tv.ring import SLOTS, PictureNote, PictureRing, SoundNote

seconds = st.floats(0, 1e9)


@given(st.integers(0, 2**63), st.integers(0, SLOTS - 1), seconds)
def test_a_picture_note_survives_its_journey(number: int, slot: int, due: float) -> None:
    note = PictureNote(number, slot, due)
    assert PictureNote.unpack(note.pack()) == note


@given(seconds, st.binary(max_size=4000))
def test_a_sound_note_survives_its_journey(due: float, pcm: bytes) -> None:
    assert SoundNote.unpack(SoundNote(due, pcm).pack()) == SoundNote(due, pcm)


def test_both_ends_see_one_memory_and_slots_do_not_touch() -> None:
    ours = PictureRing(64, 36)
    theirs = PictureRing(64, 36, os.dup(ours.fd))
    for slot in range(SLOTS):
        ours.slot(slot)[:] = bytes([slot + 1]) * ours.picture_bytes
    for slot in range(SLOTS):
        assert bytes(theirs.slot(slot)) == bytes([slot + 1]) * ours.picture_bytes
    theirs.close()
    ours.close()


def test_odd_sizes_and_unknown_slots_are_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        PictureRing(63, 36)
    ring = PictureRing(64, 36)
    with pytest.raises(ValueError, match="slot 8"):
        ring.slot(SLOTS)
    ring.close()


def test_an_output_survives_as_json_and_names_what_vlc_needs() -> None:
    output = Output(vout="gles2", aout="alsa", sound_device="plughw:1,0", window=True)
    assert Output.from_json(output.to_json()) == output
    assert "--alsa-audio-device=plughw:1,0" in output.arguments()
    assert "--fullscreen" not in output.arguments()
    assert Output(sound_device="hdmi").environment() == {"PULSE_SINK": "hdmi"}
