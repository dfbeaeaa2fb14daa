"""An address is taken apart as httpx does it, and asked as httpx asks it; for the usual ones httpx is not imported."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_imports import loaded
from tui.drivers.http_address import read, usual
from tui.drivers.http_client import AGENT, Web

NO_CONTENT = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
LOOKED = """
import asyncio
import contextlib
from tui.drivers.clock import SystemClock
from tui.drivers.health_http import HttpProbes
from tui.model.service import Expect
assert "nothing listens" in asyncio.run(HttpProbes(SystemClock()).probe("http://127.0.0.1:1/", Expect())).detail
"""
_LETTERS = "abYZ09._~!$&()*+,;=:@-/?%#[] 'ä"


@given(
    st.sampled_from(["http", "https"]),
    st.text("ab9.-_", min_size=1, max_size=8) | st.lists(st.from_regex(r"[0-9]{1,3}", fullmatch=True)).map(".".join),
    st.sampled_from(["", ":80", ":443", ":8080", ":0", ":080", ":", ":99999"]),
    st.text(_LETTERS, max_size=12),
)
def test_what_is_usual_is_taken_apart_as_httpx_does_it(scheme: str, host: str, port: str, rest: str) -> None:
    url = f"{scheme}://{host}{port}{rest}"
    found = usual(url)
    if found is not None:
        parts = httpx.URL(url)
        assert (found.scheme, found.host, found.port, found.target) == (
            parts.scheme,
            parts.host,
            parts.port,
            parts.raw_path,
        )
        assert found.authority.encode() == parts.netloc and not parts.userinfo


@pytest.mark.parametrize("path", ["", "/", "/ready", "/a//b/", "/ready?full=1&x=y", "?x=1", "/~me/a;b=c,d:e@f/(1)!$*+"])
def test_addresses_of_every_day_need_no_httpx(path: str) -> None:
    assert usual(f"http://127.0.0.1:8000{path}") and usual(f"https://api.example.com{path}")


def test_a_look_at_health_imports_no_httpx() -> None:
    assert loaded(LOOKED).isdisjoint({"httpx", "h2", "trio"})


@pytest.mark.parametrize(
    "url",
    ["http://host/a/../b", "http://host/./a", "http://host/%41", "http://host/ä", "http://hö/", "http://host/a b",
     "http://host/#part", "http://[::1]:80/", "http://HOST/", "HTTP://host/", "http://host:080/", "http://host/?a=%20"],
)  # fmt: skip
def test_what_is_unusual_is_read_by_httpx(url: str) -> None:
    assert usual(url) is None
    parts = httpx.URL(url)
    found = read(url)
    assert (found.host.encode(), found.target, found.authority.encode()) == (
        parts.raw_host,
        parts.raw_path,
        parts.netloc,
    )


@pytest.mark.parametrize(
    "url",
    ["http://host/\r\nX: y", "http://host:70000/", "http://[::1/", "http://999.9.9.9\n/", "http://999.9.9.9/",
     "http://0177.0.0.1/"],
)  # fmt: skip
def test_what_is_no_address_is_a_value_error(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(url)


@contextlib.asynccontextmanager
async def answering() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers with nothing: its port, and the requests that it heard."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):  # it asked nothing
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(NO_CONTENT)
            await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


def _sorted(request: bytes) -> tuple[bytes, list[bytes]]:
    """The request's first line, and its headers in the alphabet's order but for what says that it may go on."""
    first, *headers = request.rstrip().split(b"\r\n")
    return first, sorted(one.lower() for one in headers if one.lower() != b"connection: keep-alive")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("content", [None, b"{}"])
async def test_it_is_asked_as_httpx_asks(method: str, content: bytes | None) -> None:
    """`Connection: keep-alive` says what HTTP/1.1 means without it."""
    headers = {"X-Own": "1", "accept": "text/plain", "host": "api.example", "Accept-Encoding": "identity"}
    web = Web()
    try:
        async with answering() as (port, heard), httpx.AsyncClient(trust_env=False) as client:
            for url in (f"http://me:s%20e@127.0.0.1:{port}/a/../b?x=ä", f"http://127.0.0.1:{port}/ready"):
                await web.send(method, url, headers, largest=10, content=content)
                await client.request(method, url, headers={"User-Agent": AGENT, **headers}, content=content)
    finally:
        await web.close()
    assert len(heard) == 4
    assert _sorted(heard[0]) == _sorted(heard[1]) and _sorted(heard[2]) == _sorted(heard[3])


async def test_a_header_that_cannot_be_sent_is_a_value_or_os_error() -> None:
    web = Web()
    async with answering() as (port, heard):
        for headers in ({"x": "a\nb"}, {"x": "ä"}):
            with pytest.raises((OSError, ValueError)):
                await web.send("GET", f"http://127.0.0.1:{port}/", headers, largest=10)
    await web.close()
    assert not heard
