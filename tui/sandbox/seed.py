"""What the host looks like when it wakes up: four apps, four kept releases each, and a bad release out on `api`.

No pacing and no commands: the state is put in place as weeks of deploys and keeps would have left it. Only
`scenextras` is ill: its v1.5.0 went out six minutes ago, its readiness fails, every fifth request fails, its log
is full of tracebacks, and nobody kept it.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tui.sandbox.answers import start_lines
from tui.sandbox.build import content_of
from tui.sandbox.deploy.release import apply_source
from tui.sandbox.host import Host
from tui.sandbox.images import APP_LABEL, Image
from tui.sandbox.machine import App, Build
from tui.sandbox.repos import Signature, read_files
from tui.sandbox.web import speak

BRANCH = "main"
SEAL = "kept-do-not-build"
LOG_SECONDS = 300
BASES = {"scenextras": "python:3.12-slim", "default": "golang:1.23-alpine"}
BAD_JSON = b'{"health": "503", "check": "ok", "error_rate": 0.2, "log": "tracebacks"}\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
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
    releases: tuple[Release, ...]
    kept: tuple[str, ...]
    worker: bool = False
    migrates: bool = False  # its Procfile has a release task


ANA, BORIS, CHEN = (
    "Ana Ruiz <ana@scenextras.com>",
    "Boris Weber <boris@scenextras.com>",
    "Chen Li <chen@scenextras.com>",
)


def release(version: str, author: str, message: str, *, bad: bool = False, **ago: float) -> Release:
    """A Release in fewer words; `ago` is given as timedelta takes it."""
    return Release(version=version, ago=timedelta(**ago), author=author, message=message, bad=bad)


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


def app_files(story: Story, version: str) -> dict[str, bytes]:
    """The source tree of one release."""
    app, check = story.app, story.check
    base = BASES.get(app, BASES["default"])
    dockerfile = (
        f"FROM {base}\nWORKDIR /app\nCOPY server /app/server\nCOPY Procfile app.json /app/\n"
        'COPY VERSION /app/VERSION\nEXPOSE 5000\nCMD ["/app/server"]\n'
    )
    startup = {"type": "startup", "name": "ready", "path": check, "attempts": 3, "timeout": 5}
    app_json = json.dumps({"name": app, "healthchecks": {"web": [startup]}}, indent=2) + "\n"
    procfile = "web: /app/server\n"
    procfile += "worker: /app/server --worker\n" if story.worker else ""
    procfile += "release: /app/server migrate\n" if story.migrates else ""
    return {
        "Dockerfile": dockerfile.encode(),
        "Procfile": procfile.encode(),
        "VERSION": f"{version}\n".encode(),
        "app.json": app_json.encode(),
        "server": f"#!/bin/sh\n# {app} {version}\n".encode(),
    }


async def seed(host: Host) -> None:
    """Puts all apps in place, with their ports open."""
    for story in STORIES:
        await tell(host, story)


async def tell(host: Host, story: Story) -> None:
    """Puts one app in place: its commits, its images, its holders, and the containers of its last release."""
    machine = host.machine
    now = machine.now()
    born = now - story.releases[0].ago.total_seconds()
    app = machine.create_app(story.app, created_at=born - 600)
    number = 0
    parents: tuple[str, ...] = ()
    image: Image | None = None
    for position, told in enumerate(story.releases):
        at = now - told.ago.total_seconds()
        files = app_files(story, told.version)
        if told.bad:
            files["behaviour.json"] = BAD_JSON
        commit = app.repo.commit(
            files, message=f"{told.message}\n", author=Signature(who=told.author, at=int(at - 420)), parents=parents
        )
        parents = (commit,)
        app.repo.set_ref(f"refs/tags/{told.version}", commit)
        image = machine.images.build(app.image, content_of(files, commit), app_labels(app.name), "", at)
        record_deploy(host, app, commit, at)
        if told.version in story.kept:
            number += 1
            # Kept by CI right before the next deploy; the newest one, where nothing follows, soon after its own.
            following = story.releases[position + 1 :]
            kept_at = now - following[0].ago.total_seconds() - 40 if following else at + 900
            keep(host, app, image, commit, number, at, kept_at)
        if told is not story.releases[-1] and not host.plugins:
            machine.images.remove(image.id, ())
    assert image is not None
    app.repo.set_ref(f"refs/heads/{BRANCH}", parents[0])
    app.properties["git-deploy-branch"] = BRANCH
    app.config |= {"APP_NAME": app.name, "GIT_REV": parents[0]}
    if machine.old:
        app.config |= {"DOKKU_APP_RESTORE": "1", "DOKKU_APP_TYPE": "dockerfile", "DOKKU_PROXY_PORT": "80"}
    apply_source(app, read_files(app.repo.store, parents[0]))
    if story.worker:
        app.scale["worker"] = 1
    await wake(host, app, image, now - story.releases[-1].ago.total_seconds())


def app_labels(app: str) -> dict[str, str]:
    """The labels that Dokku's build gives an image of the app."""
    return {APP_LABEL: app, "com.dokku.builder-type": "dockerfile", "com.dokku.image-stage": "release"}


def record_deploy(host: Host, app: App, commit: str, at: float) -> None:
    """What Dokku knows of a deploy that ended at that time, in seconds since the epoch."""
    app.deploy_source, app.metadata, app.last_updated = "git-push", commit, int(at)
    app.deployed = app.released = True
    if not host.machine.old:
        identity = f"mw{host.machine.new_id()[:12]}"
        done = Build(id=identity, pid=host.machine.number(), source="git-hook", started=at - 26, finished=at)
        done.status = done.display = "succeeded"
        app.builds.insert(0, done)


def keep(host: Host, app: App, image: Image, commit: str, number: int, deployed: float, kept: float) -> None:
    """A sealed holder, as `rollback keep` leaves it."""
    machine = host.machine
    stamp = datetime.fromtimestamp(kept, UTC)
    name = f"{app.name}--r{number}--pre-deploy-{stamp:%Y%m%d-%H%M%S}"
    holder = machine.create_app(name, created_at=kept - 5)
    source = read_files(app.repo.store, commit)
    files = {
        "Dockerfile": (
            f'FROM {app.image}\nLABEL com.dokku.docker-image-labeler/alternate-tags=""\n'
            f'LABEL rollback.kept="{number}"\n'
        ).encode(),
        ".rollback/release.json": f'{{"release":{number}}}\n'.encode(),
    }
    files |= {f".rollback/{path}": source[path] for path in ("Procfile", "app.json")}
    about = "Kept by ci@runner-3. This app retains an image and is never deployed."
    message = f"Keep release {number} of {app.name}\n\n{about}\n"
    held = holder.repo.commit(
        files, message=message, author=Signature(who="rollback <rollback@localhost>", at=int(kept))
    )
    holder.repo.set_ref(f"refs/heads/{BRANCH}", held)
    holder.config |= {
        "GIT_REV": held,
        "ROLLBACK_SCHEMA": "1",
        "ROLLBACK_RELEASE": str(number),
        "ROLLBACK_COMMIT": commit,
        "ROLLBACK_SOURCE": "git-push",
        "ROLLBACK_DEPLOYED_AT": rfc3339(deployed),
        "ROLLBACK_KEPT_AT": rfc3339(kept),
        "ROLLBACK_KEPT_BY": "ci@runner-3",
        "ROLLBACK_LAST_SERVED": rfc3339(kept),
    }
    if machine.old:
        holder.config |= {"DOKKU_APP_TYPE": "dockerfile", "DOKKU_SKIP_CLEANUP": "true", "DOKKU_SKIP_DEPLOY": "true"}
    else:
        holder.properties |= {"ps-skip-deploy": "true", "builder-skip-cleanup": "true"}
    holder.properties |= {"git-deploy-branch": SEAL, "builder-selected": "null"}
    holder.deploy_source, holder.metadata = "git-push", held
    holder.last_updated, holder.released = int(kept), True
    labels = {
        **image.labels,
        "com.dokku.docker-image-labeler/alternate-tags": "",
        "rollback.kept": str(number),
        APP_LABEL: name,
    }
    if host.plugins:
        machine.images.tag(image, f"dokku/{app.name}:pre-deploy-{stamp:%Y%m%d-%H%M%S}")
    machine.images.build(holder.image, image.content, labels, app.image, kept)


async def wake(host: Host, app: App, image: Image, since: float) -> None:
    """Containers that have run since the deploy, their last minutes of log, and the site."""
    machine = host.machine
    for process in app.process_types:
        for index in range(1, app.scale.get(process, 0) + 1):
            dyno = f"{process}.{index}"
            container = machine.start_container(app, image, app.image, dyno, f"{app.name}.{dyno}")
            container.created, container.started = since - 9.4, since - 9.1
            app.current[dyno] = container.id
            if process == "web":
                app.upstream.append(container.id)
            age = int(min(machine.now() - since, LOG_SECONDS))
            container.ticks = int(machine.now() - since) - age
            if container.ticks == 0:
                for text in start_lines(process, container.content):
                    container.log.append(text, int((since - 9) * 1e9))
            for second in range(age):
                speak(container, 1.0, int((machine.now() - age + second) * 1e9))
    await host.open_site(app)
    host.sites.tell_past(app)


def rfc3339(at: float) -> str:
    """A time in seconds since the epoch as RFC 3339 in UTC, without fractions."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
