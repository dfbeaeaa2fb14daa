"""The handshake of a WebSocket (RFC 6455, 4.1 and 4.2), as an HTTP request: a service that answers it takes sockets."""

import base64
import hashlib
import secrets

from tui.drivers.http_client import Raw
from tui.text.clean import clean_line, decode

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""with the key, what the answer has to prove that it read (RFC 6455, 1.3)"""


def address(url: str) -> str:
    """The same address as HTTP speaks of it."""
    return f"http{url[2:]}"


def handshake() -> tuple[str, dict[str, str]]:
    """A key of our own, and the headers that ask with it."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    return key, {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
    }


def unhealthy(key: str, answer: Raw) -> str:
    """Why this answer opens no WebSocket, in one harmless line; empty when it does."""
    if answer.status != 101:
        return clean_line(f"HTTP {answer.status}, expected 101: {decode(answer.body[:200])}", 200)
    proof = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode(), usedforsecurity=False).digest()).decode()
    if answer.headers.get("sec-websocket-accept", "").strip() != proof:
        return "answered 101 without the proof that it speaks WebSocket"
    return ""
