"""The keys of services.yaml for a healthy answer: `health`, `smoke`, `identity`, and `expect` in them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from tui.config import values
from tui.config.nodes import Node
from tui.config.request_headers import HEADERS
from tui.config.shapes import FileKey, Found, Keys, Many, Named, OneOrMany, Text
from tui.model import value_parsers
from tui.model.service import Expect, HealthSpec, IdentitySpec, SmokeSpec


def _plain(node: Node) -> str | None:
    """A value of JSON: `null` is one, too."""
    return "null" if node.value is None else node.text()


_EXPECT = Keys(
    keys=(
        FileKey(
            name="status",
            shape=OneOrMany(values.http_status),
            words="The HTTP status of a healthy answer, or a list of several.",
            default=(200,),
            told="200",
            example="[200, 204]",
        ),
        FileKey(
            name="json",
            shape=Named(item=Text(_plain), name=values.json_path, deep=True),
            words="Values in a JSON body, by their path: `a.b.c`, or the mapping itself; `checks.0.state` for lists.",
            default=(),
            told="none",
            example="{status: ready, checks.db.up: true}",
        ),
        FileKey(
            name="contains",
            shape=OneOrMany(Text(lambda node: node.read(values.some_text))),
            words="A text that is somewhere in the body (its first 64 kB), or a list of several.",
            default=(),
            told="none",
            example='"all systems go"',
        ),
        FileKey(
            name="text",
            shape=Text(),
            words="The whole body, blanks at its ends aside.",
            told="none",
            example="pong",
        ),
        FileKey(
            name="reject_html",
            shape=values.yes_no,
            words="A web page is no healthy answer: proxies show one when the service is gone. `false` for a website.",
            default=True,
            told="true",
            example="false",
        ),
    ),
    make=lambda found: Expect(**found.all()),
)
EXPECT = FileKey(
    name="expect", shape=_EXPECT, words="What a healthy answer is; everything given must hold.", default=Expect(),
    told="status 200, no web page",
)  # fmt: skip
HOST_HEADER = FileKey(
    name="host_header",
    shape=values.header_value,
    words="The host name that is asked for, where the address is another, such as an IP.",
    told="the one in the URL",
    example="api.example.com",
)
REQUEST_HEADERS = FileKey(
    name="headers",
    shape=HEADERS,
    words="Headers that are sent with it. A credential only as `${NAME}`. `X-Forwarded-Proto: https` is for what is "
    "behind a proxy that ends TLS.",
    default=(),
    told="none",
    example='{Authorization: "Bearer ${HEALTH_TOKEN}"}',
)


_NEEDS = {"expect": ("url", "public_url"), "host_header": ("url",), "headers": ("url", "public_url", "websocket")}
"""keys that only mean something with one of these"""


def _health(found: Found) -> HealthSpec:
    for name, needed in _NEEDS.items():
        if name in found and not found.at(name).inherited and not any(one in found for one in needed):
            found.at(name).problem(f"has no meaning here: it needs {' or '.join(needed)}")
    return HealthSpec(**found.all())


def health(beside: Path) -> Keys[HealthSpec]:
    """The shape of `health:`; relative paths start at the folder `beside`."""
    return Keys(
        keys=(
            FileKey(
                name="url",
                shape=value_parsers.url,
                words="The address that is asked.",
                told="none",
                example="https://api.example.com/health",
            ),
            FileKey(
                name="public_url",
                shape=value_parsers.url,
                words="The address by which users come, asked beside `url` and shown in a row of its own.",
                told="none",
                example="https://example.com/health",
            ),
            FileKey(
                name="tcp",
                shape=value_parsers.endpoint,
                words="A host and port that must take a connection, and keep it.",
                told="none",
                example="db.example.com:5432",
            ),
            FileKey(
                name="websocket",
                shape=value_parsers.websocket,
                words="An address that must answer a WebSocket handshake with 101.",
                told="none",
                example="wss://example.com/socket",
            ),
            FileKey(
                name="log",
                shape=values.pattern,
                words="For a worker without an address: all its processes run, and a line of their log, since they "
                "were started, matches this regular expression.",
                told="none",
                example='"worker ready|processed \\\\d+ jobs"',
            ),
            HOST_HEADER,
            REQUEST_HEADERS,
            FileKey(
                name="ca",
                shape=values.path(beside),
                words="A file of certificates (PEM) that are trusted for its addresses, as the system's are.",
                told="none",
                example="certificates/own-ca.pem",
            ),
            EXPECT,
            FileKey(
                name="passes",
                shape=values.whole(1, 20),
                words="Healthy answers in a row, each on a connection of its own, that count as recovered.",
                default=3,
                told="3",
                example="5",
            ),
            FileKey(
                name="patience",
                shape=value_parsers.duration,
                words="How long that row may take to come about after a rollback.",
                default=timedelta(seconds=60),
                told="60s",
                example="1m30s",
            ),
        ),
        make=_health,
        any_of=("url", "tcp", "websocket", "log"),
        needed="url is missing (or tcp, websocket or log)",
    )


SMOKE = Many(
    Keys(
        keys=(
            FileKey(
                name="url",
                shape=value_parsers.url,
                words="The address of one request that a working service answers.",
                required=True,
                example="https://example.com/ping",
            ),
            EXPECT,
            HOST_HEADER,
            REQUEST_HEADERS,
        ),
        make=lambda found: SmokeSpec(**found.all()),
    )
)
IDENTITY: Keys[Any] = Keys(
    keys=(
        FileKey(
            name="url",
            shape=value_parsers.url,
            words="The address at which the service says which release it is.",
            required=True,
            example="https://example.com/version",
        ),
        FileKey(
            name="header",
            shape=Text(),
            words="The header of the answer that says it.",
            told="none",
            example="X-Release",
        ),
        FileKey(
            name="json",
            shape=Text(lambda node: node.read(values.json_path), values.JSON_PATH),
            words="The path in the JSON body that says it.",
            told="none",
            example="build.commit",
        ),
    ),
    make=lambda found: IdentitySpec(**found.all()),
    one_of=("header", "json"),
    needed="needs either header or json, the place where the service says its release",
)
