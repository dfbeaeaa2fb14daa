"""What services.yaml says of the tools around the hosts: error counters, tickets, who is on call, where people talk.

Secrets are never part of it: a setting that ends in `_env` names the environment variable that holds one, or, with
`_FILE` after its name, the file that does.
"""

from enum import StrEnum

from tui.model.value import Value


class SentrySpec(Value):
    """Where a service's errors are counted by Sentry."""

    organization: str
    project: str
    environment: str | None = None
    url: str = "https://sentry.io"
    token_env: str = "SENTRY_TOKEN"  # noqa: S105 - the name of a variable


class PosthogSpec(Value):
    """Where a service's exceptions and users are counted by PostHog."""

    project: str
    url: str = "https://us.posthog.com"
    token_env: str = "POSTHOG_API_KEY"  # noqa: S105 - the name of a variable


class TicketKind(StrEnum):
    """Who keeps the tickets."""

    GITHUB = "github"
    LINEAR = "linear"


class TicketSpec(Value):
    """Where an incident's ticket is made."""

    kind: TicketKind
    where: str
    """GitHub: `owner/repository`; Linear: the team's id"""
    labels: tuple[str, ...] = ()
    url: str = ""
    """the API's address; empty: that of the vendor"""
    token_env: str = ""
    """empty: GITHUB_TOKEN or LINEAR_API_KEY"""


class PagerDutySpec(Value):
    """Who is on call, which incident is acknowledged, where change events go."""

    words: str = ""
    """what the runbook says to people, e.g. `Check PagerDuty schedule`"""
    schedules: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    """ids of the services whose open incident is acknowledged and noted"""
    sender: str | None = None
    """the e-mail of the user in whose name that is done"""
    url: str = "https://api.pagerduty.com"
    events_url: str = "https://events.pagerduty.com"
    token_env: str = "PAGERDUTY_TOKEN"  # noqa: S105 - the name of a variable
    routing_key_env: str = "PAGERDUTY_ROUTING_KEY"


class ThreadSpec(Value):
    """The Slack channel in which an incident gets one thread."""

    channel: str
    url: str = "https://slack.com/api"
    token_env: str = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of a variable
