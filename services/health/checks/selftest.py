"""What did the last self-test say?"""

from services.health.check_api import Box, CheckResult


def selftest(box: Box) -> CheckResult:
    """``selftest``, "good" or codes, and ``selftest_at``: both or none, by the endpoint's word."""
    if box.endpoint is None or not (box.endpoint.self_test and box.endpoint.self_test_at):
        return CheckResult()
    facts = {"selftest": box.endpoint.self_test, "selftest_at": box.endpoint.self_test_at}
    return CheckResult(facts=facts)
