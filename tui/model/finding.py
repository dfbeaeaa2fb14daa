"""The findings of `check`: one line each, with what to do where something is wrong."""

from enum import StrEnum

from tui.model.value import Value


class Result(StrEnum):
    """The result of one line."""

    OK = "ok"
    NOTE = "note"
    """good to know, or not to be known; nothing to repair"""
    FINDING = "finding"
    """does not work, or will not when it is needed"""


class Finding(Value):
    """One thing that was looked at."""

    subject: str
    """a host, a service, or `services`"""
    topic: str
    """what was looked at, e.g. `health`; stable, for scripts"""
    result: Result
    text: str
    fix: str = ""
