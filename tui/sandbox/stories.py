"""The team's apps and their releases, and the source tree of each: what the sandbox has to build.

A tree carries the file by which Dokku knows its builder. `image` and `archive` are for apps that no push brings: the
team builds the image itself, or sends a tar.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

BRANCH = "main"
BASES = {"scenextras": "python:3.12-slim", "default": "golang:1.23-alpine"}
BAD_JSON = b'{"health": "503", "check": "ok", "error_rate": 0.2, "log": "tracebacks"}\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRelease:
    """One release of an app: who brought it out, and how long before now."""

    version: str
    ago: timedelta
    author: str
    message: str
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An app and its releases, oldest first; the last one runs. `kept` are the versions that have a holder."""

    app: str
    check: str
    releases: tuple[StoryRelease, ...]
    kept: tuple[str, ...]
    worker: bool = False
    migrates: bool = False  # its Procfile has a release task
    prepares: bool = False  # its app.json has a predeploy task
    builder: str = "dockerfile"
    """or herokuish, pack, nixpacks, railpack; `image` and `archive` bring a Dockerfile's result by another door"""


ANA, BORIS, CHEN = (
    "Ana Ruiz <ana@scenextras.com>",
    "Boris Weber <boris@scenextras.com>",
    "Chen Li <chen@scenextras.com>",
)


def release(version: str, author: str, message: str, *, bad: bool = False, **ago: float) -> StoryRelease:
    """A Release in fewer words; `ago` is given as timedelta takes it."""
    return StoryRelease(version=version, ago=timedelta(**ago), author=author, message=message, bad=bad)


STORIES = (
    Story(
        app="scenextras",
        check="/healthcheck/ready",
        releases=(
            release("v1.0.0", ANA, "Serve scenes over the API", days=41),
            release("v1.1.0", BORIS, "Search by mood", days=24, hours=3),
            release("v1.2.0", ANA, "Thumbnails for scenes", days=13, hours=6),
            release("v1.3.0", CHEN, "Page comments by cursor", days=6, hours=2),
            release("v1.4.0", ANA, "Faster scene lists", days=2, hours=5),
            release("v1.5.0", BORIS, "Store thumbnails by key", minutes=6, bad=True),
        ),
        kept=("v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0"),
    ),
    Story(
        app="scenextras-gateway",
        check="/health",
        releases=(
            release("v1.0.0", CHEN, "Sign in with a link", days=38),
            release("v1.0.1", CHEN, "Refuse expired links", days=30, hours=1),
            release("v1.1.0", BORIS, "Rate limits per user", days=19, hours=7),
            release("v1.2.0", CHEN, "Sessions survive a restart", days=9, hours=4),
            release("v1.2.1", CHEN, "Log the reason of a refusal", days=3, hours=8),
        ),
        kept=("v1.0.0", "v1.0.1", "v1.1.0", "v1.2.0"),
        migrates=True,
    ),
    Story(
        app="scenextras-autocomplete",
        check="/ping",
        releases=(
            release("v1.0.0", BORIS, "Index scenes with BadgerDB", days=35),
            release("v1.0.1", BORIS, "Fold accents", days=27, hours=2),
            release("v1.1.0", ANA, "Suggest while typing", days=16, hours=9),
            release("v1.2.0", BORIS, "Compact the index at night", days=5, hours=1),
        ),
        kept=("v1.0.0", "v1.0.1", "v1.1.0", "v1.2.0"),
    ),
    Story(
        app="scenextras-transcription",
        check="/health",
        releases=(
            release("v1.0.0", CHEN, "Transcribe uploads", days=33),
            release("v1.1.0", CHEN, "Queue long uploads", days=22, hours=5),
            release("v1.2.0", ANA, "Speaker labels", days=12, hours=2),
            release("v1.2.1", CHEN, "Retry a lost worker", days=8, hours=6),
            release("v1.3.0", ANA, "Subtitles in three formats", days=1, hours=4),
        ),
        kept=("v1.0.0", "v1.1.0", "v1.2.0", "v1.2.1"),
        worker=True,
    ),
)


BUILDERS = ("dockerfile", "herokuish", "pack", "nixpacks", "railpack", "image", "archive")
MARKS = {
    "herokuish": {"requirements.txt": b"flask==3.1.2\n"},
    "pack": {"project.toml": b'[_]\nschema-version = "0.2"\n'},
    "nixpacks": {"nixpacks.toml": b"providers = ['python']\n"},
    "railpack": {"railpack.json": b'{"provider": "python"}\n'},
}
"""the files by which Dokku knows who builds a tree"""


def app_files(story: Story, version: str) -> dict[str, bytes]:
    """The source tree of one release."""
    app, check = story.app, story.check
    base = BASES.get(app, BASES["default"])
    dockerfile = (
        f"FROM {base}\nWORKDIR /app\nCOPY server /app/server\nCOPY Procfile app.json /app/\n"
        'COPY VERSION /app/VERSION\nEXPOSE 5000\nCMD ["/app/server"]\n'
    )
    startup = {"type": "startup", "name": "ready", "path": check, "attempts": 3, "timeout": 5}
    about: dict[str, object] = {"name": app}
    if check:
        about["healthchecks"] = {"web": [startup]}
    if story.prepares:
        about["scripts"] = {"dokku": {"predeploy": "/app/server prepare"}}
    app_json = json.dumps(about, indent=2) + "\n"
    procfile = "web: /app/server\n"
    procfile += "worker: /app/server --worker\n" if story.worker else ""
    procfile += "release: /app/server migrate\n" if story.migrates else ""
    return {
        **MARKS.get(story.builder, {"Dockerfile": dockerfile.encode()}),
        "Procfile": procfile.encode(),
        "VERSION": f"{version}\n".encode(),
        "app.json": app_json.encode(),
        "server": f"#!/bin/sh\n# {app} {version}\n".encode(),
    }
