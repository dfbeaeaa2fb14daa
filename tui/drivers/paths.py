"""Where things are kept on this machine; everything readable by its owner alone."""

import os
from pathlib import Path

import platformdirs

STATE = "ROLLBACK_STATE_DIR"


def state_dir() -> Path:
    """The folder of journal and spools, made where it is missing."""
    named = os.environ.get(STATE)
    folder = Path(named) if named else Path(platformdirs.user_state_dir("rollback", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def journal_path() -> Path:
    """The journal's file."""
    return state_dir() / "journal.sqlite"


def incident_dir(incident: str) -> Path:
    """The folder of one incident: its lock and its spooled output."""
    folder = state_dir() / "incidents" / incident
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
