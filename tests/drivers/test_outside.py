"""What the composition root makes of settings and credentials: only what works; nothing stops for what is missing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.config.fleets import SMALL, load_text
from tests.drivers.outside import AT, message
from tests.vendors import Vendors
from tui import bootstrap
from tui.drivers.clock import SystemClock
from tui.engine.ports import Outside
from tui.model.evidence import RateSource
from tui.model.finding import Result
from tui.model.notice import EventFacts


def built(vendors: Vendors, folder: Path, **changed: str) -> Outside:
    fleet = load_text(vendors.into(SMALL, "web"), folder)
    environ = {**vendors.environ, **changed}
    return bootstrap.outside(fleet, {name: value for name, value in environ.items() if value}, SystemClock())


async def test_everything_that_is_set_up_is_there(vendors: Vendors, tmp_path: Path) -> None:
    outside = built(vendors, tmp_path)
    assert [one.source for one in outside.rates] == [RateSource.SENTRY, RateSource.POSTHOG]
    assert [one.name for one in outside.channels] == ["pagerduty", "ticket", "thread"]
    assert outside.issues is not None and outside.on_call is not None
    assert vendors.received == []  # and nobody was asked yet
    await outside.on_call.on_call()
    await outside.close()
    await outside.close()


async def test_without_any_credential_there_is_nothing_and_no_failure(vendors: Vendors, tmp_path: Path) -> None:
    outside = built(vendors, tmp_path, **dict.fromkeys(vendors.environ, ""))
    assert (outside.rates, outside.issues, outside.channels, outside.on_call) == ((), None, (), None)
    assert len(outside.checks) == 10, "this machine, and the vendors"


async def test_a_file_that_cannot_be_read_stops_nothing(vendors: Vendors, tmp_path: Path) -> None:
    outside = built(vendors, tmp_path, SENTRY_TOKEN="", SENTRY_TOKEN_FILE=str(tmp_path / "absent"))
    assert [one.source for one in outside.rates] == [RateSource.POSTHOG]


async def test_a_credential_may_be_in_a_file(vendors: Vendors, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(vendors.environ["SENTRY_TOKEN"] + "\n")
    outside = built(vendors, tmp_path, SENTRY_TOKEN="", SENTRY_TOKEN_FILE=str(tmp_path / "token"))
    fleet = load_text(vendors.into(SMALL, "web"), tmp_path)
    window = (datetime(2026, 11, 25, 15, 30, tzinfo=UTC), datetime(2026, 11, 25, 15, 40, tzinfo=UTC))
    rates: list[Any] = [await one.rate(fleet.services[0], *window) for one in outside.rates]
    await outside.close()
    assert [(rate.source, rate.failed, rate.total) for rate in rates] == [
        (RateSource.SENTRY, 50, None), (RateSource.POSTHOG, 7, 512),
    ]  # fmt: skip


async def test_a_credential_in_a_file_that_was_replaced_counts_from_the_next_question_on(
    vendors: Vendors, tmp_path: Path
) -> None:
    """A token that lives for an hour is renewed in its file while the console is open."""
    environ = {f"{name}_FILE": str(tmp_path / name) for name in vendors.environ}
    for name in vendors.environ:
        (tmp_path / name).write_text("lin_api_of-an-hour-ago")
    deploys = f"    {vendors.deploys_yaml}"
    text = vendors.into(SMALL, "web").replace("\n  web:\n", f"\n  web:\n{deploys}") + vendors.programs_yaml
    fleet = load_text(text, tmp_path)
    outside = bootstrap.outside(fleet, environ, SystemClock())

    async def refused() -> set[str]:
        found = [line for one in outside.checks for line in await one.check(fleet.services)]
        return {line.topic for line in found if line.result is Result.FINDING}

    asked = {"sentry", "posthog", "pagerduty", "ticket", "thread", "grafana", "datadog", "sentry_deploys"}
    assert await refused() == asked
    for name, right in vendors.environ.items():
        (tmp_path / name).write_text(right)
    assert await refused() == set()
    began = message(
        service="web", facts=EventFacts(environment="production", host="h", app="web", opened_at=AT, target="old")
    )
    told = {one.name: (await one.deliver(began, None)).delivered for one in outside.channels}
    assert {name for name, delivered in told.items() if not delivered} <= {"sentry_deploys"}, "a commit is not told"
    await outside.close()


async def test_a_fleet_that_names_nobody_needs_nothing(tmp_path: Path) -> None:
    outside = bootstrap.outside(load_text(SMALL, tmp_path), {"PAGERDUTY_ROUTING_KEY": "x" * 32}, SystemClock())
    assert (outside.rates, outside.issues, outside.channels, outside.on_call) == ((), None, (), None)
