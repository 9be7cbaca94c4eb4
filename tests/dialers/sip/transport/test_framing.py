"""Messages out of a stream in every cutting."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialers.sip.signalling.message import MessageError
from appliance.dialers.sip.transport.framing import Framer

BODY = b"v=0\r\n\r\n" * 300
FIRST = b"INFO sip:a@b SIP/2.0\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
SECOND = b"SIP/2.0 200 OK\r\nl : 3\r\nVia: x\r\n\r\nabc"
THIRD = b"OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n"
STREAM = b"\r\n\r\n" + FIRST + b"\r\n\r\n\r\n" + SECOND + THIRD + b"\r\n"


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cutting_gives_the_same_messages(cuts: list[int]) -> None:
    framer, messages = Framer(), []
    edges = [0, *sorted(cuts), len(STREAM)]
    for begin, end in pairwise(edges):
        messages += framer.feed(STREAM[begin:end])
    assert messages == [FIRST, SECOND, THIRD]


def test_a_length_in_a_line_of_its_own() -> None:
    """Folded (RFC 3261 section 7.3.1): an end that misses it cuts the stream in the wrong place."""
    folded = FIRST.replace(b"Content-Length: ", b"Content-Length :\r\n\t")
    assert Framer().feed(folded + SECOND) == [folded, SECOND]


def test_byte_by_byte() -> None:
    framer, messages = Framer(), []
    for at in range(len(STREAM)):
        messages += framer.feed(STREAM[at : at + 1])
    assert messages == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize(
    "stream",
    [
        b"x" * 70_000,
        b"INFO sip:a SIP/2.0\r\nContent-Length: 9999999\r\n\r\n",
        b"INFO sip:a SIP/2.0\r\nContent-Length: 3\r\nl: 4\r\n\r\n",
    ],
)
def test_a_stream_that_cannot_be_followed(stream: bytes) -> None:
    with pytest.raises(MessageError):
        Framer().feed(stream)


@given(st.binary(max_size=400))
def test_noise_is_no_fault_of_ours(noise: bytes) -> None:
    framer = Framer()
    try:
        for message in framer.feed(noise + FIRST):
            assert message
    except MessageError:
        return
