"""What httpx, anyio and OpenSSL raise, in words for people."""

import errno
import socket
import ssl

import httpx
import pytest

from tui.drivers.http_causes import words


def of(error: Exception, *causes: Exception) -> Exception:
    """An error as it arrives: with what it came from."""
    error.__cause__ = ExceptionGroup("all", causes) if len(causes) > 1 else causes[0] if causes else None
    return error


def tls(reason: str, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, f"[SSL: {reason}] x (_ssl.c:1006)")
    error.reason = reason
    return error


def certificate(said: str) -> Exception:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] (_ssl.c:1006)")
    error.verify_message = said
    return error


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (of(httpx.ConnectError("All connection attempts failed"), REFUSED), "connection refused"),
        (of(httpx.ConnectError("All connection attempts failed"), REFUSED, REFUSED), "connection refused"),
        (of(httpx.ConnectError(""), OSError(errno.EHOSTUNREACH, "x"), REFUSED), "no route"),
        (of(httpx.ConnectError("x"), socket.gaierror(-2, "Name or service not known")), "does not resolve"),
        (of(httpx.ConnectError("x"), certificate("self-signed certificate")), "name the file: `ca`"),
        (of(httpx.ConnectError("x"), certificate("unable to get local issuer certificate")), "name the file: `ca`"),
        (of(httpx.ConnectError("x"), certificate("certificate has expired")), "not valid: certificate has expired"),
        (of(httpx.ConnectError("x"), certificate("Hostname mismatch, not valid for 'a'.")), "not valid: Hostname"),
        (of(httpx.ConnectError("x"), tls("WRONG_VERSION_NUMBER")), "is it http://"),
        (of(httpx.ConnectError("x"), tls("TLSV1_ALERT_PROTOCOL_VERSION")), "tlsv1 alert protocol version"),
        (of(httpx.ReadError(""), tls("x", ssl.SSLWantReadError)), "the connection was cut (ReadError)"),
        (httpx.RemoteProtocolError("illegal status line: bytearray(b'SSH-2.0')"), "line: b'SSH-2.0'"),
        (httpx.ReadTimeout(""), "no answer in time (ReadTimeout)"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "the proxy refuses: 407"),
    ],
)
def test_the_cause_is_named(error: Exception, expected: str) -> None:
    said = words(error)
    assert expected in said and "_ssl.c" not in said and "\n" not in said, said


def test_errors_that_came_from_each_other_end() -> None:
    one, other = httpx.ConnectError("a"), OSError("b")
    one.__cause__, other.__context__ = other, one
    assert words(one) == "ConnectError: a"
