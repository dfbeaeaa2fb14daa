"""Strict stand-ins on 127.0.0.1 for Sentry, PostHog, PagerDuty, Slack, GitHub and Linear.

    from tests.vendors import vendors                # the fixture: one server for a test, ended after it
    vendors.urls["slack"]                            # base address, as services.yaml takes it for `url`
    vendors.environ                                  # SLACK_BOT_TOKEN=… and so on: what these servers accept
    vendors.service_yaml, vendors.contacts_yaml, vendors.top_yaml    # the settings, to be put into a services.yaml
    vendors.into(text, "api")                        # a services.yaml with them, and its services' trackers
    vendors.fault("slack", "limited", times=2)       # the next two requests fail; kinds: `server.FAULTS`, `….faults`
    vendors.fault("github", "lost", on="POST /repos")    # done, but its answer gets lost; `on` stands in the request
    vendors.received                                 # every request: vendor, method, path, query, headers, body
    vendors.slack.posted, vendors.github.issues, …   # what each of them holds now

A request that the vendor's own description does not allow (`schemas/`, written down from the public documents that
each names) is refused as the vendor would and noted in `vendors.complaints`; the fixture fails the test for it.

`running()` is the same as a context manager. `python -m tests.vendors` serves until stopped and prints one JSON line:
`urls`, `environ`, the three `…_yaml` and `control`; `POST {control}/fault` takes {vendor, kind, times, on},
`GET {control}/received` and `GET {control}/complaints` give lists.
"""

from collections.abc import Iterator

import pytest

from tests.vendors.everything import Vendors, running

__all__ = ["Vendors", "running", "vendors"]


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    """All stand-ins, for one test; what broke a vendor's description fails it."""
    with running() as found:
        yield found
        assert found.complaints == []
