"""Times that a person types for the post-mortem."""

from datetime import UTC, datetime

import pytest

from tui.engine.notify.postmortem import moment
from tui.model.errors import Refused


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 22:04", "2026-11-23T22:04:00Z", "2026-11-23 22:04 UTC", "2026-11-24T00:04+02:00",
        "2026-11-24 00:04 +02:00", "2026-11-23 20:04:00 -02:00",
    ],
)  # fmt: skip
def test_a_time_is_read_as_utc_unless_it_says_otherwise(text: str) -> None:
    assert moment(text) == datetime(2026, 11, 23, 22, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["soon", "22:04", "2026-11-23", "2026-13-23 22:04", "2026-11-23 25:04", "2026-W48-1T22"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is no time"):
        moment(text)
