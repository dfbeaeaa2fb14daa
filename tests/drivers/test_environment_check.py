"""The environments of other people's machines: proxies and certificates in every spelling."""

import asyncio
import gc
import shutil
import ssl
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tui import bootstrap, config
from tui.drivers import certificates, http_client
from tui.drivers.certificates import UnusableCertificates
from tui.drivers.clock import SystemClock
from tui.drivers.environment_check import Surroundings
from tui.drivers.health_http import HttpProbes
from tui.drivers.http_client import NoConnection, Web
from tui.drivers.proxies import Proxies, Proxy, UnusableProxy
from tui.model.health import ProbeOutcome
from tui.model.service import Expect

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", *certificates.REPLACING, *certificates.ADDING)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    http_client._certificates.cache_clear()
    yield
    http_client._certificates.cache_clear()


PLAIN = Proxy("http://proxy:3128")


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, "http://a/", None),
        ({"http_proxy": "http://proxy:3128"}, "http://a/", PLAIN),
        ({"http_proxy": "http://proxy:3128"}, "https://a/", None),
        ({"HTTP_PROXY": "proxy:3128"}, "http://a/", PLAIN),
        ({"HTTP_PROXY": " http://proxy:3128/ "}, "http://a/", PLAIN),
        ({"HTTP_PROXY": '"http://proxy:3128"'}, "http://a/", PLAIN),
        ({"HTTP_PROXY": "HTTP://proxy:3128"}, "http://a/", PLAIN),
        ({"HTTP_PROXY": "other:1", "http_proxy": "proxy:3128"}, "http://a/", PLAIN),
        ({"HTTP_PROXY": "proxy:3128", "http_proxy": ""}, "http://a/", None),
        ({"https_proxy": "http://proxy:3128"}, "https://a/", PLAIN),
        ({"HTTPS_PROXY": "https://proxy"}, "https://a/", Proxy("https://proxy:443")),
        ({"ALL_PROXY": "http://proxy:3128"}, "https://a/", PLAIN),
        ({"all_proxy": "socks5://127.0.0.1:1080"}, "http://a/", Proxy("socks5://127.0.0.1:1080")),
        ({"ALL_PROXY": "socks5h://[::1]"}, "http://a/", Proxy("socks5h://[::1]:1080")),
        ({"ALL_PROXY": "socks://proxy:9/"}, "http://a/", Proxy("socks5://proxy:9")),
        ({"http_proxy": "me:p%40ss@proxy:3128"}, "http://a/", Proxy("http://proxy:3128", "me", "p@ss")),
        ({"http_proxy": "http://me:p@ss#1@proxy:3128"}, "http://a/", Proxy("http://proxy:3128", "me", "p@ss#1")),
        ({"http_proxy": "http://me@proxy:3128"}, "http://a/", Proxy("http://proxy:3128", "me")),
        ({"http_proxy": "proxy:3128"}, "http://127.0.0.1:8080/", None),
        ({"http_proxy": "proxy:3128"}, "http://[::1]:8080/", None),
        ({"http_proxy": "proxy:3128"}, "http://localhost/", None),
        ({"http_proxy": "proxy:3128"}, "http://127.9.9.9/", None),
        ({"http_proxy": "proxy:3128"}, "http://0.0.0.0:8080/", None),
        ({"http_proxy": "proxy:3128"}, "http://[::]/", None),
        ({"Http_Proxy": "proxy:3128"}, "http://a/", PLAIN),
        ({"Http_Proxy": "other:1", "HTTP_PROXY": "proxy:3128"}, "http://a/", PLAIN),
        ({"http_proxy": "http://proxy_1.example:3128/x?y"}, "http://a/", Proxy("http://proxy_1.example:3128")),
        ({"http_proxy": "münchen:3128"}, "http://a/", Proxy("http://münchen:3128")),
        ({"http_proxy": "https.example:3128"}, "http://a/", Proxy("http://https.example:3128")),
    ],
)
def test_the_proxy_of_an_address(environ: dict[str, str], url: str, expected: Proxy | None) -> None:
    assert Proxies(environ).of(url) == expected


@pytest.mark.parametrize(
    ("exceptions", "direct", "through"),
    [
        ("*", ["http://a/", "http://10.0.0.1/"], []),
        (
            "example.com",
            ["http://example.com/", "http://a.example.com/", "http://EXAMPLE.com./"],
            ["http://anexample.com/"],
        ),
        (".example.com", ["http://example.com/", "http://a.b.example.com/"], ["http://example.org/"]),
        ("*.example.com", ["http://a.example.com/"], ["http://example.org/"]),
        ("a.example.com:8080", ["http://a.example.com:8080/"], ["http://a.example.com/"]),
        ("a.example.com:443", ["https://a.example.com/"], ["http://a.example.com/"]),
        ("x , y\tz", ["http://x/", "http://y/", "http://z/"], ["http://w/"]),
        ("10.0.0.0/8", ["http://10.1.2.3:90/"], ["http://11.1.2.3/", "http://a10/"]),
        ("10.0.0.1", ["http://10.0.0.1/"], ["http://10.0.0.11/"]),
        ("fd00::/8", ["http://[fd12::1]/"], ["http://[fe80::1]/", "http://10.0.0.1/"]),
        ("2001:db8::1", ["http://[2001:db8::1]:90/"], ["http://[2001:db8::2]/"]),
        ("[2001:db8::1]", ["http://[2001:DB8:0::1]/"], []),
        ("[2001:db8::1]:90", ["http://[2001:db8::1]:90/"], ["http://[2001:db8::1]/"]),
        ("10.0.0.0/99,..,:,[,]:x, ", [], ["http://10.0.0.1/", "http://a/"]),
    ],
)
def test_exceptions(exceptions: str, direct: list[str], through: list[str]) -> None:
    for spelling in ("no_proxy", "NO_PROXY"):
        proxies = Proxies({"ALL_PROXY": "proxy:3128", spelling: exceptions})
        assert [proxies.of(url) for url in direct] == [None] * len(direct)
        assert [proxies.of(url) for url in through] == [PLAIN] * len(through)


@pytest.mark.parametrize(
    "value",
    [
        "socks4://proxy:1",
        "socks4a://proxy",
        "ftp://proxy",
        "http://",
        "proxy:port",
        "proxy:99999",
        "::1:80",
        "a b",
        "http://[::1",
        ":3128",
        "http:/proxy:3128",
        "https:",
        "DIRECT",
        "none",
        "False",
        "0",
        "${PROXY}",
        "http://$HOST:3128",
        "proxy:1,other:2",
        "http=proxy:1;https=other:2",
    ],
)
def test_what_cannot_be_used_is_named_without_its_password(value: str) -> None:
    with pytest.raises(UnusableProxy, match=r"^ALL_PROXY .*unset it$"):
        Proxies({"ALL_PROXY": value}).of("http://a/")
    login = value.replace("://", "://me:hush@") if "://" in value else f"me:hush@{value}"
    with pytest.raises(UnusableProxy) as refused:
        Proxies({"ALL_PROXY": login}).of("http://a/")
    assert "hush" not in str(refused.value)
    assert Proxies({"ALL_PROXY": value}).of("http://127.0.0.1/") is None


@asynccontextmanager
async def served(*exchange: tuple[bytes | int, bytes]) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that hears so many bytes, or up to an end, and then says something; what it heard."""
    heard: list[bytes] = []
    ended: list[asyncio.Future[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for until, answer in exchange:
            heard.append(await (reader.readexactly(until) if isinstance(until, int) else reader.readuntil(until)))
            writer.write(answer)
            await writer.drain()
        writer.close()
        ended.append(asyncio.ensure_future(writer.wait_closed()))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*ended)


PONG = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\npong"


async def test_health_goes_through_the_proxy_with_its_login_and_never_to_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probes = HttpProbes(SystemClock())
    try:
        async with served((b"\r\n\r\n", PONG)) as (port, heard):
            monkeypatch.setenv("HTTP_PROXY", f"me:s%65same@127.0.0.1:{port} ")
            monkeypatch.setenv("no_proxy", "::1, fd00::/8")
            seen = await probes.probe("http://api.invalid/ready", Expect(text="pong"))
            assert seen.outcome is ProbeOutcome.HEALTHY, seen
            assert heard[0].startswith(b"GET http://api.invalid/ready HTTP/1.1")
            assert b"Basic bWU6c2VzYW1l" in heard[0]
            monkeypatch.setenv("HTTP_PROXY", "127.0.0.1:1")
            assert (await probes.probe(f"http://127.0.0.1:{port}/", Expect(text="pong"))).status == 200
    finally:
        await probes.close()


async def test_health_goes_through_socks_which_resolves_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = HttpProbes(SystemClock())
    try:
        async with served((3, b"\x05\x00"), (18, b"\x05\x00\x00\x01" + bytes(6)), (b"\r\n\r\n", PONG)) as (port, heard):
            monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{port}")
            assert (await probes.probe("http://api.invalid/", Expect(text="pong"))).status == 200
            assert heard[:2] == [b"\x05\x01\x00", b"\x05\x01\x00\x03\x0bapi.invalid\x00\x50"]
    finally:
        await probes.close()


async def test_a_proxy_that_cannot_be_used_is_the_reason_of_what_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://proxy:1")
    probes = HttpProbes(SystemClock())
    try:
        seen = await probes.probe("http://api.invalid/ready", Expect())
        assert seen.outcome is ProbeOutcome.UNREACHABLE
        assert "ALL_PROXY" in seen.detail and "unset it" in seen.detail
        async with served((b"\r\n\r\n", PONG)) as (port, _):
            assert (await probes.probe(f"http://127.0.0.1:{port}/", Expect(text="pong"))).status == 200
    finally:
        await probes.close()


def authorities() -> str:
    """A file of certificates of this machine."""
    found = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    assert Path(found).is_file(), "no certificates on this machine"
    return found


def test_variables_of_tls_are_judged(tmp_path: Path) -> None:
    good, bad, gone = authorities(), tmp_path / "bad", tmp_path / "gone"
    bad.write_text("nothing")
    for value in (str(bad), str(gone), str(tmp_path)):
        assert list(certificates.troubles({"SSL_CERT_FILE": value})) == ["SSL_CERT_FILE"], value
    for name in certificates.ADDING:
        assert list(certificates.troubles({name: str(gone)})) == [name]
        assert certificates.context({name: str(gone)}), "it adds nothing, and the system's authorities hold"
        assert certificates.context({name: good}).cert_store_stats()["x509_ca"]
        assert certificates.troubles({name: str(tmp_path)}) == {}
    assert certificates.troubles({"SSL_CERT_FILE": good, "SSL_CERT_DIR": f"{gone}:{tmp_path}"}) == {}
    assert list(certificates.troubles({"SSL_CERT_DIR": str(gone)})) == ["SSL_CERT_DIR"]


async def test_tls_that_trusts_nobody_says_which_variable_and_plain_http_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "empty"))
    with pytest.raises(UnusableCertificates, match=r"SSL_CERT_FILE: .*gone.pem is no file; correct"):
        certificates.context({"SSL_CERT_FILE": str(tmp_path / "gone.pem")})
    asked = Web()
    try:
        with pytest.raises(NoConnection, match="SSL_CERT_FILE"):
            await asked.send("GET", "https://127.0.0.1:1/", {}, largest=10)
        async with served((b"\r\n\r\n", PONG)) as (port, _):
            assert (await asked.send("GET", f"http://127.0.0.1:{port}/", {}, largest=10)).body == b"pong"
    finally:
        await asked.close()


async def test_check_names_each_variable_with_its_fix() -> None:
    found = await Surroundings(
        {"ALL_PROXY": "socks4://p:1", "REQUESTS_CA_BUNDLE": "/no/such", "no_proxy": "::1"}
    ).check(())
    assert [(f.subject, f.topic) for f in found] == [("machine", "proxy"), ("machine", "certificates")]
    assert all(f.fix and "unset it" in f.fix for f in found)
    assert await Surroundings({"http_proxy": "proxy:3128"}).check(()) == ()


def test_a_user_without_a_name_and_a_folder_that_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SUDO_USER", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert bootstrap.whoami().startswith("uid")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    shutil.rmtree(gone)
    monkeypatch.setenv("PWD", str(gone))
    assert config.here() == gone


@asynccontextmanager
async def answering(said: bytes) -> AsyncIterator[int]:
    """A server that answers whatever comes with these bytes; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("scheme", "said", "words"),
    [
        ("http", b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "the proxy refuses: 407"),
        ("http", b"", "broke off"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\nnot TLS", "TLS"),
        ("socks5", b"\x05\xff", "the proxy refuses"),
        ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n", "the proxy speaks no SOCKS"),
        ("socks5h", b"\x05\x00\x05\x04\x00\x01", "the proxy speaks no SOCKS"),
    ],
)
async def test_what_goes_wrong_on_the_way_to_https_names_the_proxy(
    scheme: str, said: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with answering(said) as port:
        monkeypatch.setenv("https_proxy", f"{scheme}://127.0.0.1:{port}")
        probes = HttpProbes(SystemClock())
        seen = await probes.probe("https://service.example/", Expect(), timeout=20)
        await probes.close()
        with warnings.catch_warnings():  # httpcore leaves the socket of a failed SOCKS proxy to the collector
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    assert seen.outcome is ProbeOutcome.UNREACHABLE
    assert words in seen.detail and f"by way of the proxy {scheme}://127.0.0.1:{port}" in seen.detail, seen.detail
