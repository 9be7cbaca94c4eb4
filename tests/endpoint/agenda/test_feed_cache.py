"""The feed that is kept through a power cut: whole and of its own source, or not at all."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.endpoint.agenda.feed_cache import FILE, Kept, read_kept, write_kept
from services.endpoint.agenda.feed_fetch import Mark

SOURCE = "https://hop.gialai.example/feeds/t/ia-kly.ics"
KEPT = Kept(b"BEGIN:VCALENDAR\r\n\r\nEND:VCALENDAR\r\n", Mark('"v1"', "Thu"), 1_773_290_400.25)


@settings(max_examples=40)
@given(st.binary(max_size=300), st.text(max_size=20), st.floats(0, 4e9))
def test_any_feed_goes_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, etag: str, at: float
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    kept = Kept(body, Mark(etag, ""), at)
    write_kept(folder, SOURCE, kept)
    assert read_kept(folder, SOURCE) == kept


def test_the_newest_takes_the_place_of_the_one_before_and_leaves_no_file(tmp_path: Path) -> None:
    for body in (b"x" * 9000, KEPT.body):
        write_kept(tmp_path, SOURCE, Kept(body, KEPT.mark, KEPT.fetched_at))
    assert read_kept(tmp_path, SOURCE) == KEPT
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_another_source_s_feed_is_none_of_ours(tmp_path: Path) -> None:
    write_kept(tmp_path, SOURCE, KEPT)
    assert read_kept(tmp_path, SOURCE + "?x") is None
    assert read_kept(tmp_path / "nowhere", SOURCE) is None


def test_a_file_that_was_torn_anywhere_is_none(tmp_path: Path) -> None:
    write_kept(tmp_path, SOURCE, KEPT)
    whole = (tmp_path / FILE).read_bytes()
    for cut in range(0, len(whole), 7):
        (tmp_path / FILE).write_bytes(whole[:cut])
        assert read_kept(tmp_path, SOURCE) is None, cut
    for at in range(len(whole) - len(KEPT.body), len(whole), 5):
        bent = bytearray(whole)
        bent[at] ^= 1
        (tmp_path / FILE).write_bytes(bytes(bent))
        assert read_kept(tmp_path, SOURCE) is None, at


@pytest.mark.parametrize("head", [b"", b"[]", b"null", b"{}", b"\xff", b'{"source": 1, "body": 2}'])
def test_a_file_of_somebody_else_is_none(tmp_path: Path, head: bytes) -> None:
    (tmp_path / FILE).write_bytes(head + b"\n" + KEPT.body)
    assert read_kept(tmp_path, SOURCE) is None


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write_kept(tmp_path / "file", SOURCE, KEPT)
