"""PagerDuty: who is on call; one open incident acknowledged and noted once, changes told, nothing ever resolved."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from tests.drivers.outside import AT, earlier, message, secrets
from tests.vendors import Vendors
from tests.vendors.pagerduty import ROUTING_KEY, SENDER, incident
from tui.drivers.vendors import api as apis
from tui.drivers.vendors.pagerduty import PagerDuty, PagerDutySpec
from tui.model.finding import Result
from tui.model.notice import Milestone

EVERY = [m for m in Milestone if m is not Milestone.POSTMORTEM]


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def pagerduty(vendors: Vendors, *, without: str = "", **changed: Any) -> PagerDuty:
    """With both credentials, or without the one named."""
    spec = PagerDutySpec(
        schedules=("PI7DH85",),
        services=("PIJ90N7",),
        sender=SENDER,
        url=vendors.urls["pagerduty"],
        events_url=vendors.urls["events"],
    )
    return PagerDuty(secrets(vendors, **({without: ""} if without else {})), structs.replace(spec, **changed), Noon())


async def test_who_is_on_call_with_the_time_it_was_read(vendors: Vendors) -> None:
    driver = pagerduty(vendors)
    assert driver.knows_on_call
    found = await driver.on_call()
    await driver.close()
    assert found.at == Noon().now() and found.note == ""
    names = ("Tim Wright (Daily Engineering Rotation)", "Earline Greenholt (Daily Engineering Rotation)")
    assert found.people == names
    assert vendors.received[0].query == {"schedule_ids[]": ["PI7DH85"], "limit": ["100"]}


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("limited", "asks us to wait (HTTP 429): Rate Limit Exceeded"),
        ("unauthorized", "refuses the token (HTTP 401): Caller did not supply credentials"),
        ("html-ok", "answered with a web page instead of JSON: is the url right?"),
    ],
)
async def test_nobody_known_is_no_empty_rota(vendors: Vendors, kind: str, note: str) -> None:
    vendors.fault("pagerduty", kind)
    driver = pagerduty(vendors)
    found = await driver.on_call()
    await driver.close()
    assert (found.people, found.note) == ((), note)


async def test_the_whole_incident_is_told(vendors: Vendors) -> None:
    driver = pagerduty(vendors)
    first = await driver.deliver(message(Milestone.STARTED), None)
    assert (first.delivered, first.detail) == (True, "acknowledged and noted; change event sent")
    assert (first.ref, first.link) == ("PT4KHLK", "https://acme.pagerduty.com/incidents/PT4KHLK")
    for milestone in EVERY[1:]:
        assert driver.wants(message(milestone))
        assert (await driver.deliver(message(milestone), earlier(first))).delivered
    await driver.close()
    assert not driver.wants(message(Milestone.POSTMORTEM))
    assert vendors.pagerduty.incidents["PT4KHLK"]["status"] == "acknowledged"  # and never resolved
    keys = [note["content"].splitlines()[-1] for note in vendors.pagerduty.notes["PT4KHLK"]]
    assert keys == [f"[{message(milestone).key}]" for milestone in EVERY]
    assert [c["payload"]["custom_details"]["milestone"] for c in vendors.events.changes] == ["started", "closed"]
    change = vendors.events.changes[0]
    assert change["routing_key"] == ROUTING_KEY
    assert change["payload"]["summary"] == "api: started" and change["payload"]["timestamp"] == AT.isoformat()


async def test_a_second_attempt_notes_and_changes_nothing_twice(vendors: Vendors) -> None:
    driver = pagerduty(vendors)
    vendors.fault("events", "limited")
    first = await driver.deliver(message(), None)
    assert not first.delivered and not first.final
    assert first.detail.startswith("acknowledged and noted; change event: asks us to wait (HTTP 429): ")
    again = await driver.deliver(message(), None)
    once_more = await driver.deliver(message(), None)
    await driver.close()
    assert again.delivered and once_more.delivered
    assert len(vendors.pagerduty.notes["PT4KHLK"]) == 1
    assert len(vendors.events.changes) == 1
    assert [line for line in vendors.asked("pagerduty") if line.startswith("PUT")] == ["PUT /incidents/PT4KHLK"]


async def test_a_note_whose_answer_was_lost_is_not_added_again(vendors: Vendors) -> None:
    driver = pagerduty(vendors, without="PAGERDUTY_ROUTING_KEY")
    known = earlier(await driver.deliver(message(), None))
    vendors.fault("pagerduty", "lost", on="POST /incidents")
    assert not (await driver.deliver(message(Milestone.VERIFIED), known)).delivered
    assert (await driver.deliver(message(Milestone.VERIFIED), known)).delivered
    assert (await driver.deliver(message(Milestone.VERIFIED), known)).delivered
    await driver.close()
    assert len(vendors.pagerduty.notes["PT4KHLK"]) == 2


async def test_two_open_incidents_are_left_to_a_person(vendors: Vendors) -> None:
    vendors.pagerduty.incidents["PX2"] = incident("PX2", 1235)
    driver = pagerduty(vendors, without="PAGERDUTY_ROUTING_KEY")
    told = await driver.deliver(message(), None)
    await driver.close()
    assert (told.delivered, told.final) == (False, True)
    assert told.detail == "notes: 2 incidents are open (#1234, #1235): acknowledge and note the right one by hand"
    assert {one["status"] for one in vendors.pagerduty.incidents.values()} == {"triggered"}
    assert vendors.pagerduty.notes == {}


async def test_where_nobody_was_paged_the_change_is_all_there_is(vendors: Vendors) -> None:
    vendors.pagerduty.incidents["PT4KHLK"]["status"] = "resolved"
    driver = pagerduty(vendors)
    told = await driver.deliver(message(), None)
    assert (told.delivered, told.detail) == (True, "change event sent")
    told = await driver.deliver(message(Milestone.VERIFIED), None)
    await driver.close()
    assert (told.delivered, told.final, told.detail) == (
        False, True, "notes: no incident of these services is open",
    )  # fmt: skip
    assert vendors.pagerduty.incidents["PT4KHLK"]["status"] == "resolved"  # acknowledging would have opened it again


async def test_only_a_routing_key_tells_changes(vendors: Vendors) -> None:
    driver = pagerduty(vendors, without="PAGERDUTY_TOKEN")
    assert driver.ready and not driver.knows_on_call
    assert [m for m in Milestone if driver.wants(message(m))] == [Milestone.STARTED, Milestone.CLOSED]
    told = await driver.deliver(message(), None)
    await driver.close()
    assert (told.delivered, told.detail) == (True, "change event sent")
    assert vendors.asked("pagerduty") == []


async def test_only_a_token_notes(vendors: Vendors) -> None:
    driver = pagerduty(vendors, without="PAGERDUTY_ROUTING_KEY")
    assert driver.ready
    assert (await driver.deliver(message(), None)).detail == "acknowledged and noted"
    await driver.close()
    assert vendors.asked("events") == []


async def test_one_part_that_fails_for_good_does_not_hide_the_other(vendors: Vendors) -> None:
    driver = pagerduty(vendors)
    vendors.fault("pagerduty", "unauthorized")
    told = await driver.deliver(message(), None)
    await driver.close()
    assert (told.delivered, told.final) == (False, True)
    assert told.detail.startswith("notes: refuses the token (HTTP 401)") and told.detail.endswith("change event sent")


async def test_the_wait_that_it_asks_for_is_passed_on(vendors: Vendors) -> None:
    driver = pagerduty(vendors)
    vendors.fault("pagerduty", "limited")
    told = await driver.deliver(message(), None)
    await driver.close()
    assert (told.delivered, told.final, told.retry_after) == (False, False, 23.0)


async def test_a_wrong_sender_is_said(vendors: Vendors) -> None:
    driver = pagerduty(vendors, sender="nobody@acme.example")
    told = await driver.deliver(message(), None)
    await driver.close()
    assert "acknowledging: HTTP 400: Requester User Not Found" in told.detail
    assert vendors.pagerduty.notes == {}


async def test_silence_is_no_delivery(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apis, "TOTAL", 0.2)
    vendors.fault("events", "hang")
    driver = pagerduty(vendors, without="PAGERDUTY_TOKEN")
    told = await driver.deliver(message(), None)
    await driver.close()
    assert (told.delivered, told.final) == (False, False)


async def test_check_reads_and_says_what_is_missing(vendors: Vendors) -> None:
    driver = pagerduty(vendors, sender=None)
    found = await driver.check(())
    await driver.close()
    assert [(one.result, one.topic) for one in found] == [
        (Result.OK, "pagerduty"), (Result.OK, "pagerduty"), (Result.NOTE, "pagerduty"), (Result.NOTE, "pagerduty"),
    ]  # fmt: skip
    assert (
        "on call now: Tim Wright" in found[0].text and found[1].text == "pagerduty: open incidents of its services: 1"
    )
    assert "sender is missing" in found[3].text
    assert {r.method for r in vendors.received} == {"GET"}
    driver = pagerduty(vendors, without="PAGERDUTY_TOKEN")
    (first, second) = await driver.check(())
    assert first.result is Result.FINDING and "PAGERDUTY_TOKEN is not set" in first.text
    assert second.result is Result.NOTE
    only_words = PagerDuty(secrets(vendors), PagerDutySpec(words="Check PagerDuty schedule"), Noon())
    assert not only_words.knows_on_call
    (found_nothing,) = await PagerDuty(secrets(vendors), None, Noon()).check(())
    assert (found_nothing.result, found_nothing.text) == (Result.NOTE, "pagerduty is not set up")


async def test_a_page_is_an_alert_that_is_one_however_often_it_is_sent(vendors: Vendors) -> None:
    """A guard's verdict: no other milestone and no other message triggers anything."""
    driver = pagerduty(vendors, services=())
    verdict = structs.replace(message(Milestone.VERDICT), page=True)
    assert driver.wants(verdict) and not driver.wants(message(Milestone.VERDICT))
    for _ in range(2):
        assert (await driver.deliver(verdict, None)).detail == "alert sent"
    assert (await driver.deliver(message(Milestone.STARTED), None)).detail == "change event sent"
    await driver.close()
    (alert,) = vendors.events.alerts.values()
    assert (alert["dedup_key"], alert["payload"]["severity"]) == (verdict.key, "critical")
