"""What did the last self-test and the last rehearsal say?"""

from services.health.check_api import Box, CheckResult


def selftest(box: Box) -> CheckResult:
    """By the endpoint's word: "good" or codes, and when, of each both or none.

    ``selftest`` and ``selftest_at``; ``rehearsal``, ``rehearsal_at`` and ``rehearsal_call``.
    """
    endpoint = box.endpoint
    facts: dict[str, str] = {}
    if endpoint is not None and endpoint.self_test and endpoint.self_test_at:
        facts |= {"selftest": endpoint.self_test, "selftest_at": endpoint.self_test_at}
    if endpoint is not None and endpoint.rehearsal and endpoint.rehearsal_at:
        facts |= {"rehearsal": endpoint.rehearsal, "rehearsal_at": endpoint.rehearsal_at}
        if endpoint.rehearsal_call:
            facts["rehearsal_call"] = endpoint.rehearsal_call
    return CheckResult(facts=facts)
