"""0.38's records of an app's builds: what they came to, and whether one of them was a build at all."""

import re
from datetime import datetime

import msgspec

from tui.dokku.reports import document, read_time
from tui.model.value import Value
from tui.text.clean import plain


class Build(Value):
    """One record of `builds:list`, which only 0.38 has."""

    id: str
    status: str | None
    """succeeded, failed, canceled, running or abandoned: `display_status`, because the raw status stays `running`
    for a build that died"""
    source: str | None = None
    kind: str | None = None
    """build, or deploy for a restart"""
    started_at: datetime | None = None
    finished_at: datetime | None = None


def builds_list(raw: bytes) -> tuple[Build, ...]:
    """The builds of `builds:list APP --format json`, newest first as Dokku gives them. Raises Unreadable."""
    found = document(raw, list[_Build], "builds:list")
    return tuple(
        Build(
            id=build.id,
            status=build.display_status,
            source=build.source,
            kind=build.kind,
            started_at=read_time(build.started_at),
            finished_at=read_time(build.finished_at),
        )
        for build in found
    )


def failures(builds: tuple[Build, ...]) -> tuple[Build, ...]:
    """The builds that did not succeed and began after the last one that did had ended, newest first.

    An attempt that the deploy lock refused is recorded like a failure, but began while the other was at work.
    """
    ended = max((b.finished_at for b in builds if b.status == "succeeded" and b.finished_at), default=None)
    failed = (b for b in builds if b.status in ("failed", "canceled", "abandoned"))
    return tuple(b for b in failed if ended is None or b.started_at is None or b.started_at > ended)


def built_nothing(output: bytes) -> bool:
    """True if the output of a build (`builds:output APP ID`) shows that none was begun.

    0.38 writes down as well what ends before: a push to another branch, `No changes detected`, an image that cannot be
    pulled, a refusal by the lock. Without output nothing is known.
    """
    text = plain(output)
    return bool(text.strip()) and re.search(r"-----> (Building|Releasing) ", text) is None


class _Build(msgspec.Struct):
    id: str
    display_status: str | None = None
    source: str | None = None
    kind: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
