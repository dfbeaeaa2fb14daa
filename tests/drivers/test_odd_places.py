"""Addresses of places that are reached in a roundabout way: by IP with a name, by IPv6 and a proxy, by a zone."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.test_health_kinds import listening
from tui.drivers.clock import SystemClock
from tui.drivers.health_http import HttpProbes
from tui.drivers.http_address import read
from tui.model.health import ProbeOutcome, RequestExtras
from tui.model.service import Expect, IdentitySpec

CACHED = b"HTTP/1.1 200 OK\r\nAge: 3600\r\nX-Release: v1\r\nContent-Length: 4\r\n\r\npong"
PONG = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong"


@pytest.fixture
async def probes() -> AsyncIterator[HttpProbes]:
    made = HttpProbes(SystemClock())
    yield made
    await made.close()


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate of its own for `DNS:…` or `IP:…`, and the server's side of it."""
    key, made = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=own", "-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(made, key)
    return made, tls


@pytest.mark.parametrize(
    ("certified", "outcome"),
    [
        ("DNS:api.example.com", ProbeOutcome.HEALTHY),
        ("IP:127.0.0.1", ProbeOutcome.HEALTHY),
        ("DNS:other.example.com", ProbeOutcome.UNREACHABLE),
    ],
)
async def test_an_ip_address_with_a_name_is_asked_for_that_name(
    probes: HttpProbes, tmp_path: Path, certified: str, outcome: ProbeOutcome
) -> None:
    """As `curl --resolve` does, to go past a CDN: the host picks its certificate, and its site, by the name."""
    ca, tls = certificate(tmp_path, certified)
    wanted: list[str | None] = []
    tls.sni_callback = lambda _, name, __: wanted.append(name)

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PONG)

    asking = RequestExtras(host_header="api.example.com:8443", ca=str(ca))
    async with listening(peer, tls) as port:
        seen = await probes.probe(f"https://127.0.0.1:{port}/", Expect(), asking)
    assert (seen.outcome, wanted[0]) == (outcome, "api.example.com"), seen
    if outcome is ProbeOutcome.UNREACHABLE:
        assert "api.example.com" in seen.detail


async def test_a_file_of_certificates_that_was_changed_is_read_again(probes: HttpProbes, tmp_path: Path) -> None:
    """The wrong one was named, and is put right while the console is open."""
    ca, tls = certificate(tmp_path, "DNS:localhost")
    (tmp_path / "another").mkdir()
    right = ca.read_bytes()
    ca.write_bytes(certificate(tmp_path / "another", "DNS:localhost")[0].read_bytes())

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PONG)

    async with listening(peer, tls) as port:
        asking, url = RequestExtras(ca=str(ca)), f"https://localhost:{port}/"
        assert (await probes.probe(url, Expect(), asking)).outcome is ProbeOutcome.UNREACHABLE
        ca.write_bytes(right)
        assert (await probes.probe(url, Expect(), asking)).outcome is ProbeOutcome.HEALTHY
        ca.unlink()
        gone = await probes.probe(url, Expect(), asking)
    assert gone.outcome is ProbeOutcome.UNREACHABLE and f"the certificates of {ca} cannot be used" in gone.detail


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
async def test_authorities_of_a_variable_that_were_put_right_count_at_once(
    probes: HttpProbes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The fix that is printed says `correct it`, and nobody starts a console again in the middle of an incident."""
    ca, tls = certificate(tmp_path, "DNS:localhost")
    (tmp_path / "another").mkdir()
    right = ca.read_bytes()
    ca.write_bytes(certificate(tmp_path / "another", "DNS:localhost")[0].read_bytes())
    monkeypatch.setenv(variable, str(ca))

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PONG)

    async with listening(peer, tls) as port:
        url = f"https://localhost:{port}/"
        assert (await probes.probe(url, Expect())).outcome is ProbeOutcome.UNREACHABLE
        ca.write_bytes(right)
        assert (await probes.probe(url, Expect())).outcome is ProbeOutcome.HEALTHY


async def test_a_name_is_asked_for_itself(probes: HttpProbes, tmp_path: Path) -> None:
    _, tls = certificate(tmp_path, "DNS:localhost")
    wanted: list[str | None] = []
    tls.sni_callback = lambda _, name, __: wanted.append(name)

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        return

    async with listening(peer, tls) as port:
        await probes.probe(f"https://localhost:{port}/", Expect(), RequestExtras(host_header="api.example.com"))
    assert wanted == ["localhost"]


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://[2001:db8::1]/ready", "GET http://[2001:db8::1]/ready HTTP/1.1"),
        ("http://[2001:db8::1]:8080/ready", "GET http://[2001:db8::1]:8080/ready HTTP/1.1"),
        ("http://api.example.com/ready", "GET http://api.example.com/ready HTTP/1.1"),
    ],
)
async def test_a_proxy_gets_an_ipv6_address_in_its_brackets(
    probes: HttpProbes, monkeypatch: pytest.MonkeyPatch, url: str, line: str
) -> None:
    heads: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(PONG)

    async with listening(proxy) as port:
        monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{port}")
        seen = await probes.probe(url, Expect())
    assert (seen.outcome, heads[0].split("\r\n")[0]) == (ProbeOutcome.HEALTHY, line)


async def test_an_ipv6_address_over_tls_is_not_asked_through_a_proxy_that_would_misread_it(
    probes: HttpProbes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    seen = await probes.probe("https://[2001:db8::1]/ready", Expect())
    assert (seen.outcome, "no_proxy" in seen.detail) == (ProbeOutcome.UNREACHABLE, True), seen


async def test_a_good_answer_out_of_a_cache_says_so_and_does_not_say_which_release_it_is(probes: HttpProbes) -> None:
    async def cdn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CACHED)

    async with listening(cdn) as port:
        seen = await probes.probe(f"http://127.0.0.1:{port}/", Expect(text="pong"))
        sick = await probes.probe(f"http://127.0.0.1:{port}/", Expect(text="ping"))
        release = await probes.identity(IdentitySpec(url=f"http://127.0.0.1:{port}/", header="X-Release"))
    assert (seen.outcome, seen.detail) == (
        ProbeOutcome.HEALTHY,
        "from a cache, 3600 s old: the service itself was not asked",
    )
    assert (sick.outcome, "expected 'ping'" in sick.detail, release) == (ProbeOutcome.UNHEALTHY, True, None)


def test_a_zone_leads_there_and_is_not_told_to_the_server() -> None:
    for url in ("http://[fe80::1%25eth0]:8080/", "http://[fe80::1%eth0]:8080/"):
        found = read(url)
        assert (found.host, found.authority) == ("fe80::1%eth0", "[fe80::1]:8080")
