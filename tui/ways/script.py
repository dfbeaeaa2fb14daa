"""The way back `script`: the team's own `rollback.sh`, run on this machine.

It gets the person's words (`previous`, `tag:…`) and whatever services.yaml puts before them. What it does on the host
is its own affair, so it proves nothing; its exit code is a claim. Deploys are not held back meanwhile: it may push to
the deploy branch itself.
"""

import shlex

from tui.model.plan import Caution, Plan, Severity, Where
from tui.model.release import Release, Source, Target, WayBack
from tui.model.service import Host, Service
from tui.ways import shared
from tui.ways.kept import Facts, Options

WAY = "script"


def plan(
    service: Service, host: Host, target: Release, leaving: Release, facts: Facts, options: Options, words: str
) -> Plan:
    """The plan that runs the script with the person's words. Raises ValueError where the service has none."""
    if not service.script:
        raise ValueError(f"{service.name} has no script")
    argv = (*service.script, words)
    way = shared.Way(
        name=WAY,
        argv=argv,
        title=f"run {service.script[0]} on this machine",
        expected=service.rollback.expected.total_seconds(),
        where=Where.LOCAL,
        paste=shlex.join(argv),
        proves=False,
        freezes=False,
        cautions=(
            Caution(
                severity=Severity.WARN,
                text="what the script does is its own affair and proves nothing: only the service itself can say what "
                "runs afterwards",
            ),
        ),
    )
    return shared.plan(service, host, target, leaving, facts, options, way)


def way_back(service: Service) -> WayBack:
    """Whether there is a script; whether it can reach a release only the script knows."""
    if not service.script:
        return WayBack(way=WAY, available=False, reason="services.yaml names no script for the service")
    seconds = service.rollback.expected.total_seconds()
    words = "proves nothing; whether it knows this release it says"
    return WayBack(way=WAY, available=True, seconds=seconds, reason=words, sure=False)


def named(service: Service, target: Target) -> Release:
    """The release that the person's words mean to the script."""
    return Release(
        app=service.app, said=f"{target}, as the script takes it", origin=Source.NAMED, ways=(way_back(service),)
    )
