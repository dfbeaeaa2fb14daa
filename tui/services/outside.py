"""The settings of what is asked and told beside the hosts. No secret is among them: `…_env` names where one is."""

from collections.abc import Callable
from typing import TypeVar

from tui.model.outside import PagerDutySpec, PosthogSpec, SentrySpec, ThreadSpec, TicketKind, TicketSpec
from tui.services import values
from tui.services.keys import get
from tui.services.nodes import Node

T = TypeVar("T")


def sentry(node: Node | None) -> SentrySpec | None:
    """`sentry: {organization, project, environment, url, token_env}` of a service."""
    keys = _section(node, ("organization", "project", "environment", "url", "token_env"), ("organization", "project"))
    if keys is None:
        return None
    default = SentrySpec(organization="", project="")
    return SentrySpec(
        organization=get(keys, "organization", values.slug, ""),
        project=get(keys, "project", values.slug, ""),
        environment=get(keys, "environment", values.word, None),
        url=get(keys, "url", values.base, default.url),
        token_env=get(keys, "token_env", values.variable, default.token_env),
    )


def posthog(node: Node | None) -> PosthogSpec | None:
    """`posthog: {project, url, token_env}` of a service."""
    keys = _section(node, ("project", "url", "token_env"), ("project",))
    if keys is None:
        return None
    default = PosthogSpec(project="")
    return PosthogSpec(
        project=get(keys, "project", values.slug, ""),
        url=get(keys, "url", values.base, default.url),
        token_env=get(keys, "token_env", values.variable, default.token_env),
    )


def ticket(node: Node | None) -> TicketSpec | None:
    """`ticket: {github: OWNER/REPOSITORY}` or `{linear: TEAM_ID}`, with `labels, url, token_env`, of a service."""
    keys = _section(node, (*TicketKind, "labels", "url", "token_env"), ())
    if node is None or keys is None:
        return None
    kinds = [kind for kind in TicketKind if kind in keys]
    if len(kinds) != 1:
        node.problem("needs either github: owner/repository or linear: the team's id")
        return None
    (kind,) = kinds
    return TicketSpec(
        kind=kind,
        where=get(keys, kind, values.github if kind is TicketKind.GITHUB else values.slug, ""),
        labels=_list(keys.get("labels"), values.word),
        url=get(keys, "url", values.base, ""),
        token_env=get(keys, "token_env", values.variable, ""),
    )


def pagerduty(node: Node | None) -> PagerDutySpec | None:
    """`pagerduty: {schedule, schedules, services, sender, url, events_url, token_env, routing_key_env}` of contacts."""
    known = ("schedule", "schedules", "services", "sender", "url", "events_url", "token_env", "routing_key_env")
    keys = _section(node, known, ())
    if keys is None:
        return None
    default = PagerDutySpec()
    return PagerDutySpec(
        words=(keys["schedule"].text() if "schedule" in keys else None) or "",
        schedules=_list(keys.get("schedules"), values.slug),
        services=_list(keys.get("services"), values.slug),
        sender=get(keys, "sender", values.email, None),
        url=get(keys, "url", values.base, default.url),
        events_url=get(keys, "events_url", values.base, default.events_url),
        token_env=get(keys, "token_env", values.variable, default.token_env),
        routing_key_env=get(keys, "routing_key_env", values.variable, default.routing_key_env),
    )


def thread(node: Node | None) -> ThreadSpec | None:
    """`thread: {channel, url, token_env}` at the top."""
    keys = _section(node, ("channel", "url", "token_env"), ("channel",))
    if keys is None:
        return None
    default = ThreadSpec(channel="")
    return ThreadSpec(
        channel=get(keys, "channel", values.channel, ""),
        url=get(keys, "url", values.base, default.url),
        token_env=get(keys, "token_env", values.variable, default.token_env),
    )


def _section(node: Node | None, known: tuple[str, ...], required: tuple[str, ...]) -> dict[str, Node] | None:
    """Its keys, the missing ones named; None where there is no such section, or an empty one."""
    if node is None or node.value is None:
        return None
    keys = node.mapping(known)
    missing = [key for key in required if key not in keys]
    if missing:
        node.problem(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    return keys


def _list(node: Node | None, reader: Callable[[str], T]) -> tuple[T, ...]:
    """A list of single values."""
    found = (item.read(reader) for item in (node.items() if node is not None else []))
    return tuple(one for one in found if one is not None)
