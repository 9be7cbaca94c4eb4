"""Topics: one form, read strictly; a wildcard or another's root is no topic of a site."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.wire.topics import (
    FROM_PROVINCE,
    FROM_SITE,
    Kind,
    Topic,
    TopicError,
    all_sites_filter,
)

SITES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)


@given(SITES, st.sampled_from(Kind))
def test_a_topic_is_read_back_the_same(site: str, kind: Kind) -> None:
    assert Topic.parse(str(Topic(site, kind))) == Topic(site, kind)


@pytest.mark.parametrize(
    "text",
    [
        "", "diemcau", "diemcau/ia-kly", "diemcau/ia-kly/", "diemcau/ia-kly/health/x",
        "diemcau/+/health", "diemcau/#", "diemcau//health", "diemcau/Ia-Kly/health",
        "diemcau/-x/health", "other/ia-kly/health", "/diemcau/ia-kly/health",
        "diemcau/ia-kly/healthy", "diemcau/" + "a" * 64 + "/health", "diemcau/ia-kly/health\n",
        "$SYS/broker/version",
    ],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(TopicError, match="is no topic of a site"):
        Topic.parse(text)


def test_a_site_says_or_is_told_each_kind() -> None:
    assert {*FROM_SITE, *FROM_PROVINCE} == set(Kind)
    assert not set(FROM_SITE) & set(FROM_PROVINCE)
    assert all_sites_filter(Kind.HEALTH) == "diemcau/+/health"
