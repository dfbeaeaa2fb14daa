"""An incident is of a host, an app and a services file: another file's service of the same name is not it."""

from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from tui.incident import events as ev
from tui.incident import whose_incident
from tui.incident.decide import opened
from tui.model.errors import ConfigError
from tui.model.incident import Incident
from tui.model.service import Fleet, Host, Service

STAGING, PRODUCTION = "/etc/rollback/staging.yaml", "/etc/rollback/production.yaml"
AT = datetime(2026, 11, 23, 22, tzinfo=UTC)


def fleet(app: str = "api-app", host: str = "h1", ssh: str = "dokku@one", name: str = "api") -> Fleet:
    return Fleet(
        path="",
        ways=("kept",),
        environment="production",
        hosts=(Host(name=host, ssh=ssh),),
        services=(Service(name=name, title=name, host=host, app=app),),
    )


def incident(file: str = STAGING, address: str = "dokku@one") -> Incident:
    event = ev.Opened(
        at=AT, incident="i-1", service="api", app="api-app", host="h1", by="me", file=file, address=address
    )
    return opened(event)


def test_its_own_file_may_even_when_the_hosts_address_was_put_right() -> None:
    whose_incident.check(incident(), fleet(), file=STAGING, moved=False)
    whose_incident.check(incident(), fleet(ssh="dokku@two"), file=STAGING, moved=False)


@pytest.mark.parametrize(
    "other", [fleet(), fleet(app="other"), fleet(host="h2"), fleet(ssh="dokku@two"), fleet(name="web")]
)
def test_another_file_is_refused_with_both_names_whatever_is_alike(other: Fleet) -> None:
    with pytest.raises(ConfigError) as raised:
        whose_incident.check(incident(), other, file=PRODUCTION, moved=False)
    assert STAGING in raised.value.message and PRODUCTION in raised.value.message
    assert raised.value.fix == f"--services {STAGING}"


def test_a_file_that_was_moved_away_is_the_same_one_only_for_the_same_app_on_the_same_machine() -> None:
    whose_incident.check(incident(), fleet(), file=PRODUCTION, moved=True)
    for other in (fleet(app="other"), fleet(host="h2"), fleet(ssh="dokku@two")):
        with pytest.raises(ConfigError):
            whose_incident.check(incident(), other, file=PRODUCTION, moved=True)


def test_the_same_file_with_another_app_under_that_name_is_refused_too() -> None:
    with pytest.raises(ConfigError, match="says of api: app other on h1"):
        whose_incident.check(incident(), fleet(app="other"), file=STAGING, moved=False)


def test_journals_of_older_versions_are_read_and_held_to_what_they_know() -> None:
    entry = msgspec.json.decode(
        ev.encode(ev.Opened(at=AT, incident="i-1", service="api", app="api-app", host="h1", by="me"))
    )
    for key in ("file", "address"):
        entry.pop(key, None)
    event = ev.read(msgspec.json.encode(entry).decode())
    assert isinstance(event, ev.Opened)
    whose_incident.check(opened(event), fleet(), file=PRODUCTION, moved=False)
    with pytest.raises(ConfigError):
        whose_incident.check(opened(event), fleet(host="h2"), file=PRODUCTION, moved=False)
    whose_incident.check(opened(event), fleet(name="web"), file=PRODUCTION, moved=False)


@pytest.mark.parametrize(
    ("of", "file", "about"),
    [
        (fleet(), STAGING, True),
        (fleet(ssh="dokku@two"), STAGING, True),  # its own file may put the address right
        (fleet(), PRODUCTION, True),  # another checkout of the same services
        (fleet(host="h2"), PRODUCTION, True),
        (fleet(ssh="dokku@two"), PRODUCTION, False),
        (fleet(app="other"), PRODUCTION, False),
        (fleet(name="web"), STAGING, False),
    ],
)
def test_an_open_incident_holds_up_only_the_service_that_it_is_about(of: Fleet, file: str, about: bool) -> None:
    (service,) = of.services
    assert whose_incident.concerns(incident(), service, of.hosts[0], file=file) is about
    if file == PRODUCTION and of.hosts[0].ssh == "dokku@one" and service.app == "api-app":
        older = incident(address="")
        assert whose_incident.concerns(older, service, Host(name="h1", ssh="dokku@two"), file=file), (
            "an older version opened it"
        )


def test_a_host_that_is_written_with_a_variable_is_another_machine_at_another_address() -> None:
    one, two = (Host(name="h1", ssh=ssh, varies=True) for ssh in ("dokku@one", "dokku@two"))
    varying = {host.ssh: replace(fleet(), hosts=(host,)) for host in (one, two)}
    whose_incident.check(incident(), varying["dokku@one"], file=STAGING, moved=False)
    whose_incident.check(incident(address=""), varying["dokku@two"], file=STAGING, moved=False)
    with pytest.raises(ConfigError, match=r"on h1 \(dokku@one\).* on h1 \(dokku@two\)") as raised:
        whose_incident.check(incident(), varying["dokku@two"], file=STAGING, moved=False)
    assert "hosts.h1.ssh" in raised.value.fix and "--services" not in raised.value.fix
    for ssh, of in varying.items():
        (service,) = of.services
        assert whose_incident.concerns(incident(), service, of.hosts[0], file=STAGING) is (ssh == "dokku@one")
