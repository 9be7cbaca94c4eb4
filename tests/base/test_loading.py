"""The collector rests while modules are loaded, and passes over what they made."""

import gc

import pytest

from appliance.base.loading import loading


def test_the_collector_rests_inside_and_works_again_whatever_is_raised() -> None:
    before = gc.get_freeze_count()
    try:
        with loading():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > before
        with pytest.raises(ImportError), loading():
            raise ImportError("no such library")
        assert gc.isenabled()
    finally:
        gc.unfreeze()
