"""Credentials: from an environment variable, or from the file that `NAME_FILE` names. All of them are redacted."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tui import regular_file
from tui.model.errors import ConfigError
from tui.model.service import Fleet, RequestHeader, Service
from tui.text.redact import learn, learn_address
from tui.text.secret_patterns import NO_PASSWORD

Token = str | Callable[[], str | None]
"""a credential, or what reads it as it is then; None: there is none now"""
_SECRET_NAME = re.compile(r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_KEY|ROUTING_KEY|_DSN)$")
"""environment variables whose values are secrets, of this console or not"""


class Secrets:
    """Reads credentials by the names that services.yaml gives."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def get(self, name: str) -> str | None:
        """The credential of that name, or None where nobody set it. Raises ConfigError for an unreadable file."""
        found = self._environ.get(name, "").strip()
        path = self._environ.get(f"{name}_FILE", "")
        if not found and path:
            try:
                found = regular_file.read(Path(path)).decode().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"{name}_FILE names {path}, which cannot be read: {error}", "fix it, or unset it"
                ) from error
        if found:
            learn(found)
        return found or None

    def held(self, name: str) -> str | None:
        """As `get`, and None where its file cannot be read: `check` says that, nothing else stops for it."""
        try:
            return self.get(name)
        except ConfigError:
            return None

    def token(self, name: str) -> Token:
        """Reads the credential of that name each time: its file may be replaced meanwhile."""
        return partial(self.held, name)


def _headers(service: Service) -> Iterable[RequestHeader]:
    yield from service.health.headers if service.health is not None else ()
    for spec in service.smoke:
        yield from spec.headers


def learn_all(fleet: Fleet, environ: Mapping[str, str], named: Iterable[str]) -> None:
    """Learn every credential that this console may come across, whether or not it is used.

    `named`: the variables that vendors read where services.yaml names no others."""
    secrets = Secrets(environ)
    for name, value in environ.items():
        if _SECRET_NAME.search(name) and not value.startswith(("/", "~")):
            learn(value)
    for service in fleet.services:
        login = urlsplit(service.git_remote) if service.git_remote and "://" in service.git_remote else None
        if login is not None:
            no_password = not login.password or login.password == NO_PASSWORD
            learn((login.username if login.scheme in ("http", "https") and no_password else login.password) or "")
        for header in _headers(service):
            for name in header.credentials:
                learn(environ.get(name, ""))
    settings = (*fleet.vendors, *(one for service in fleet.services for one in service.vendors))
    for name in {*named, *fleet.notify, *(name for one in settings for name in one.credentials)}:
        found = secrets.held(name)
        if found is not None and name in fleet.notify:
            learn_address(found)
