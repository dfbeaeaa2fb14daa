"""The hosts and the services of services.yaml, and what has to hold between them: hosts exist, names mean one thing."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui.config import values
from tui.config.nodes import Node
from tui.config.shapes import FileKey, Found, Keys, read
from tui.model.command_words import COMMANDS
from tui.model.destination import is_loopback, parse
from tui.model.service import Host, Service, Transport

RESERVED = ("all", *COMMANDS, "previous", "current")
"""words of the command line: no service can be called so"""


def host(beside: Path) -> Keys[Any]:
    """The shape of one host, whose name is still wanted; relative paths start at the folder `beside`."""

    def made(found: Found) -> Any:
        if found["sandbox"] and not is_loopback(parse(found["ssh"]).host):
            found.at("ssh").problem(f"{found['ssh']!r} is not this machine, but the host is marked sandbox: true")
        varies = "${" in (found.at("ssh").written or "")
        return lambda name: Host(name=name, varies=varies, **found.all())

    return Keys(
        keys=(
            FileKey(
                name="ssh",
                shape=values.ssh,
                words="Where it is: `user@host:port`, `ssh://user@host`, or an alias of ~/.ssh/config.",
                required=True,
                missing=": write user@host or an alias of ~/.ssh/config",
                example="dokku@dokku.example.com",
            ),
            FileKey(
                name="identity_file",
                shape=values.path(beside),
                words="The private key to log in with. Relative paths start beside services.yaml.",
                told="as ssh finds it",
                example="~/.ssh/dokku",
            ),
            FileKey(
                name="known_hosts",
                shape=values.path(beside),
                words="The file of host keys that are accepted.",
                told="as ssh finds it",
                example="known_hosts",
            ),
            FileKey(
                name="sandbox",
                shape=values.yes_no,
                words="It is a pretend host on this machine, where nothing can be lost.",
                default=False,
                told="false",
                example="true",
            ),
            FileKey(
                name="max_parallel",
                shape=values.whole(1, 16),
                words="How many of its services may go back, or be kept, at the same time.",
                default=1,
                told="1",
                example="2",
            ),
            FileKey(
                name="transport",
                shape=values.transport,
                words="What carries the link: the console's own SSH, or the machine's `ssh` program (`openssh`).",
                default=Transport.ASYNCSSH,
                told="asyncssh",
                example="openssh",
            ),
        ),
        make=made,
    )


def read_hosts(node: Node | None, shape: Keys[Any]) -> tuple[Host, ...]:
    """The hosts, each read by this shape."""
    found: list[Host] = []
    if node is not None and not node.value:
        node.problem("names no host")
    for name, one in (node.mapping() if node else {}).items():
        _check_name(one, name)
        made = read(shape, one)
        if made is not None:
            found.append(made(name))
    return tuple(found)


def read_services(
    node: Node | None, defaults: Node | None, hosts: tuple[str, ...], places: Mapping[str, str], shape: Keys[Any]
) -> tuple[Service, ...]:
    """The services, each read by this shape over the defaults, each on one of the `hosts`. `places`: where those are
    that could be read."""
    if node is not None and not node.value:
        node.problem("names no service")
    if defaults is not None:
        read(shape, defaults.as_inherited())  # a mistake in it is one, whether or not a service uses it
    every = {
        name: one if defaults is None else _given(one).over(defaults)
        for name, one in (node.mapping() if node else {}).items()
    }
    found: list[Service] = []
    apps: dict[tuple[str, str], tuple[str, str]] = {}
    owners: dict[str, list[str]] = defaultdict(list)
    for name, one in every.items():
        for node in _written(one, "app"):
            if isinstance(node.value, str):
                owners[node.value].append(name)
    for name, one in every.items():
        _check_name(one, name)
        if name in RESERVED:
            one.problem(f"{name!r} is a word of the command line; choose another name")
        for owner in (other for other in owners[name] if name not in owners[name]):
            one.problem(f"is called like the app of {owner!r}; a name has to mean one service")
        make = read(shape, one)
        for at in _written(one, "host"):
            if isinstance(at.value, str) and hosts and at.value not in hosts:
                at.problem(f"{at.value!r} is no host of this file; known: {', '.join(hosts)}")
        if make is None:
            continue
        for made in make(name):
            if made.part_of and made.name in every:
                one.problem(f"its part on {made.host} would be called {made.name!r}, as another service is")
            other, on = apps.setdefault((places.get(made.host, made.host), made.app), (name, made.host))
            if other != name:
                where = "" if on == made.host else f": the hosts {on} and {made.host} are one, {places[on]}"
                _written(one, "app", made.app)[0].problem(f"{made.app!r} is already the app of {other!r}{where}")
            found.append(made)
    return tuple(found)


def _written(service: Node, key: str, value: str | None = None) -> list[Node]:
    """The places where a key of the service or of its parts is written; only those with that value, where one is
    named."""
    keys = service.names()
    inside = [part.names() for part in keys["parts"].listed()] if "parts" in keys else []
    found = [one[key] for one in (keys, *inside) if key in one]
    return [node for node in found if value is None or node.value == value]


def _given(node: Node) -> Node:
    """A service of which nothing is written: it may be that of the defaults."""
    if node.value is None:
        node.value = {}
    return node


def shared_addresses(services: tuple[Service, ...]) -> tuple[str, ...]:
    """Two services that one address answers for: only a host header tells them apart."""
    found: list[str] = []
    asked: dict[tuple[str, str | None], str] = {}
    for service in services:
        if service.health is None or service.health.url is None:
            continue
        parts = values.address(service.health.url)
        name = service.part_of or service.name
        other = asked.setdefault((parts, service.health.host_header), name)
        if other != name:
            found.append(
                f"{other} and {name} are both asked at {parts} without different host headers: "
                "another app may answer for one of them"
            )
    return tuple(found)


def _check_name(node: Node, key: str) -> None:
    try:
        values.name(key)
    except ValueError as error:
        node.problem(str(error))
