"""Moments that somebody else wrote: one at an end of the calendar is none, and ends nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.dokku import access_log, config_values, log_lines, reports
from tui.engine.notify import postmortem
from tui.model import iso_time
from tui.model.errors import Refused

BEYOND = ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]


@given(st.text() | st.datetimes(timezones=st.timezones()).map(str) | st.none() | st.integers())
def test_whatever_is_written_is_a_moment_in_utc_or_none_and_can_be_reckoned_with(text: object) -> None:
    found = iso_time.read(text)
    assert found is None or (found.tzinfo is UTC and found - timedelta(days=365) < found + timedelta(days=365))


@pytest.mark.parametrize("text", BEYOND)
def test_what_lies_at_an_end_of_the_calendar_is_no_moment(text: str) -> None:
    assert iso_time.read(text) is None
    assert config_values.read_stamp(text) is None
    assert log_lines.read_line(f"{text[:19]}Z app[web.1]: up").at is None
    inspected = f'[{{"Id":"1","Name":"/a.web.1","Created":"{text}","State":{{"Running":true,"StartedAt":"{text}"}}}}]'
    (container,) = reports.ps_inspect(inspected.encode())
    assert (container.created_at, container.started_at) == (None, None)
    with pytest.raises(Refused, match="is no time"):
        postmortem.moment(text)


@pytest.mark.parametrize("text", BEYOND)
def test_a_client_cannot_end_the_counting_with_a_time_in_its_request(text: str) -> None:
    for line in (f"1.1.1.1 GET /x?{text} HTTP/1.1 502 7", f'{text} 1.1.1.1 "GET /x HTTP/1.1" 502 7'):
        found = access_log.read(line)
        assert found is not None and (found.kind, found.at) == (access_log.Kind.FAILED, None)


def test_a_moment_with_its_zone_is_read() -> None:
    assert iso_time.read("2026-11-23T22:21:06.5+01:00") == datetime(2026, 11, 23, 21, 21, 6, 500_000, UTC)
    assert iso_time.read("2026-11-23T22:21:06") is None
