"""Programs are told of incidents: CDEvents that hold their schema, Grafana, Datadog, Sentry's deploys; each once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.drivers.outside import AT, INCIDENT, message, secrets, service
from tests.incident import stories
from tests.incident.facts import later
from tests.vendors import Vendors
from tests.vendors.cdevents import PUBLISHED, wrong
from tui.drivers.vendors import api as apis
from tui.drivers.vendors.base import Checked, MessageChannel
from tui.drivers.vendors.cdevents import VERSIONS, CdEvents, CdEventsSpec, enveloped, events
from tui.drivers.vendors.datadog import DatadogEvents, DatadogSpec
from tui.drivers.vendors.grafana import GrafanaAnnotations, GrafanaSpec
from tui.drivers.vendors.sentry_deploys import SentryDeploys, SentryDeploysSpec
from tui.incident import announcements
from tui.model.finding import Result
from tui.model.notice import EventFacts, Message, Milestone

COMMIT = "a" * 40
TICKET = "https://github.com/acme/api/issues/7"
FACTS = EventFacts(
    environment="production",
    host="h",
    app="scenextras",
    opened_at=AT - timedelta(minutes=3),
    target="release:4",
    commit=COMMIT,
    began_at=AT - timedelta(minutes=1),
    ended_at=AT,
)


def told(milestone: Milestone = Milestone.VERIFIED, **changed: Any) -> Message:
    """A message with what programs are told."""
    return replace(message(milestone), facts=replace(FACTS, **changed))


def sink(vendors: Vendors, **given: Any) -> CdEvents:
    return CdEvents(secrets(vendors), CdEventsSpec(**{"url": vendors.urls["cdevents"], **given}))


def grafana(vendors: Vendors, **env: str) -> GrafanaAnnotations:
    return GrafanaAnnotations(secrets(vendors, **env), GrafanaSpec(url=vendors.urls["grafana"], tags=("team-api",)))


def datadog(vendors: Vendors, **env: str) -> DatadogEvents:
    return DatadogEvents(secrets(vendors, **env), DatadogSpec(url=vendors.urls["datadog"]))


def deploys(vendors: Vendors, **env: str) -> SentryDeploys:
    spec = SentryDeploysSpec(organization="acme", project="api", url=vendors.urls["sentry_deploys"])
    return SentryDeploys(secrets(vendors, **env), (service(spec),))


# ── what is an event ─────────────────────────────────────────────────────────────────────────────────────────────


def kinds(milestone: Milestone, **changed: Any) -> list[str]:
    one = told(milestone, **changed)
    assert one.facts is not None
    made = list(events(one, one.facts, "dokku-rollback"))
    assert [wrong(event) for event in made] == [""] * len(made), made
    return [event["context"]["type"].removeprefix("dev.cdevents.").rpartition(".0.")[0] for event in made]


@pytest.mark.parametrize(
    ("milestone", "changed", "said"),
    [
        (Milestone.STARTED, {}, ["incident.detected"]),
        (Milestone.VERIFIED, {}, ["service.rolledback"]),
        (Milestone.VERIFIED, {"ticket": TICKET}, ["incident.reported", "service.rolledback"]),
        (Milestone.VERIFIED, {"onward": True}, []),
        (Milestone.VERIFIED, {"commit": None}, ["service.rolledback"]),
        (Milestone.CLOSED, {"recovered": True, "ticket": TICKET}, ["incident.reported", "incident.resolved"]),
        (Milestone.CLOSED, {"recovered": False}, []),
        (Milestone.VERDICT, {"guarded": True}, ["incident.detected", "service.rolledback"]),
        (Milestone.VERDICT, {"guarded": True, "ended_at": None}, ["incident.detected"]),
        (
            Milestone.VERDICT,
            {"guarded": True, "recovered": True},
            ["incident.detected", "service.rolledback", "incident.resolved"],
        ),
    ],
)
def test_each_moment_is_its_events_and_each_holds_its_schema(
    milestone: Milestone, changed: dict[str, Any], said: list[str]
) -> None:
    assert kinds(milestone, **changed) == said


def test_the_versions_that_are_sent_are_those_that_are_published() -> None:
    assert {f"dev.cdevents.{name}.{version}" for name, version in VERSIONS.items()} == set(PUBLISHED)


@pytest.mark.parametrize("text", ["", "\x1b[31m\u202e", "password=hunter2hunter2", "ü/ ?#%", "x" * 5000])
def test_text_of_others_is_harmless_and_the_event_holds_its_schema_still(text: str) -> None:
    one = replace(told(environment=text, app=text or "a", target=text or "t", commit=None), title=text, service="api")
    assert one.facts is not None
    both = [replace(one, milestone=milestone) for milestone in (Milestone.STARTED, Milestone.VERIFIED)]
    made = [event for moment in both for event in events(moment, one.facts, "s")]
    assert [wrong(event) for event in made] == ["", ""]
    assert not any(sign in json.dumps(made, ensure_ascii=False) for sign in ("\x1b", "\u202e", "hunter2hunter2"))


def test_an_id_is_the_same_each_time_and_another_for_each_event() -> None:
    def ids(**changed: Any) -> list[str]:
        one = replace(told(Milestone.CLOSED, recovered=True, ticket=TICKET), **changed)
        assert one.facts is not None
        return [event["context"]["id"] for event in events(one, one.facts, "dokku-rollback")]

    assert ids() == ids(at=AT + timedelta(hours=1))
    assert len({*ids(), *ids(incident="another")}) == 4


def test_the_facts_are_those_of_the_incident() -> None:
    done = stories.read(stories.whole()).incident
    said = announcements.message(done, Milestone.CLOSED, "production", later(1300))
    facts = said.facts
    assert facts is not None and (facts.environment, facts.host, facts.app) == ("production", "h", "cyc")
    assert (facts.target, facts.commit, facts.onward, facts.recovered) == ("release:4", "a" * 40, False, True)
    assert facts.ticket == "https://github.com/acme/ops/issues/7"
    assert facts.opened_at == later(0) and facts.began_at == later(310) and facts.ended_at is not None
    early = stories.read(stories.whole()[:6]).incident
    before = announcements.message(early, Milestone.STARTED, "production", later(1300)).facts
    assert before is not None and (before.ended_at, before.recovered, before.ticket) == (None, False, None)


# ── how it arrives ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_events_arrive_once_or_again_as_the_same(vendors: Vendors) -> None:
    one = sink(vendors)
    vendors.fault("cdevents", "lost")
    first = await one.deliver(told(Milestone.STARTED), None)
    assert not first.delivered and not first.final
    assert (await one.deliver(told(Milestone.STARTED), None)).delivered
    assert (await one.deliver(told(Milestone.VERIFIED, ticket=TICKET), None)).detail.startswith("incident.reported.")
    await one.close()
    found = [(event["context"]["type"], event["context"]["id"]) for event in vendors.cdevents.arrived]
    assert len(found) == 4 and len(set(found)) == 3 and found[0] == found[1]
    assert vendors.cdevents.arrived[0]["subject"] == {
        "id": INCIDENT,
        "content": {
            "environment": {"id": "production"}, "service": {"id": "api"}, "description": "api: started",
        },
    }  # fmt: skip


async def test_a_file_gets_one_line_for_each_event_and_never_through_a_link(tmp_path: Path, vendors: Vendors) -> None:
    path = tmp_path / "events.jsonl"
    one = CdEvents(secrets(vendors), CdEventsSpec(file=str(path)))
    for milestone in (Milestone.STARTED, Milestone.VERIFIED):
        assert (await one.deliver(told(milestone), None)).delivered
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [wrong(line["data"]) for line in lines] == ["", ""]
    assert lines[0] == enveloped(lines[0]["data"])
    assert [line.result for line in await one.check(())] == [Result.OK]
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "victim")
    refused = await CdEvents(secrets(vendors), CdEventsSpec(file=str(link))).deliver(told(), None)
    assert not refused.delivered and str(link) in refused.detail and not (tmp_path / "victim").exists()
    nowhere = CdEvents(secrets(vendors), CdEventsSpec(file=str(tmp_path / "no" / "file")))
    assert [line.result for line in await nowhere.check(())] == [Result.FINDING]
    await one.close()


async def test_grafana_has_one_annotation_for_a_moment_however_often_it_is_told(vendors: Vendors) -> None:
    one = grafana(vendors)
    vendors.fault("grafana", "lost", on="POST")
    assert not (await one.deliver(told(Milestone.STARTED), None)).delivered
    assert (await one.deliver(told(Milestone.STARTED), None)).detail == "annotation it was there"
    assert (await one.deliver(told(Milestone.CLOSED), None)).detail == "annotation made"
    await one.close()
    assert [a["tags"][1:4] for a in vendors.grafana.annotations] == [
        ["rollback", "api", "started"],
        ["rollback", "api", "closed"],
    ]
    assert vendors.grafana.annotations[0]["time"] == round(AT.timestamp() * 1000)


async def test_datadog_has_an_event_for_each_moment_held_together_by_the_incident(vendors: Vendors) -> None:
    one = datadog(vendors)
    for milestone in (Milestone.STARTED, Milestone.VERIFIED, Milestone.CLOSED):
        assert (await one.deliver(told(milestone), None)).delivered
    await one.close()
    assert [event["alert_type"] for event in vendors.datadog.events] == ["warning", "success", "info"]
    assert {event["aggregation_key"] for event in vendors.datadog.events} == {INCIDENT}
    assert "env:production" in vendors.datadog.events[0]["tags"]


async def test_sentry_has_one_deploy_of_the_commit_that_serves_again(vendors: Vendors) -> None:
    one = deploys(vendors)
    vendors.fault("sentry_deploys", "lost", on="POST /api/0/organizations/acme/releases/a")
    assert not (await one.deliver(told(), None)).delivered
    assert (await one.deliver(told(), None)).detail == "the deploy was there"
    await one.close()
    ((version, made),) = vendors.sentry_deploys.deploys.items()
    assert (version, len(made), made[0]["environment"]) == (COMMIT, 1, "production")
    assert not one.wants(told(commit=None)) and not one.wants(told(Milestone.STARTED))
    assert not one.wants(replace(told(), service="other"))


async def test_a_guard_that_went_back_by_itself_is_told_with_its_one_message(vendors: Vendors) -> None:
    one, two = sink(vendors), deploys(vendors)
    for channel in (one, two):
        assert channel.wants(told(Milestone.VERDICT, guarded=True))
        assert not channel.wants(told(Milestone.VERDICT))
        await channel.close()
    assert not two.wants(told(Milestone.VERDICT, guarded=True, ended_at=None)), "it is not proven"


ALL = (sink, grafana, datadog, deploys)


@pytest.mark.parametrize("make", ALL)
async def test_what_is_no_moment_of_an_incident_is_not_told_to_programs(make: Any, vendors: Vendors) -> None:
    one: MessageChannel = make(vendors)
    assert one.ready and one.wants(told())
    assert not any(one.wants(message(milestone)) for milestone in Milestone), "an older message, a test"
    assert not one.wants(told(Milestone.POSTMORTEM))
    await one.close()


@pytest.mark.parametrize(
    ("kind", "final", "words"),
    [
        ("unauthorized", True, ""),
        ("limited", False, "wait"),
        ("broken", False, "HTTP 500"),
        ("html", False, "web page"),
        ("html-ok", False, "web page"),
        ("cut", False, ""),
        ("redirect", True, "another address"),
    ],
)
@pytest.mark.parametrize("make", ALL)
async def test_what_goes_wrong_is_a_receipt_that_says_so(
    make: Any, kind: str, final: bool, words: str, vendors: Vendors
) -> None:
    one: MessageChannel = make(vendors)
    vendors.fault(one.name, kind, times=3)
    receipt = await one.deliver(told(), None)
    await one.close()
    assert (receipt.delivered, receipt.final) == (False, final), receipt
    assert words in receipt.detail


@pytest.mark.parametrize("make", ALL)
async def test_one_that_hangs_is_given_up(make: Any, vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apis, "TOTAL", 0.2)
    one: MessageChannel = make(vendors)
    vendors.fault(one.name, "hang", times=3)
    receipt = await one.deliver(told(), None)
    await one.close()
    assert not receipt.delivered and not receipt.final


@pytest.mark.parametrize(
    ("make", "credential"),
    [(grafana, "GRAFANA_TOKEN"), (datadog, "DD_API_KEY"), (deploys, "SENTRY_RELEASE_TOKEN")],
)
async def test_check_says_whether_it_works_and_what_is_missing(make: Any, credential: str, vendors: Vendors) -> None:
    services = (service(SentryDeploysSpec(organization="acme", project="api", url=vendors.urls["sentry_deploys"])),)

    async def checked(**env: str) -> tuple[Result, str]:
        one: Checked = make(vendors, **env)
        (found,) = await one.check(services)
        await one.close()
        return found.result, found.text + found.fix

    assert (await checked())[0] is Result.OK
    missing = await checked(**{credential: ""})
    assert missing[0] is Result.FINDING and credential in missing[1]
    assert (await checked(**{credential: "wrong-0123456789abcdef"}))[0] is Result.FINDING


async def test_check_of_a_webhook_sends_nothing_and_what_is_not_set_up_is_a_note(vendors: Vendors) -> None:
    assert [found.result for found in await sink(vendors).check(())] == [Result.NOTE]
    assert vendors.received == []
    for one in (
        CdEvents(secrets(vendors), None),
        GrafanaAnnotations(secrets(vendors), None),
        DatadogEvents(secrets(vendors), None),
        SentryDeploys(secrets(vendors), ()),
    ):
        assert [found.result for found in await one.check(())] == [Result.NOTE] and not one.ready
    empty = CdEvents(secrets(vendors), CdEventsSpec())
    assert [found.result for found in await empty.check(())] == [Result.FINDING] and not empty.ready
