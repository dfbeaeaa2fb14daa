"""Who was on call when it was asked last, in a file: for when the service that knows does not answer."""

import hashlib
import os
from pathlib import Path

import msgspec

from tui import regular_file
from tui.drivers import paths
from tui.model import json_text
from tui.model.notice import OnCall


class OnCallFile:
    """The file of one services.yaml. It is a convenience: one that cannot be read or written is as good as none."""

    def __init__(self, services: str, folder: Path | None = None) -> None:
        name = hashlib.sha256(os.path.realpath(services).encode()).hexdigest()[:12]
        self.path = (folder or paths.state_dir()) / f"on-call-{name}.json"

    def load(self) -> OnCall | None:
        """The people who were kept, or None."""
        try:
            return json_text.read(regular_file.read(self.path), OnCall)
        except (OSError, json_text.NotJson):
            return None

    def save(self, known: OnCall) -> None:
        """Keep it, in one piece."""
        fresh = self.path.with_suffix(f".{os.getpid()}")
        try:
            fresh.unlink(missing_ok=True)  # of a process that died while it wrote
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(known))
            fresh.replace(self.path)
        except OSError:
            fresh.unlink(missing_ok=True)
