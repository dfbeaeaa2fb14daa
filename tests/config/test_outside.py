"""The settings of what is asked and told beside the hosts, as they stand in the file and as they are used."""

from pathlib import Path

import pytest

from tests.config.fleets import SMALL, load_text
from tests.vendors import running
from tui.drivers.vendors.github import GitHubSpec
from tui.drivers.vendors.linear import LinearSpec
from tui.drivers.vendors.pagerduty import PagerDutySpec
from tui.drivers.vendors.posthog import PosthogSpec
from tui.drivers.vendors.sentry import SentrySpec
from tui.drivers.vendors.slack import ThreadSpec

FULL = """\
    sentry:
      organization: acme
      project: api
      environment: production
      url: https://sentry.acme.example/
      token_env: ACME_SENTRY
    posthog: {project: 77, url: https://eu.posthog.com, token_env: ACME_POSTHOG}
    ticket: {linear: 9cfb482a-81e3-4154-b5b9-2c805e70a02d, labels: [incident, on fire], token_env: ACME_LINEAR}
contacts:
  pagerduty:
    schedule: Check PagerDuty schedule
    schedules: [PI7DH85]
    services: [PIJ90N7]
    sender: oncall@acme.example
    url: https://api.eu.pagerduty.com
    events_url: https://events.eu.pagerduty.com
    token_env: ACME_PAGERDUTY
    routing_key_env: ACME_ROUTING
thread: {channel: "#incidents", token_env: ACME_SLACK}
"""


def test_every_setting_is_read(tmp_path: Path) -> None:
    fleet = load_text(SMALL + FULL, tmp_path)
    (web,) = fleet.services
    assert web.vendor(SentrySpec) == SentrySpec(
        organization="acme",
        project="api",
        environment="production",
        url="https://sentry.acme.example",
        token_env="ACME_SENTRY",
    )
    assert web.vendor(PosthogSpec) == PosthogSpec(project="77", url="https://eu.posthog.com", token_env="ACME_POSTHOG")
    assert web.vendor(LinearSpec) == LinearSpec(
        where="9cfb482a-81e3-4154-b5b9-2c805e70a02d",
        labels=("incident", "on fire"),
        token_env="ACME_LINEAR",
    )
    assert fleet.vendor(PagerDutySpec) == PagerDutySpec(
        words="Check PagerDuty schedule",
        schedules=("PI7DH85",),
        services=("PIJ90N7",),
        sender="oncall@acme.example",
        url="https://api.eu.pagerduty.com",
        events_url="https://events.eu.pagerduty.com",
        token_env="ACME_PAGERDUTY",
        routing_key_env="ACME_ROUTING",
    )
    assert fleet.vendor(ThreadSpec) == ThreadSpec(channel="#incidents", token_env="ACME_SLACK")


def test_the_least_that_is_needed_takes_the_vendors_own_addresses_and_names(tmp_path: Path) -> None:
    text = SMALL + "    sentry: {organization: a, project: b}\n    posthog: {project: 7}\n    ticket: {github: a/b}\n"
    fleet = load_text(text + "thread: {channel: C0123456789}\n", tmp_path)
    (web,) = fleet.services
    assert web.vendor(SentrySpec) == SentrySpec(organization="a", project="b")
    assert web.vendor(PosthogSpec) == PosthogSpec(project="7")
    assert web.vendor(GitHubSpec) == GitHubSpec(where="a/b")
    assert fleet.vendor(ThreadSpec) == ThreadSpec(channel="C0123456789")
    assert fleet.vendor(PagerDutySpec) is None


@pytest.mark.parametrize("nothing", ["", "    sentry:\n    posthog:\n    ticket:\n"])
def test_nothing_has_to_be_set_up(tmp_path: Path, nothing: str) -> None:
    (web,) = load_text(SMALL + nothing, tmp_path).services
    assert web.vendors == ()


def test_the_settings_that_the_stand_ins_print_can_be_read(tmp_path: Path) -> None:
    with running() as vendors:
        fleet = load_text(vendors.into(SMALL, "web"), tmp_path)
        sentry = fleet.services[0].vendor(SentrySpec)
        assert sentry is not None and sentry.url == vendors.urls["sentry"]
        assert fleet.vendor(PagerDutySpec) is not None and fleet.vendor(ThreadSpec) is not None
