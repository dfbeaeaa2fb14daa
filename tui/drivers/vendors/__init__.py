"""Vendors, one file each: settings, names of credentials, driver, check, rate limit. `REGISTRY` is the only list.

A new vendor is a file with a `VENDOR`, as `base` describes it, and an entry here. Shared by all: `base` (the roles),
`api` (JSON over HTTP), `findings` (what `check` says), `markdown` and `tickets`.
"""

from tui.drivers.vendors import (
    apprise_channel,
    cdevents,
    datadog,
    github,
    grafana,
    linear,
    pagerduty,
    posthog,
    sentry,
    sentry_deploys,
    slack,
)
from tui.drivers.vendors.base import Driver, Given, Vendor
from tui.drivers.vendors.tickets import Tickets
from tui.model.vendor import Section

REGISTRY: tuple[Vendor, ...] = (
    sentry.VENDOR,
    posthog.VENDOR,
    pagerduty.VENDOR,
    github.VENDOR,
    linear.VENDOR,
    slack.VENDOR,
    apprise_channel.VENDOR,
    cdevents.VENDOR,
    grafana.VENDOR,
    sentry_deploys.VENDOR,
    datadog.VENDOR,
)
"""in the order in which they are checked and told"""


def sections() -> tuple[Section, ...]:
    """The parts of services.yaml that vendors read."""
    return tuple(one.section for one in REGISTRY if one.section is not None)


def credentials() -> tuple[str, ...]:
    """Names of the variables that hold credentials of vendors where services.yaml names no others."""
    return tuple(name for section in sections() for name in section.credentials)


def drivers(given: Given) -> tuple[Driver, ...]:
    """All vendors' drivers, each once; nothing is contacted. Those that are not set up are there too, to be checked."""
    tickets = Tickets(given.secrets, given.fleet.services, REGISTRY)
    made = (one for vendor in REGISTRY for one in ((tickets,) if vendor.tracker else vendor.drivers(given)))
    return tuple(dict.fromkeys(made))
