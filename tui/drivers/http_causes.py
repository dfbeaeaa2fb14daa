"""Why an address gave no answer over HTTP, in words for people: httpcore and OpenSSL name their own parts."""

import errno
import re
import socket
import ssl
from collections.abc import Iterator

_NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")


def words(error: Exception) -> str:
    """One line: the cause that is known, else what the library said."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError):
            return _tls(cause)
        if isinstance(cause, socket.gaierror):
            return f"the name does not resolve ({cause.strerror or cause})"
    numbers = {cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno}
    if numbers == {errno.ECONNREFUSED}:
        return "nothing listens on that port (connection refused)"
    if numbers and numbers <= {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ECONNREFUSED}:
        return "no route to that address"
    said = re.sub(r"bytearray\((b?'.*')\)", r"\1", str(error))
    name = type(error).__name__
    if name in ("ReadError", "WriteError", "CloseError"):
        return f"the connection was cut ({said or name})"
    if name == "ProxyError":
        return f"the proxy refuses: {said}"
    if name.endswith("Timeout"):
        return f"no answer in time ({name})"
    if name == "RemoteProtocolError":
        return f"what answers speaks no HTTP, or broke off: {said}"
    return f"{name}: {said}".rstrip(": ")


def of_tls(error: Exception) -> bool:
    """True if the two did not agree on TLS, such as on a certificate."""
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it came from, the outermost first."""
    seen: list[BaseException] = []
    left = [error]
    while left and len(seen) < 30:
        one = left.pop(0)
        if one in seen:
            continue
        seen.append(one)
        yield one
        left += [*getattr(one, "exceptions", ()), *filter(None, (one.__cause__, one.__context__))]


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    said = (error.verify_message or str(error)).rstrip(".")
    if "self-signed" in said or "self signed" in said or "local issuer" in said:
        return f"its certificate is of nobody who is trusted here ({said}); where it is your own, name the file: `ca`"
    return f"its certificate is not valid: {said}"


def _tls(error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if reason in _NO_TLS:
        return "speaks no TLS on this port: is it http:// ?"
    return f"TLS failed: {reason.replace('_', ' ').lower()}"
