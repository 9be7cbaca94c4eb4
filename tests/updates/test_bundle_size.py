"""N8: the size of a bundle at an address, and the budget that follows of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.updates.bundle_size import (
    DOWNLOAD_SHARE,
    MAX_BUNDLE_BYTES,
    MAX_REDIRECTS,
    bundle_size,
    default_budget,
)
from services.updates.release_address import AddressError
from tests.updates.release_server import OK as KNOWN
from tests.updates.release_server import SIZE, Server, release_server

OK = "HTTP/1.1 200 OK\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with release_server(tmp_path) as server:
        yield server


def test_the_server_is_asked_for_the_size_alone(server: Server) -> None:
    assert bundle_size(server.url, server.authority) == SIZE
    assert server.head.startswith("HEAD /moi.raucb HTTP/1.1\r\n")
    assert "accept-encoding: identity" in server.head.lower()


def test_the_budget_is_a_share_of_the_bundle_and_never_more_than_it(server: Server) -> None:
    assert default_budget(server.url, server.authority) == round(SIZE * 0.75)
    assert 0.3 < DOWNLOAD_SHARE < 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (f"{OK}Connection: close\r\n\r\n", "the server tells no size (Content-Length)"),
        (f"{OK}Content-Length: 0\r\n\r\n", "tells no size"),
        (f"{OK}Content-Length: ١٢\r\n\r\n", ""),
        (f"{OK}Content-Length: {MAX_BUNDLE_BYTES + 1}\r\n\r\n", "more than a slot has"),
        (f"{OK}Content-Length: {'9' * 19}\r\n\r\n", "more than a slot has"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", "the server answers 404"),
        ("HTTP/1.1 302 Found\r\nLocation: http://localhost/x\r\n\r\n", "is not https"),
        ("HTTP/1.1 302 Found\r\nLocation: x.raucb\r\n\r\n", f"more than {MAX_REDIRECTS} redirects"),
        (f"{OK}X: {'x' * 200_000}", ""),
        ("nonsense\r\n\r\n", ""),
    ],
)
def test_a_server_that_tells_no_size_is_said_in_a_sentence(
    server: Server, answer: str, reason: str
) -> None:
    server.answers = [answer]
    with pytest.raises(AddressError) as caught:
        bundle_size(server.url, server.authority)
    assert reason in str(caught.value)
    assert str(caught.value).startswith(("https://localhost", "http://localhost"))


def test_a_redirect_is_followed(server: Server) -> None:
    """As RAUC does."""
    server.answers = [f"HTTP/1.1 302 Found\r\nLocation: {server.url}2\r\n\r\n", KNOWN]
    assert bundle_size(server.url, server.authority) == SIZE
    assert server.head.startswith("HEAD /moi.raucb2 ")
    server.requests = 0
    server.answers = ["HTTP/1.1 302 Found\r\nLocation: /moi.raucb\r\n\r\n"]
    with pytest.raises(AddressError, match="redirects"):
        bundle_size(server.url, server.authority)
    assert server.requests == MAX_REDIRECTS + 1


def test_a_server_that_does_not_answer_costs_a_deadline(server: Server) -> None:
    server.answers = [""]
    with pytest.raises(AddressError, match=r"no answer within 0\.3 s"):
        bundle_size(server.url, server.authority, deadline_s=0.3)


def test_no_other_authority_is_taken(server: Server, tmp_path: Path) -> None:
    with pytest.raises(AddressError, match="certificate"):
        bundle_size(server.url, "")
    with pytest.raises(AddressError, match=r"none\.pem cannot be read"):
        bundle_size(server.url, str(tmp_path / "none.pem"))
    (tmp_path / "empty.pem").touch()
    with pytest.raises(AddressError):
        bundle_size(server.url, str(tmp_path / "empty.pem"))
    assert server.requests == 0


@pytest.mark.parametrize("url", ["http://localhost/x.raucb", "https://localhost:0/x", "https://"])
def test_what_is_no_address_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(AddressError):
        bundle_size(url, "")
