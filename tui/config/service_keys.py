"""The keys of services.yaml for one service, and the watching times that a service may have of its own."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tui.config import health_keys, values, vendors
from tui.config.nodes import Node
from tui.config.shapes import FileKey, Found, Keys, Many, Named, Text
from tui.model import value_parsers
from tui.model.guard import GuardSpec, OnBreach
from tui.model.runbook_numbers import WatchSpec
from tui.model.service import CheckMode, RollbackSpec, Service
from tui.model.vendor import SectionPlace

LINKS = Named(item=value_parsers.url)


def _rollback(found: Found) -> RollbackSpec:
    downtime = found["downtime"] or None
    if found["stop_first"] and downtime is None and "downtime" not in found.bad:
        found.node.problem("stop_first: true needs a downtime, e.g. 10s-30s")
    return RollbackSpec(**{**found.all(), "downtime": downtime})


_ROLLBACK = Keys(
    keys=(
        FileKey(
            name="expected",
            shape=value_parsers.duration,
            words="How long a rollback of this service usually takes.",
            default=timedelta(seconds=30),
            told="30s",
            example="45s",
        ),
        FileKey(
            name="downtime",
            shape=values.downtime,
            words="How long it does not answer meanwhile: `none`, or the shortest and the longest.",
            default=(),
            told="none",
            example="10s-30s",
        ),
        FileKey(
            name="stop_first",
            shape=values.yes_no,
            words="It is stopped before the other release starts: for what may run only once.",
            default=False,
            told="false",
            example="true",
        ),
        FileKey(
            name="settle",
            shape=value_parsers.duration,
            words="How long after the deploy its answers do not count yet: while it opens files or loads an index.",
            default=timedelta(0),
            told="0s",
            example="5s",
        ),
        FileKey(
            name="reason",
            shape=Text(),
            words="Why it costs that, shown in the plan.",
            default="",
            told="none",
            example="BadgerDB requires stop-rebuild",
        ),
    ),
    make=_rollback,
)


_GUARD = Keys(
    keys=(
        FileKey(
            name="on_breach",
            shape=values.on_breach,
            words="The most that `rollback guard` may do when a release that went live is worse: `tell`, `ask` the "
            "person at the terminal, or `roll-back` by itself, where everything is known that has to be.",
            default=OnBreach.TELL,
            told="tell",
            example="roll-back",
        ),
    ),
    make=lambda found: GuardSpec(**found.all()),
)


def watch(base: WatchSpec) -> Keys[WatchSpec]:
    """The shape of `watch:`; what is left out is as in `base`."""

    def made(found: Found) -> WatchSpec:
        spec = WatchSpec(**found.all())
        if spec.longest < spec.after_rollback:
            found.node.problem("longest is shorter than after_rollback")
        return spec

    return Keys(
        keys=(
            FileKey(
                name="after_rollback",
                shape=value_parsers.duration,
                words="How long a service is watched after a rollback.",
                default=base.after_rollback,
                told="15m",
                example="20m",
            ),
            FileKey(
                name="longest",
                shape=value_parsers.duration,
                words="To what a watch can be extended.",
                default=base.longest,
                told="30m",
                example="1h",
            ),
            FileKey(
                name="after_clean_deploy",
                shape=value_parsers.duration,
                words='How long the "monitor" of the decision tree lasts, after a deploy without trouble.',
                default=base.after_clean_deploy,
                told="10m",
                example="5m",
            ),
            FileKey(
                name="error_rate",
                shape=values.percentage,
                words="The share of failed requests above which it is bad.",
                default=base.error_rate,
                told="1%",
                example="0.5%",
            ),
        ),
        make=made,
    )


def _git_remote(node: Node) -> str | None:
    if values.written_login(node.written or ""):
        node.problem(
            "holds a credential, or a name alone, which may be one: leave it out, or write https://${GIT_TOKEN}@… and "
            "set GIT_TOKEN in the environment"
        )
        return None
    if node.written is None or node.written == node.value:
        return node.read(values.remote)
    try:  # a variable was put in: what it holds may be a credential, and is not shown
        return values.remote(str(node.value))
    except ValueError:
        node.problem(f"{node.written!r} is no Git remote; write e.g. git@github.com:team/app.git")
    return None


def _part(health: Keys[Any]) -> Keys[Found]:
    """The shape of one part; what it does not say is as the service says it."""
    return Keys(
        keys=(
            FileKey(name="host", shape=str, words="The name of its host.", told="the service's", example="edge-1"),
            FileKey(name="app", shape=values.app, words="Its app there.", told="the service's", example="scenextras"),
            FileKey(
                name="health",
                shape=health,
                words="How this part is asked by itself, as `health` of the service.",
                told="as the service is",
            ),
            FileKey(
                name="identity",
                shape=health_keys.IDENTITY,
                words="Where this part says which release answers, as `identity` of the service.",
                told="as the service does",
            ),
        ),
        make=lambda found: found,
    )


def _parts(whole: Service, name: str, written: tuple[Found, ...], node: Node) -> tuple[Service, ...]:
    """The service of each part, named by what tells it from the others."""
    places = [(one["host"] or whole.host, one["app"] or whole.app) for one in written]
    for one, (host, app) in zip(written, places, strict=True):
        for key, value in (("host", host), ("app", app)):
            if not value:
                one.node.problem(f"{key} is missing, here and in the service")
    twice = len(set(places)) < len(places)
    if twice:
        node.problem("names the same app on the same host twice")
    if twice or not all(host and app for host, app in places):
        return ()
    hosts, apps = zip(*places, strict=True)
    found: list[Service] = []
    for one, (host, app) in zip(written, places, strict=True):
        told = host if hosts.count(host) == 1 else app if apps.count(app) == 1 else f"{app}.{host}"
        title = f"{whole.title or name}: {told}"
        own = {key: one[key] for key in ("health", "identity") if one[key] is not None}
        part = replace(whole, name=f"{name}.{told}", title=title, host=host, app=app, part_of=name)
        found.append(replace(part, **own))
    return tuple(found)


def service(sections: vendors.Sections, beside: Path, shared: WatchSpec) -> Keys[Any]:
    """The shape of one service: what is made of it still wants its name."""
    health = health_keys.health(beside)
    own = (
        FileKey(name="title", shape=Text(), words="What people call it.", told="its name", example="Python API"),
        FileKey(name="host", shape=str, words="The name of its host in `hosts`.", required=True, example="dokku"),
        FileKey(name="app", shape=values.app, words="Its app on that host.", required=True, example="scenextras"),
        FileKey(
            name="order",
            shape=values.whole(0, 9999),
            words="Its place when all services go back: lowest first.",
            default=100,
            told="100",
            example="30",
        ),
        FileKey(
            name="owner",
            shape=Text(),
            words="Who knows it: a person, a team, a channel. Shown with the service.",
            told="none",
            example='payments team, "#payments"',
        ),
        FileKey(
            name="links",
            shape=LINKS,
            words="Pages for people, by name: its runbook, its dashboard. Added to the `links` of all.",
            default=(),
            told="none",
            example="{runbook: https://wiki.example.com/api}",
        ),
        FileKey(
            name="health",
            shape=health,
            words="How it is asked whether it is well.",
            told="none: nothing is proven by health",
        ),
        FileKey(
            name="smoke",
            shape=health_keys.SMOKE,
            words="A list of requests that a working service answers, asked after a rollback.",
            default=(),
            told="none",
        ),
        FileKey(
            name="identity",
            shape=health_keys.IDENTITY,
            words="Where it says itself which release answers: a proof of its own.",
            told="none",
        ),
        FileKey(
            name="rollback",
            shape=_ROLLBACK,
            words="What a rollback of it costs.",
            default=RollbackSpec(),
            told="30s, no downtime",
        ),
        FileKey(
            name="checks",
            shape=values.check_mode,
            words="Whose check a kept release without one gets on the way back: `auto` ours where nothing is lost, "
            "`own` ours always, `dokku` Dokku's own 10 s.",
            default=CheckMode.AUTO,
            told="auto",
            example="own",
        ),
        FileKey(
            name="watch",
            shape=watch(shared),
            words="Its own watching times and limit; what is left out is that of all services.",
            told="that of all services",
        ),
        FileKey(
            name="guard",
            shape=_GUARD,
            words="What a guard of its deploys may do: see `rollback help guard`.",
            default=GuardSpec(),
            told="it tells",
        ),
        FileKey(
            name="image_repository",
            shape=values.repository,
            words="Where its images are, for the way `registry`. Without a tag.",
            told="none",
            example="registry.example.com/team/api",
        ),
        FileKey(
            name="git_remote",
            shape=Text(_git_remote),
            words="Where its commits are, for the way `git`. A credential only as `${NAME}`.",
            told="none",
            example="git@github.com:team/api.git",
        ),
        FileKey(
            name="script",
            shape=Many(Text()),
            words="A program of yours and its arguments, for the way `script`.",
            default=(),
            told="none",
            example="[./scripts/rollback/rollback.sh, api]",
        ),
        FileKey(
            name="parts",
            shape=Many(_part(health)),
            words="For a service of several apps or hosts: each of them. They go back together, one after the other.",
            default=(),
            told="none: it is one app",
            example="[{host: edge-1}, {host: edge-2}]",
        ),
    )

    def made(found: Found) -> Any:
        given = found.all()
        for one in vendors.names(sections, SectionPlace.SERVICE):
            del given[one]
        given["vendors"] = vendors.read(dict(found.nodes), sections, SectionPlace.SERVICE)
        written = given.pop("parts")
        whole = Service(**{**given, "name": "", "host": given["host"] or "", "app": given["app"] or ""})
        if "parts" not in found:
            return lambda name: (replace(whole, name=name, title=whole.title or name),)
        if len(written) < 2:
            found.at("parts").problem("names fewer than two; for one app write host and app")
            return None
        return lambda name: _parts(whole, name, written, found.at("parts"))

    return Keys(unless="parts", keys=(*own, *vendors.shapes(sections, SectionPlace.SERVICE)), make=made)
