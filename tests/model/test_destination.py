"""Where a host is reached: what `ssh`, `git` and people write, and what is refused with the forms there are."""

import pytest

from tui.config import values
from tui.model.destination import is_loopback, parse


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("prod", None, "prod", None),
        ("dokku@prod", "dokku", "prod", None),
        ("dokku@h.example:2222", "dokku", "h.example", 2222),
        ("h_x:22", None, "h_x", 22),
        ("ssh://dokku@h:22/", "dokku", "h", 22),
        ("SSH://h", None, "h", None),
        ("ssh://dokku@[2001:db8::1]:22", "dokku", "2001:db8::1", 22),
        ("[::1]:22", None, "::1", 22),
        ("dokku@[::1]", "dokku", "::1", None),
        ("dokku@2001:db8::22", "dokku", "2001:db8::22", None),
        ("dokku@[fe80::1%eth0]:22", "dokku", "fe80::1%eth0", 22),
        ("fe80::1%en0", None, "fe80::1%en0", None),
        ("me@corp.example@h:22", "me@corp.example", "h", 22),
        ("CORP\\me@h", "CORP\\me", "h", None),
        ("10.0.0.1:22", None, "10.0.0.1", 22),
        ("dokku@büro+web1", "dokku", "büro+web1", None),
    ],
)
def test_every_way_of_writing_it(text: str, user: str | None, host: str, port: int | None) -> None:
    found = parse(text)
    assert (found.user, found.host, found.port) == (user, host, port)
    assert parse(values.ssh(text)) == found, "the one form means the same"


@pytest.mark.parametrize(
    "text",
    [
        "", "@h", "h:", "h:0", "h:65536", "h:22:33", "u@h:22x", "-oProxyCommand=x", "dokku@-oX", "-l@h", "a b", "h/x",
        "[h]:22", "[::1", "::1]", "[::1]22", "fe80::1%", "fe80::1%e th", "http://h", "ssh://h/app", "git+ssh://h",
        "dokku@h\nx", "h;id", "$(id)", "u@", "dokku@[::1]:", "ssh://", "1::2::3",
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"write (user@host, user@host:port, ssh://|ssh://h$)"):
        values.ssh(text)


@pytest.mark.parametrize("text", ["ssh://dokku:hush@h", "dokku:hush@h:22", "https://dokku:hush@h/app"])
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="no password") as refused:
        parse(text)
    assert "hush" not in str(refused.value)


def test_this_machine() -> None:
    assert all(map(is_loopback, ("localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1", "[::1]")))
    assert not any(map(is_loopback, ("localhost.example", "127.example", "10.0.0.1", "::2", "")))
