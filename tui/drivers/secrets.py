"""Credentials: from an environment variable, or from the file that `NAME_FILE` names. Whatever is read is redacted."""

from collections.abc import Mapping
from pathlib import Path

from tui.model.errors import ConfigError
from tui.model.redact import learn


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
                found = Path(path).read_text().strip()
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
