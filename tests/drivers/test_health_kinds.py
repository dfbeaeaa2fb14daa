"""Health that is no plain URL, against real peers on this machine: ports, WebSockets, own certificates, headers."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tui.drivers.clock import SystemClock
from tui.drivers.health_http import HttpProbes
from tui.model.health import Probe, ProbeOutcome, RequestExtras
from tui.model.service import Expect

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def probes() -> AsyncIterator[HttpProbes]:
    made = HttpProbes(SystemClock())
    yield made
    await made.close()


@asynccontextmanager
async def listening(peer: Peer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 ready\r\n")
    await reader.read()


async def gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return


async def asked(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    return first, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def outcome(seen: Probe) -> tuple[ProbeOutcome, str]:
    return seen.outcome, seen.detail


@pytest.mark.parametrize("peer", [silent, speaks])
async def test_a_port_that_takes_a_connection_and_keeps_it_is_well(probes: HttpProbes, peer: Peer) -> None:
    async with listening(peer) as port:
        seen = await probes.tcp(f"127.0.0.1:{port}")
    assert outcome(seen) == (ProbeOutcome.HEALTHY, "")
    assert seen.seconds is not None and seen.url == f"tcp://127.0.0.1:{port}"


async def test_a_port_that_closes_at_once_is_not_well(probes: HttpProbes) -> None:
    async with listening(gone) as port:
        seen = await probes.tcp(f"127.0.0.1:{port}")
    assert seen.outcome is ProbeOutcome.UNHEALTHY and "closed at once" in seen.detail


@pytest.mark.parametrize("endpoint", ["127.0.0.1:1", "no-such-host.invalid:1", "[::1]:1"])
async def test_a_port_that_nobody_has_is_unreachable(probes: HttpProbes, endpoint: str) -> None:
    seen = await probes.tcp(endpoint)
    assert seen.outcome is ProbeOutcome.UNREACHABLE and seen.detail


def upgrade(proof: str | None = None, status: str = "101 Switching Protocols") -> Peer:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, headers = await asked(reader)
        assert first == "GET /socket HTTP/1.1"
        assert (headers["upgrade"], headers["connection"].lower()) == ("websocket", "upgrade")
        assert headers["sec-websocket-version"] == "13"
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = proof or base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        writer.write(
            f"HTTP/1.1 {status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        await reader.read()

    return peer


async def test_a_websocket_that_answers_the_handshake_is_well(probes: HttpProbes) -> None:
    async with listening(upgrade()) as port:
        seen = await probes.websocket(f"ws://127.0.0.1:{port}/socket")
    assert (seen.outcome, seen.status, seen.detail) == (ProbeOutcome.HEALTHY, 101, "")


async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asked(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.mark.parametrize(
    ("peer", "why"),
    [
        (upgrade("bm90IHRoZSBwcm9vZg=="), "without the proof that it speaks WebSocket"),
        (plain, "HTTP 200, expected 101"),
    ],
)
async def test_what_opens_no_websocket_is_not_well(probes: HttpProbes, peer: Peer, why: str) -> None:
    async with listening(peer) as port:
        seen = await probes.websocket(f"ws://127.0.0.1:{port}/socket")
    assert seen.outcome is ProbeOutcome.UNHEALTHY and why in seen.detail


async def test_a_websocket_that_nobody_answers_is_unreachable(probes: HttpProbes) -> None:
    async with listening(silent) as port:
        seen = await probes.websocket(f"ws://127.0.0.1:{port}/socket", timeout=0.2)
    assert seen.outcome is ProbeOutcome.UNREACHABLE


async def test_headers_are_sent_as_they_are_and_once(probes: HttpProbes) -> None:
    got: list[dict[str, str]] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append((await asked(reader))[1])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    headers = (("Authorization", "Bearer s3cret"), ("X-Forwarded-Proto", "https"), ("Cache-Control", "max-age=0"))
    extras = RequestExtras(host_header="api.example", headers=headers)
    async with listening(peer) as port:
        seen = await probes.probe(f"http://127.0.0.1:{port}/", Expect(), extras, fresh=True)
    assert outcome(seen) == (ProbeOutcome.HEALTHY, "")
    (sent,) = got
    assert (sent["authorization"], sent["x-forwarded-proto"], sent["host"]) == ("Bearer s3cret", "https", "api.example")
    assert sent["cache-control"] == "max-age=0" and sent["connection"] == "close"
    assert "s3cret" not in repr(seen)


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (
            "https://{here}/ready",
            "HTTP 301, sent on to https://{here}/ready, expected 200; write https://, or, behind a proxy",
        ),
        ("/login", "HTTP 301, sent on to /login, expected 200"),
    ],
)
async def test_a_redirect_says_where_it_leads(probes: HttpProbes, location: str, words: str) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = location.format(here=(await asked(reader))[1]["host"])
        writer.write(f"HTTP/1.1 301 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())

    async with listening(peer) as port:
        seen = await probes.probe(f"http://127.0.0.1:{port}/ready", Expect())
    assert seen.outcome is ProbeOutcome.UNHEALTHY
    assert seen.detail.startswith(words.format(here=f"127.0.0.1:{port}"))


@pytest.fixture(scope="module")
def own_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for 127.0.0.1, with its key in the same file."""
    import subprocess

    folder = tmp_path_factory.mktemp("ca")
    key, made, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return made


async def test_a_certificate_of_ones_own_is_trusted_where_it_is_named(probes: HttpProbes, own_ca: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(own_ca, own_ca.with_name("key.pem"))
    async with listening(plain, tls) as port:
        url = f"https://127.0.0.1:{port}/"
        unknown = await probes.probe(url, Expect())
        known = await probes.probe(url, Expect(), RequestExtras(ca=str(own_ca)))
    assert (
        unknown.outcome is ProbeOutcome.UNREACHABLE and "certificate is of nobody who is trusted here" in unknown.detail
    )
    assert outcome(known) == (ProbeOutcome.HEALTHY, "")


@pytest.mark.parametrize(
    "content", [None, "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
async def test_certificates_that_cannot_be_used_are_named(
    probes: HttpProbes, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "own.pem"
    if content is not None:
        file.write_text(content)
    seen = await probes.probe("https://127.0.0.1:1/", Expect(), RequestExtras(ca=str(file)))
    assert seen.outcome is ProbeOutcome.UNREACHABLE and f"the certificates of {file} cannot be used" in seen.detail
