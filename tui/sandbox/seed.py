"""The state of the host when it wakes up: four apps, four kept releases each, and a bad release out on `api`.

No pacing and no commands: the state is put in place as weeks of deploys and keeps would have left it. Only
`scenextras` is ill: its v1.5.0 went out six minutes ago, its readiness fails, every fifth request fails, its log
is full of tracebacks, and nobody kept it.
"""

from datetime import UTC, datetime

from tui.sandbox.answers import start_lines
from tui.sandbox.buildkit import content_of
from tui.sandbox.containers import ContainerLine
from tui.sandbox.deploy.release import apply_source
from tui.sandbox.dockerfile import applied, parse_dockerfile
from tui.sandbox.host import SandboxHost
from tui.sandbox.image_config import ImageConfig
from tui.sandbox.images import APP_LABEL, Image
from tui.sandbox.machine import App, BuildRecord
from tui.sandbox.repos import Signature, read_files
from tui.sandbox.stories import BAD_JSON, BRANCH, STORIES, Story, app_files
from tui.sandbox.web import spoke

SEAL = "kept-do-not-build"
LOG_SECONDS = 300


async def seed(host: SandboxHost) -> None:
    """Puts all apps in place, with their ports open."""
    for story in STORIES:
        await tell(host, story)


async def tell(host: SandboxHost, story: Story) -> None:
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
        config = applied(ImageConfig(workdir="/"), parse_dockerfile(files["Dockerfile"].decode()), files)
        image = machine.images.build(app.image, content_of(files, commit), app_labels(app.name), "", at, config)
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
    app.repo.moved[f"refs/heads/{BRANCH}"] = int(now - story.releases[-1].ago.total_seconds())
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


def record_deploy(host: SandboxHost, app: App, commit: str, at: float) -> None:
    """Record what Dokku knows of a deploy that ended at that time, in seconds since the epoch."""
    app.deploy_source, app.metadata = "git-push", commit
    app.deployed = app.released = True
    if not host.machine.old:
        identity = f"mw{host.machine.new_id()[:12]}"
        done = BuildRecord(id=identity, pid=host.machine.number(), source="git-hook", started=at - 26, finished=at)
        done.status = done.display = "succeeded"
        app.builds.insert(0, done)


def keep(host: SandboxHost, app: App, image: Image, commit: str, number: int, deployed: float, kept: float) -> None:
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
    holder.released = True
    labels = {
        **image.labels,
        "com.dokku.docker-image-labeler/alternate-tags": "",
        "rollback.kept": str(number),
        APP_LABEL: name,
    }
    if host.plugins:
        machine.images.tag(image, f"dokku/{app.name}:pre-deploy-{stamp:%Y%m%d-%H%M%S}")
    machine.images.build(holder.image, image.content, labels, app.image, kept, image.config)


async def wake(host: SandboxHost, app: App, image: Image, since: float) -> None:
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
            said = () if container.ticks else start_lines(container.runs, container.content)
            began = int((since - 9) * 1e9)
            spoke(container, age, machine.now(), [ContainerLine(began, text) for text in said])
    await host.open_site(app)
    host.sites.tell_past(app)


def rfc3339(at: float) -> str:
    """A time in seconds since the epoch as RFC 3339 in UTC, without fractions."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
