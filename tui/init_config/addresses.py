"""The addresses at which an app may be asked: its own names first, then the host's address with that name, then the
address alone.

A name that leads nowhere, or elsewhere, is not wrong: the host's own address with a Host header reaches the same site.
Over TLS it does not, because the certificate is the name's. An app without names is reached by its port.
"""

import re
from collections.abc import Iterable

from tui.init_config.facts import PortMapping
from tui.model.value import Value

CANDIDATES = ("/health", "/healthz", "/up", "/healthcheck", "/ready", "/")
"""paths that say in many frameworks whether the service is well; the last one is always there and says least"""
NAMES = 2
"""names of an app that are tried"""
_USUAL = {"http": 80, "https": 443}
_NAME = re.compile(r"(?i)(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PATH = re.compile(r"/[A-Za-z0-9._~!&'()*+,;=:@%/?-]{0,199}")


class Address(Value):
    """A place to ask: an address without a path, and the name to ask for, where it is not the address's own."""

    base: str
    port: int
    host_header: str | None = None


def of_app(domains: Iterable[str], ports: Iterable[PortMapping], host: str | None) -> tuple[Address, ...]:
    """The addresses of an app in the order in which they are tried. `host`: the host's own name or address."""
    named = [name for name in domains if _NAME.fullmatch(name)][:NAMES]
    found: list[Address] = []
    for mapping in sorted(ports, key=lambda one: (one.scheme != "https", one.port)):
        if mapping.scheme not in _USUAL:
            continue
        found += [Address(base=_base(mapping, name), port=mapping.port) for name in named]
        if host is not None and mapping.scheme == "http":
            first = named[0] if named else None
            found.append(Address(base=_base(mapping, host), port=mapping.port, host_header=first))
    return tuple(dict.fromkeys(found))


def paths(own: Iterable[str]) -> tuple[str, ...]:
    """The paths to ask, those of the app's own checks first."""
    return tuple(dict.fromkeys((*filter(is_path, own), *CANDIDATES)))


def is_path(text: str) -> bool:
    """True if it can be asked and written down as it is."""
    return bool(_PATH.fullmatch(text))


def _base(mapping: PortMapping, name: str) -> str:
    port = "" if mapping.port == _USUAL[mapping.scheme] else f":{mapping.port}"
    return f"{mapping.scheme}://{f'[{name}]' if ':' in name else name}{port}"
