"""First boot: whatever moment the power is cut, settings are whole and no secret stays behind."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.provisioning.provision import RESULT
from tests.provisioning.cut_disk import CutDisk
from tests.provisioning.site_files import SECRET, site

CARD = "boot/site.toml"


def names(disk: CutDisk) -> list[str]:
    return sorted(disk.files)


def test_a_site_file_is_in_force_and_its_secret_only_on_the_data_partition() -> None:
    disk = CutDisk({CARD: site()})
    disk.start()
    assert disk.in_force("secrets/sip-password") == SECRET.encode()
    assert SECRET.encode() not in disk.files[CARD]
    assert "ĐÃ NHẬN".encode() in disk.files[RESULT]
    assert b"10000000abcdef" in disk.files[RESULT]
    assert SECRET.encode() not in disk.files[RESULT]
    assert disk.due() == ()


def test_a_new_name_keeps_the_secret_that_is_blank_by_now() -> None:
    disk = CutDisk({CARD: site()})
    disk.start()
    disk.files[CARD] = site("Xã Ia Phí", " " * len(SECRET))
    disk.start()
    assert "Xã Ia Phí".encode() in (disk.in_force("site.toml") or b"")
    assert disk.in_force("secrets/sip-password") == SECRET.encode()
    assert [name for name in names(disk) if name.startswith("data/site.d/1/")] == []


def test_a_new_secret_of_the_same_length_is_taken() -> None:
    disk = CutDisk({CARD: site()})
    disk.start()
    disk.files[CARD] = site(secret=SECRET[::-1])
    disk.start()
    assert disk.in_force("secrets/sip-password") == SECRET[::-1].encode()
    assert SECRET[::-1].encode() not in disk.files[CARD]


def test_a_broken_file_changes_nothing_but_the_answer() -> None:
    disk = CutDisk({CARD: site()})
    disk.start()
    before = disk.in_force("site.toml")
    disk.files[CARD] = site("Xã Ia Phí", broken=True)
    disk.start()
    assert disk.in_force("site.toml") == before
    assert "TỪ CHỐI".encode() in disk.files[RESULT]
    assert b"line 2: site.id" in disk.files[RESULT]
    assert disk.due() == ()


def test_a_card_without_a_file_says_so_once_and_never_to_a_box_that_has_settings() -> None:
    disk = CutDisk()
    disk.start()
    assert b"no site.toml" in disk.files[RESULT]
    assert disk.due() == ()
    disk.files[CARD] = site()
    disk.start()
    del disk.files[CARD]
    assert disk.due() == ()


def test_notepads_name_is_found() -> None:
    disk = CutDisk({CARD + ".txt": site()})
    disk.start()
    assert disk.in_force("secrets/sip-password") == SECRET.encode()
    assert SECRET.encode() not in disk.files[CARD + ".txt"]


def test_every_cut_of_every_operation_is_survived() -> None:
    """All operations of the first and of a second import, cut before, within and after each."""
    first = CutDisk({CARD: site()})
    second = CutDisk({CARD: site()})
    second.start()
    second.files[CARD] = site("Xã Ia Phí", "Khac")
    for begin, old in ((first, None), (second, SECRET)):
        count = len(begin.due())
        assert count >= 7
        for at in range(count):
            for share in (0.0, 0.5, 1.0):
                disk = CutDisk(dict(begin.files), dict(begin.links))
                _run_until(disk, at, share, 7)
                _whole(disk, old, "Khac" if old else SECRET)
                disk.start()
                _done(disk, "Khac" if old else SECRET)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    edits=st.lists(
        st.tuples(st.text("aăâ ", min_size=1, max_size=9), st.text("xyz", min_size=1, max_size=9)),
        min_size=1,
        max_size=3,
    ),
    cuts=st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1), st.integers(0, 255)), max_size=5),
)
def test_any_number_of_cuts_is_survived(
    edits: list[tuple[str, str]], cuts: list[tuple[int, float, int]]
) -> None:
    disk = CutDisk()
    old: str | None = None
    for name, secret in edits:
        disk.files[CARD] = site("Xã " + name, secret)
        for at, share, mask in cuts:
            _run_until(disk, at, share, mask)
            _whole(disk, old, secret)
        disk.start()
        _done(disk, secret)
        old = secret


def _run_until(disk: CutDisk, at: int, share: float, mask: int) -> None:
    """A start whose power is cut within operation `at`; which bytes are new, `mask` says."""

    def mixed(old: bytes, new: bytes) -> bytes:
        pairs = enumerate(zip(old, new, strict=True))
        return bytes(b if mask >> (i % 8) & 1 else a for i, (a, b) in pairs)

    for index, operation in enumerate(disk.due()):
        if index == at:
            disk.cut(operation, share, mixed)
            return
        disk.perform(operation)


def _whole(disk: CutDisk, old: str | None, new: str) -> None:
    """Settings and secret in force are together the old ones or together the new ones, or none."""
    secret = disk.in_force("secrets/sip-password")
    assert secret in {None if old is None else old.encode(), new.encode()}
    assert (disk.in_force("site.toml") is None) == (secret is None)


def _done(disk: CutDisk, secret: str) -> None:
    assert disk.in_force("secrets/sip-password") == secret.encode()
    card = disk.on_card()[1]
    assert card is not None
    assert card.secrets == {}
    assert disk.due() == ()
