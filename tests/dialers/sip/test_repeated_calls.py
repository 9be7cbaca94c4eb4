"""Calls leave nothing behind; the long form, a hundred of them, is ``make soak``."""

import pytest

from tests.soak.repeated_calls import repeated_calls


@pytest.mark.timeout(600)
async def test_calls_one_after_another_leave_no_task_socket_or_thread() -> None:
    before, after = await repeated_calls(8)
    assert after.within(before), (before, after)
