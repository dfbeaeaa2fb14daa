"""New services are put into a file that people wrote: everything else stays as it is."""

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.init_config import worlds
from tests.init_config.test_document import RULES, loaded
from tui import config
from tui.drivers.vendors import sections
from tui.init_config import addition, document
from tui.init_config.document import Decisions
from tui.init_config.facts import HostFacts

SHIPPED = Path(__file__).parents[2] / "services.yaml"
NEW = [["new:", "  host: h", "  app: new"]]
HEAD = "version: 1\nhosts:\n  h: {ssh: a@b}\n"


def put(text: str, section: str = "services") -> str:
    return addition.put_in(HEAD + text, section, NEW).removeprefix(HEAD)


ADDED = "  new:\n    host: h\n    app: new\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("services:\n  a:\n    host: h\n    app: a\n", "services:\n  a:\n    host: h\n    app: a\n" + ADDED),
        ("services:\n  a: {host: h, app: a}", "services:\n  a: {host: h, app: a}\n" + ADDED),
        (
            "services:\n  a: {host: h, app: a}  # mine\n\n# ways\nways: [kept]\n",
            "services:\n  a: {host: h, app: a}  # mine\n" + ADDED + "\n# ways\nways: [kept]\n",
        ),
        (
            "services:\n  a:\n    host: h\n    app: a\n    # sentry: {a: b}\n\n  # old: {}\n\nretention: 5\n",
            "services:\n  a:\n    host: h\n    app: a\n    # sentry: {a: b}\n\n  # old: {}\n"
            + ADDED
            + "\nretention: 5\n",
        ),
        (
            "services:\n  a:\n    host: h\n    app: a\n    title: |\n      two\n      lines\nretention: 5\n",
            "services:\n  a:\n    host: h\n    app: a\n    title: |\n      two\n      lines\n"
            + ADDED
            + "retention: 5\n",
        ),
        (
            "services:\n  a: {host: h,\n      app: a}\nretention: 5\n",
            "services:\n  a: {host: h,\n      app: a}\n" + ADDED + "retention: 5\n",
        ),
        (
            "services:\n    a:\n        host: h\n        app: a\n",
            "services:\n    a:\n        host: h\n        app: a\n    new:\n      host: h\n      app: new\n",
        ),
        (
            "services:\r\n  a: {host: h, app: a}\r\nretention: 5\r\n",
            "services:\r\n  a: {host: h, app: a}\r\n" + ADDED.replace("\n", "\r\n") + "retention: 5\r\n",
        ),
    ],
    ids=["block", "no end", "behind", "comments", "literal", "flow on two lines", "wide", "crlf"],
)
def test_the_lines_are_put_behind_the_last_service(before: str, after: str) -> None:
    assert put(before) == after
    assert "new" in {service.name for service in loaded(HEAD + after).services}


def test_an_alias_is_where_it_is_used() -> None:
    text = put("x-a: &a {host: h, app: a}\nservices:\n  a: *a\nretention: 5\n")
    assert text.endswith("  a: *a\n" + ADDED + "retention: 5\n")


@pytest.mark.parametrize("text", ["services: {a: {host: h, app: a}}\n", "services:\n", "", "services: [a]\n"])
def test_where_nothing_can_be_put_in(text: str) -> None:
    with pytest.raises(addition.NoRoom, match="one entry below the other"):
        put(text)


def test_a_host_is_put_in_the_same_way() -> None:
    text = "version: 1\nhosts:\n  h:\n    ssh: a@b\n    # its key\nservices:\n  a: {host: h, app: a}\n"
    added = addition.put_in(text, "hosts", [["other:", "  ssh: c@d"]])
    assert added == text.replace("services:", "  other:\n    ssh: c@d\nservices:")


@settings(max_examples=25)
@given(worlds.hosts, st.booleans())
def test_every_line_of_the_shipped_file_stays(facts: HostFacts, crlf: bool) -> None:
    before = SHIPPED.read_text()
    before = before.replace("\n", "\r\n") if crlf else before
    there = config.load(SHIPPED, environ={}, sections=sections()).services
    made, _ = document.services(facts, "dokku", RULES, Decisions(), there=there)
    assume(made)
    after = addition.put_in(before, "services", (document.service_block(one) for one in made))
    fleet = config.load(SHIPPED, environ={}, sections=sections(), raw=after.encode())
    assert {one.name for one in made} < {service.name for service in fleet.services}
    rest = iter(after.split("\n"))
    assert all(line in rest for line in before.split("\n"))
