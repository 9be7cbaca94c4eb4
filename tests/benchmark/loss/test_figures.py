"""The figures of loss, of what is known."""

import numpy as np
import pytest

from tests.benchmark.loss.figures import Listener, silences

TONE = (8000 * np.sin(np.arange(960) * 0.06)).astype(np.int16)


def test_a_steady_picture_and_tone_have_no_gap() -> None:
    listener = Listener([n / 30 for n in range(301)], [(n / 50, TONE) for n in range(-5, 505)])
    figures = listener.figures(0.0, 10.0)
    assert (figures.pictures, figures.freezes, figures.sound_gaps) == (301, 0, 0)
    assert figures.longest_picture_gap_s == pytest.approx(1 / 30)


def test_a_freeze_counts_whole_and_to_the_end() -> None:
    times = [n / 30 for n in range(300) if not 60 <= n < 90]
    figures = Listener(times).figures(0.0, 12.0)
    assert figures.freezes == 2
    assert figures.frozen_s == pytest.approx(31 / 30 + 2 + 1 / 30)


def test_sound_that_comes_late_and_sound_that_is_not_there() -> None:
    late = [(n / 50 + (0.3 if n >= 100 else 0.0), TONE) for n in range(-5, 240)]
    assert silences(late, 0.013, 1.5) == []  # begun in the middle of a block
    assert silences(late, 0.0, 4.0) == pytest.approx([0.26], abs=0.011)
    missing = [(n / 50, TONE if n not in (100, 101) else TONE * 0) for n in range(-5, 240)]
    assert silences(missing, 0.0, 4.0) == pytest.approx([0.04], abs=0.011)
