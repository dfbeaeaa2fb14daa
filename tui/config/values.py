"""Readers of single values that only config reads: text in, value out, ValueError with the valid form."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from tui.dokku.holders import is_ours
from tui.model import destination
from tui.model.guard import OnBreach
from tui.model.service import CheckMode, Transport
from tui.model.value_parsers import DURATION, PATTERNS, duration
from tui.text.secret_patterns import NO_PASSWORD

RANGES: dict[Callable[[str], int], tuple[int, int]] = {}
"""the smallest and the largest number that a reader of whole numbers takes"""
_SPAN = DURATION.replace("(?=.)", "(?=[0-9])").replace("([0-9]", "(?:[0-9]")
DOWNTIME = f"none|{_SPAN}-{_SPAN}"
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
APP = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_LETTERS = "letters from a to z, digits, dot, dash and underscore, the first a letter or digit"
PERCENTAGE = r"(?:100(?:\.0{1,6})?|[0-9]{1,2}(?:\.[0-9]{1,6})?)%"
REPOSITORY = r"[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:/[a-z0-9][a-z0-9._-]*)*"
JSON_PATH = r"(?!\$(?!\{))(?!.*\[[0-9]*\])[^\n]*"
HOST_HEADER = r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?"
SSH = r"[^\s-]\S*"
"""much less than `destination.parse` says: a pattern of all forms would help nobody"""
TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def downtime(text: str) -> tuple[timedelta, ...]:
    """`none`, which is empty, or a range like `10s-30s`."""
    if text == "none":
        return ()
    low, dash, high = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no downtime; write none or a range like 10s-30s")
    found = (duration(low), duration(high))
    if found[0] > found[1]:
        raise ValueError(f"{text!r} runs backwards; write the shorter time first")
    return found


def percentage(text: str) -> float:
    """`1%` as a fraction."""
    if not re.fullmatch(PERCENTAGE, text):
        raise ValueError(f"{text!r} is no percentage; write e.g. 1%")
    return float(text.removesuffix("%")) / 100


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers within a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    RANGES[read] = (low, high)
    return read


def http_status(text: str) -> int:
    """The status of an HTTP answer."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 100 <= int(text) <= 599:
        raise ValueError(f"{text!r} is no whole number from 100 to 599; write 200, or several as [200, 204]")
    return int(text)


RANGES[http_status] = (100, 599)


def yes_no(text: str) -> bool:
    """`true` or `false`."""
    if text not in TRUTHS:
        raise ValueError(f"{text!r} is neither true nor false; write one of the two")
    return TRUTHS[text]


def ssh(text: str) -> str:
    """An ssh destination, in the one form `user@host:port`. A leading dash would be an option of ssh."""
    return str(destination.parse(text))


def transport(text: str) -> Transport:
    """A carrier of the link to a host."""
    if text not in list(Transport):
        raise ValueError(f"{text!r} is no transport; write {' or '.join(Transport)}")
    return Transport(text)


def on_breach(text: str) -> OnBreach:
    """The most that a guard may do."""
    if text not in list(OnBreach):
        raise ValueError(f"{text!r} is nothing that a guard does; write {', '.join(OnBreach)}")
    return OnBreach(text)


def check_mode(text: str) -> CheckMode:
    """The owner of the check that counts on the way back."""
    if text not in list(CheckMode):
        raise ValueError(f"{text!r} is none of them; write {', '.join(CheckMode)}")
    return CheckMode(text)


def remote(text: str) -> str:
    """A Git remote: an address or a path. Options and Git's command-running transports (`ext::`) are refused."""
    if not text or text.startswith("-") or re.match(r"[\w+.-]*::", text) or re.search(r"\s", text) or not _whole(text):
        raise ValueError(f"{text!r} is no Git remote; write e.g. git@github.com:team/app.git")
    return text


def _whole(text: str) -> bool:
    """Whether an address has a host and a port that can be; what is no address, such as a path, may be anything."""
    try:
        parts = urlsplit(text)
        return "://" not in text or parts.scheme == "file" or (parts.port != 0 and bool(parts.hostname))
    except ValueError:
        return False


def written_login(text: str) -> str | None:
    """The name or password that an address holds in plain letters; None where variables stand for them, as in
    `https://${GIT_TOKEN}@example.com/app.git`. The name alone is none in `ssh://git@example.com`."""
    found = re.search(r"(\w+)://([^/@\s]*)@", text)
    if found is None:
        return None
    name, _, password = found[2].partition(":")
    key_is_name = found[1] in ("http", "https") and password in ("", NO_PASSWORD)
    return re.sub(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}", "", name if key_is_name else password) or None


def repository(text: str) -> str:
    """An image repository without a tag."""
    if not re.fullmatch(REPOSITORY, text):
        raise ValueError(f"{text!r} is no image repository; write e.g. registry.example.com/team/app, without a tag")
    return text


def header_value(text: str) -> str:
    """A host name for a Host header, with or without a port."""
    if not re.fullmatch(HOST_HEADER, text):
        raise ValueError(f"{text!r} is no host name; write e.g. api.example.com")
    return text


def path(beside: Path) -> Callable[[str], str]:
    """A reader of paths: `~` is the home directory, a relative path starts where services.yaml lies."""

    def read(text: str) -> str:
        try:
            return str(beside / Path(text).expanduser())
        except RuntimeError as error:
            raise ValueError(f"{text!r} names the home directory of an unknown user") from error

    return read


def json_path(text: str) -> str:
    """A path in a JSON body, as this program writes it."""
    if not re.fullmatch(JSON_PATH, text):
        raise ValueError(f"{text!r} is no path here; write a.b.c, and checks.0.state for the first of a list")
    return text


def some_text(text: str) -> str:
    """A text that is not empty: an empty one is in every body."""
    if not text:
        raise ValueError("is empty: every answer holds that; write a text, or leave it out")
    return text


def pattern(text: str) -> str:
    """A regular expression. It is used by a library that can be stopped; what it takes, that one must take."""
    import regex

    try:
        regex.compile(text)
    except regex.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    if not text:
        raise ValueError("is empty: every line would match")
    return text


def name(text: str) -> str:
    """A name of a service or host."""
    if not re.fullmatch(NAME, text):
        raise ValueError(f"{text!r} is no name: {_LETTERS}, at most 63; a service's `title` may hold anything")
    return text


def app(text: str) -> str:
    """A Dokku app's name. Capitals and underscores are those of older hosts, which go on with such apps."""
    if not re.fullmatch(APP, text):
        raise ValueError(f"{text!r} is no Dokku app: {_LETTERS}, at most 128")
    if is_ours(text):
        raise ValueError(f"{text!r} is a kept release or a record of this program; name the app that serves")
    return text


def address(text: str) -> str:
    """Host and port of an address: what decides who is asked."""
    parts = urlsplit(text)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


PATTERNS |= {
    downtime: DOWNTIME,
    json_path: JSON_PATH,
    percentage: PERCENTAGE,
    yes_no: "|".join(TRUTHS),
    ssh: SSH,
    repository: REPOSITORY,
    header_value: HOST_HEADER,
    name: NAME,
    app: APP,
    transport: "|".join(Transport),
    on_breach: "|".join(OnBreach),
    check_mode: "|".join(CheckMode),
}
