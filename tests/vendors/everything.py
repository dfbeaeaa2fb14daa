"""All stand-ins behind one server, with the credentials and settings that fit them."""

import contextlib
from collections.abc import Iterator

from tests.vendors import cdevents, datadog, github, grafana, linear, pagerduty, posthog, sentry, sentry_deploys, slack
from tests.vendors.server import Received, Server


class Vendors:
    """What a test or a whole incident needs to talk to them, and what they received."""

    def __init__(self, port: int = 0) -> None:
        self.complaints: list[str] = []
        self.sentry = sentry.Sentry(self.complaints)
        self.posthog = posthog.Posthog(self.complaints)
        self.pagerduty = pagerduty.PagerDuty(self.complaints)
        self.events = pagerduty.Events(self.complaints)
        self.slack = slack.Slack(self.complaints)
        self.github = github.GitHub(self.complaints)
        self.linear = linear.Linear(self.complaints)
        self.cdevents = cdevents.Sink(self.complaints)
        self.grafana = grafana.Grafana(self.complaints)
        self.datadog = datadog.Datadog(self.complaints)
        self.sentry_deploys = sentry_deploys.SentryDeploys(self.complaints)
        people = (self.sentry, self.posthog, self.pagerduty, self.events, self.slack, self.github, self.linear)
        every = (*people, self.cdevents, self.grafana, self.datadog, self.sentry_deploys)
        self.server = Server({one.name: one for one in every}, port)
        self.server.complaints = self.complaints
        self.urls = {one.name: f"{self.server.address}/{one.name}" for one in every}
        self.control = f"{self.server.address}/control"
        self.environ = {
            "SENTRY_TOKEN": sentry.TOKEN,
            "POSTHOG_API_KEY": posthog.TOKEN,
            "PAGERDUTY_TOKEN": pagerduty.TOKEN,
            "PAGERDUTY_ROUTING_KEY": pagerduty.ROUTING_KEY,
            "SLACK_BOT_TOKEN": slack.TOKEN,
            "GITHUB_TOKEN": github.TOKEN,
            "LINEAR_API_KEY": linear.TOKEN,
            "CDEVENTS_TOKEN": cdevents.TOKEN,
            "GRAFANA_TOKEN": grafana.TOKEN,
            "DD_API_KEY": datadog.TOKEN,
            "SENTRY_RELEASE_TOKEN": sentry_deploys.TOKEN,
        }
        self.service_yaml = (
            f'sentry: {{organization: acme, project: api, url: "{self.urls["sentry"]}"}}\n'
            f'posthog: {{project: "77", url: "{self.urls["posthog"]}"}}\n'
            f'ticket: {{github: acme/api, labels: [incident], url: "{self.urls["github"]}"}}\n'
        )
        """lines for below services.NAME"""
        self.contacts_yaml = (
            f"pagerduty: {{schedules: [PI7DH85], services: [PIJ90N7], sender: {pagerduty.SENDER}, "
            f'url: "{self.urls["pagerduty"]}", events_url: "{self.urls["events"]}"}}\n'
        )
        """the line for below contacts"""
        self.top_yaml = f'thread: {{channel: "#incidents", url: "{self.urls["slack"]}"}}\n'
        """the line for the top"""
        self.programs_yaml = (
            f'cdevents: {{url: "{self.urls["cdevents"]}"}}\n'
            f'grafana: {{url: "{self.urls["grafana"]}", tags: [team-api]}}\n'
            f'datadog: {{url: "{self.urls["datadog"]}"}}\n'
        )
        """lines for the top: programs that are told"""
        self.deploys_yaml = (
            f'sentry_deploys: {{organization: acme, project: api, url: "{self.urls["sentry_deploys"]}"}}\n'
        )
        """the line for below services.NAME, of the same kind"""

    @property
    def received(self) -> list[Received]:
        """Every request, in order."""
        return self.server.received

    def into(self, text: str, *services: str) -> str:
        """A services.yaml with these settings for these services."""
        indented = "".join(f"    {line}\n" for line in self.service_yaml.splitlines())
        for name in services:
            assert f"\n  {name}:\n" in text
            text = text.replace(f"\n  {name}:\n", f"\n  {name}:\n{indented}", 1)
        return f"{text}\ncontacts:\n  {self.contacts_yaml}{self.top_yaml}"

    def asked(self, vendor: str) -> list[str]:
        """`METHOD /path` of every request to one of them."""
        return [f"{one.method} {one.path}" for one in self.received if one.vendor == vendor]

    def fault(self, vendor: str, kind: str, times: int = 1, on: str = "") -> None:
        """The next requests to one of them fail so; with `on` only those in which it stands, e.g. `POST /repos`."""
        self.server.add_fault(vendor, kind, times, on)


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[Vendors]:
    """Start them, end them."""
    vendors = Vendors(port)
    vendors.server.start()
    try:
        yield vendors
    finally:
        vendors.server.stop()
