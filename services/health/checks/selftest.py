"""What did the last self-test say?"""

from services.health.check_api import Box, CheckResult

FACTS = ("selftest", "selftest_at")


def selftest(box: Box) -> CheckResult:
    """``selftest``, "good" or codes, and ``selftest_at``: both or none, by the endpoint's word."""
    facts = {name: (box.endpoint or {}).get(name) for name in FACTS}
    words = {name: word for name, word in facts.items() if isinstance(word, str) and word}
    return CheckResult(facts=words if len(words) == len(FACTS) else {})
