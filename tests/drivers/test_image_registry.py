"""The registry's API against a real HTTP server that wants tokens, sends pages, and lies."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.registries import Registry, running_registry
from tests.sshd import free_port
from tui.drivers.image_registry import PASSWORD, USER, HttpRegistry, Trouble, split

DIGEST = f"sha256:{'a' * 64}"
SECRET = "opensesame"


@pytest.fixture
def server() -> Iterator[Registry]:
    with running_registry() as registry:
        registry.images["dokku/api"] = {"1": DIGEST, "2": DIGEST, "stable": DIGEST, "4": DIGEST, "10": DIGEST}
        yield registry


@pytest.fixture
async def stranger() -> AsyncIterator[HttpRegistry]:
    made = HttpRegistry({})
    yield made
    await made.close()


@pytest.fixture
async def known() -> AsyncIterator[HttpRegistry]:
    made = HttpRegistry({USER: "me", PASSWORD: SECRET})
    yield made
    await made.close()


def api(server: Registry) -> str:
    return f"{server.address}/dokku/api"


async def test_every_page_of_tags_and_what_a_tag_names(server: Registry, stranger: HttpRegistry) -> None:
    found = await stranger.tags(api(server))
    assert (found.names, found.trouble) == (("1", "2", "stable", "4", "10"), "")
    assert (await stranger.digest(api(server), "4")).value == DIGEST
    assert {authorization for _, authorization in server.seen} == {""}


@pytest.mark.parametrize("user", ["", f"me:{SECRET}"])
async def test_a_token_is_fetched_once_and_used(server: Registry, known: HttpRegistry, user: str) -> None:
    server.login, server.user = "bearer", user
    assert len((await known.tags(api(server))).names) == 5
    assert (await known.digest(api(server), "1")).value == DIGEST
    assert [path.split("?")[0] for path, _ in server.seen].count("/token") == 1


async def test_without_credentials_a_public_token_is_enough(server: Registry, stranger: HttpRegistry) -> None:
    server.login = "bearer"
    assert len((await stranger.tags(api(server))).names) == 5


async def test_a_basic_login(server: Registry, known: HttpRegistry, stranger: HttpRegistry) -> None:
    server.login, server.user = "basic", f"me:{SECRET}"
    assert len((await known.tags(api(server))).names) == 5
    refused = await stranger.tags(api(server))
    assert USER in refused.trouble


async def test_a_wrong_password_is_said_and_not_shown(server: Registry) -> None:
    server.login, server.user = "bearer", "me:other"
    registry = HttpRegistry({USER: "me", PASSWORD: SECRET})
    found = await registry.tags(api(server))
    await registry.close()
    assert "no token: HTTP 401" in found.trouble
    assert SECRET not in found.trouble


async def test_secrets_do_not_leave_over_a_connection_that_anybody_can_read(
    server: Registry, known: HttpRegistry
) -> None:
    server.login, server.realm = "bearer", "http://registry.example/token"
    found = await known.tags(api(server))
    assert "anybody can read" in found.trouble
    assert {authorization for _, authorization in server.seen} == {""}


async def test_a_next_page_elsewhere_is_not_followed(server: Registry, stranger: HttpRegistry) -> None:
    server.next_link = f"http://127.0.0.1:{free_port()}/v2/dokku/api/tags/list"
    found = await stranger.tags(api(server))
    assert (found.names, found.trouble) == (("1", "2"), "the registry's next page is on another host")


async def test_what_is_not_there_and_what_does_not_answer(server: Registry, stranger: HttpRegistry) -> None:
    assert (await stranger.tags(f"{server.address}/dokku/none")).trouble == "the registry does not know it"
    assert (await stranger.digest(api(server), "99")).trouble == "the registry does not know it"
    assert "nothing listens" in (await stranger.tags(f"127.0.0.1:{free_port()}/dokku/api")).trouble


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b"\x1b[2Jbroken", "HTTP 500"),
        (302, b"", "HTTP 302"),
        (200, b"<html>", "no list of tags"),
        (200, b"[]", "no list of tags"),
        (200, b'{"tags": 7}', "no list of tags"),
        (403, b"", "refuses us"),
    ],
)
async def test_answers_that_are_none(
    server: Registry, stranger: HttpRegistry, status: int, body: bytes, words: str
) -> None:
    server.status, server.body = status, body
    found = await stranger.tags(api(server))
    assert words in found.trouble
    assert "\x1b" not in found.trouble


async def test_hostile_tags_and_digests_are_left_out(server: Registry, stranger: HttpRegistry) -> None:
    server.status, server.body = 200, b'{"tags": ["1", "../../etc", "\\u001b[2J", 7, null, "ok-2"]}'
    assert (await stranger.tags(api(server))).names == ("1", "ok-2")
    server.status = 0
    server.images["dokku/api"]["5"] = "sha256:short; rm -rf /"
    assert (await stranger.digest(api(server), "5")).trouble == "the registry named no digest"


@pytest.mark.parametrize(
    ("repository", "base", "path"),
    [
        ("registry.example/dokku/api", "https://registry.example", "dokku/api"),
        ("registry.example:5000/api", "https://registry.example:5000", "api"),
        ("localhost:5000/api", "http://localhost:5000", "api"),
        ("127.0.0.1:5055/dokku/api", "http://127.0.0.1:5055", "dokku/api"),
        ("team/api", "https://registry-1.docker.io", "team/api"),
        ("nginx", "https://registry-1.docker.io", "library/nginx"),
    ],
)
def test_a_repository_as_docker_writes_it(repository: str, base: str, path: str) -> None:
    assert split(repository) == (base, path)


@pytest.mark.parametrize(
    "repository", ["https://x.example/api", "x.example/../api", "x.example/a b", "x.example:99999999/a"]
)
def test_what_is_no_repository(repository: str) -> None:
    with pytest.raises(Trouble):
        split(repository)
