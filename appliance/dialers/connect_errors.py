"""Turns the error of a socket that could not be opened into a DialError: reason and sentence."""

import socket
import ssl

from appliance.dialers.api import DialError, EndReason


class TlsRefusedError(ssl.SSLError):
    """A server took the connection, and ended it while TLS was being agreed on."""


def unreachable(error: Exception, host: str) -> DialError:
    """The error of a connection that could not be made to ``host``."""
    reason = EndReason.UNREACHABLE
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = EndReason.UNTRUSTED
        why = getattr(error, "verify_message", "") or str(error)
        sentence = f"the certificate of {host} is not trusted: {why}"
    elif isinstance(error, ssl.SSLError):
        why = getattr(error, "reason", "") or error.strerror or next(iter(error.args), "")
        told = f": {why}" if why else ""
        sentence = f"{host} speaks no TLS that we do, which is TLS 1.2 or newer{told}"
    elif isinstance(error, TimeoutError):
        sentence = f"{host} does not answer in time"
    elif isinstance(error, socket.gaierror):
        sentence = f"no address is known for {host}"
    elif isinstance(error, ConnectionRefusedError):
        sentence = f"nothing listens at {host}"
    else:
        sentence = f"{host} cannot be reached: {error or type(error).__name__}"
    return DialError(reason, sentence)
