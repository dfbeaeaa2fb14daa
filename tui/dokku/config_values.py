"""Values in the config of holders and records: free of blanks, because config:set is split on them."""

import base64
import binascii
from datetime import UTC, datetime

from tui.model import iso_time
from tui.text.clean import clean_line


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def read_stamp(text: str | None) -> datetime | None:
    """The time a stamp names; anything else is unknown."""
    return iso_time.read(text)


def wrap(text: str) -> str:
    """Free text as a value without blanks."""
    return base64.b64encode(text.encode()).decode()


def unwrap(text: str) -> str:
    """The text that `wrap` wrapped, made harmless; what is not base64 is shown as it is."""
    try:
        return clean_line(base64.b64decode(text, validate=True).decode("utf-8", "replace"))
    except (binascii.Error, ValueError):
        return clean_line(text)


def restore_word(restore: tuple[tuple[str, str], ...]) -> str:
    """Settings to put back, as `ROLLBACK_RESTORE` has them: `name=value` with commas between."""
    return ",".join(f"{name}={value}" for name, value in restore)


def restored(text: str) -> tuple[tuple[str, str], ...]:
    """The settings that `restore_word` wrote; what is malformed is left out."""
    pairs = (entry.partition("=") for entry in text.split(","))
    return tuple((name, value) for name, equals, value in pairs if name and equals)
