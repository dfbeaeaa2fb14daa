"""The contents of our own commits: the one that fills a holder, and the one that goes back to it.

`alternate-tags=""` switches off the label by which Dokku would delete the source image once a container retires.
A Procfile or app.json at the root of a holder's commit would make Dokku run its tasks, so there they lie in a folder.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tui.dokku import build_settings as shapes
from tui.dokku import builders
from tui.dokku.holders import FILES_FOLDER
from tui.dokku.reports import Unreadable
from tui.model import json_text
from tui.model.observation import Container
from tui.model.value import Value
from tui.text.clean import clean_line

Tree = tuple[tuple[str, str], ...]
_NO_ALTERNATE = 'LABEL com.dokku.docker-image-labeler/alternate-tags=""'
_RELEASE_LINE = re.compile(r"(?m)^[ \t]*release[ \t]*:[ \t]*(?P<task>.*)$\n?")
_PROCESS_LINE = re.compile(r"(?m)^[ \t]*(?P<name>[A-Za-z0-9_-]+)[ \t]*:[ \t]*\S")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ITS_OWN = ("PATH", "HOME", "USER", "SHELL", "LD_LIBRARY_PATH", "LD_PRELOAD")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
CONFIG_SCRIPT = f"{FILES_FOLDER}/config.sh"
_TASKS = (("scripts", "dokku", "predeploy"), ("scripts", "dokku", "postdeploy"), ("scripts", "postdeploy"))


class Baked(Value):
    """The content that a kept image brings along beside the app, and that a commit of this program has to take from
    it."""

    builder: str = builders.DOCKERFILE
    gone: tuple[str, ...] = ()
    """names of the variables that were set when it was kept and are not now"""
    in_env: bool = False
    """a predeploy task left the config of then in the image's own environment"""

    @property
    def emptied(self) -> tuple[str, ...]:
        """The variables that would come back with their old values unless the image is told otherwise."""
        return tuple(name for name in self._back if name not in _ITS_OWN and _VARIABLE.fullmatch(name))

    @property
    def back(self) -> tuple[str, ...]:
        """The variables that come back with their old values all the same: without them nothing in the image starts."""
        return tuple(name for name in self._back if name not in self.emptied)

    @property
    def _back(self) -> tuple[str, ...]:
        return self.gone if self.in_env or self.builder == builders.HEROKUISH else ()


def keep_tree(app: str, number: int, files: Mapping[str, str], of: shapes.Shape | None = None, facts: str = "") -> Tree:
    """The commit that fills a holder: the running image, and the release's own files beside it.

    The Dockerfile is where this host's global settings, which hold for a new app, look for it.
    """
    of = of or shapes.Shape(app=app)
    dockerfile = f'FROM dokku/{app}:latest\n{_NO_ALTERNATE}\nLABEL rollback.kept="{number}"\n'
    found = {f"{FILES_FOLDER}/{path}": content for path, content in files.items()}
    found[f"{FILES_FOLDER}/{shapes.FACTS_FILE}"] = facts or f'{{"release":{number}}}\n'
    for place in shapes.places(of.holder_dockerfile, of.holder_build_dir):
        found[place] = dockerfile
    return tuple(sorted(found.items()))


def go_back_tree(
    holder: str,
    release: int,
    attempt: str,
    files: Mapping[str, str],
    *,
    run_tasks: bool,
    of: shapes.Shape | None = None,
    baked: Baked | None = None,
) -> tuple[Tree, tuple[str, ...]]:
    """The commit that goes back, and the tasks that were taken out of it. Raises Unreadable for a broken app.json.

    `files` stand at the paths that the app's settings name now (`shape.placed`).
    """
    of, baked = of or shapes.Shape(app=""), baked or Baked()
    dockerfile = (
        f"FROM dokku/{holder}:latest\n{_NO_ALTERNATE}\n"
        f'LABEL rollback.release="{release}"\nLABEL rollback.attempt="{attempt}"\n'
    ) + _present_config(baked)
    own = {path: content for path, content in files.items() if path not in (shapes.DOCKERFILE, shapes.FACTS_FILE)}
    removed: list[str] = []
    for path in () if run_tasks else shapes.places(of.procfile, of.build_dir):
        if path in own:
            removed += [clean_line(f"release: {task['task']}") for task in _RELEASE_LINE.finditer(own[path])]
            own[path] = _RELEASE_LINE.sub("", own[path])
            if not own[path].strip():
                del own[path]
    for path in () if run_tasks else shapes.places(of.appjson, of.build_dir):
        if path in own:
            own[path], tasks = _without_tasks(own[path])
            removed += tasks
    if baked.builder == builders.HEROKUISH:
        for place in shapes.places(CONFIG_SCRIPT, of.build_dir):
            own[place] = config_script(baked.emptied)
    for place in shapes.places(of.dockerfile, of.build_dir):
        own[place] = dockerfile
    return tuple(sorted(own.items())), tuple(dict.fromkeys(removed))


def _present_config(baked: Baked) -> str:
    """The lines of a Dockerfile after which what runs sees the config of now, and none of then.

    Herokuish bakes it into files that every process sources, and a predeploy task into the image's environment, where
    a variable can be emptied but not taken out (recorded on 0.35.15 and 0.38.27, web, worker, `run` and `enter`).
    """
    empty = [f'{name}=""' for name in baked.emptied]
    lines = f"ENV {' '.join(empty)}\n" if empty else ""
    if baked.builder == builders.HEROKUISH:
        lines += f"RUN rm -rf /tmp/env/* {_PROFILE}/00-global-env.sh\nCOPY {CONFIG_SCRIPT} {_PROFILE}/01-app-env.sh\n"
    return lines


_PROFILE = "/app/.profile.d"


def config_script(gone: tuple[str, ...]) -> str:
    """The script that herokuish's processes source in place of the one with the config of then."""
    unset = "".join(f'[ -n "${{{name}-}}" ] || unset {name}\n' for name in gone)
    return (
        "# the app's config of now, as Dokku gave it to this container, before what is in the kept image\n"
        "while IFS= read -r -d '' rollback_kv; do\n"
        '  case "${rollback_kv%%=*}" in PATH|HOME|USER|PWD|SHLVL|_|BASH_*) ;; '
        '[a-zA-Z_]*) export "$rollback_kv" ;; esac\n'
        "done </proc/1/environ\n"
        f"unset rollback_kv\n{unset}"
    )


def procfile_of(containers: Iterable[Container]) -> str | None:
    """A Procfile with the commands that containers run, for a release whose own lies inside its image.

    None where a command has words that a Procfile might mean otherwise.
    """
    running = sorted({c.process: c for c in containers if c.running}.items())
    lines = {name: " ".join(c.command) for name, c in running if c.command}
    if not all(_PLAIN.fullmatch(word) for _, c in running for word in c.command):
        return None
    return "".join(f"{name}: {command}\n" for name, command in lines.items())


def process_types(procfile: str | None) -> frozenset[str]:
    """The process types of a Procfile; without one the image's own command is the web process."""
    names = {found["name"] for found in _PROCESS_LINE.finditer(procfile or "")} - {"release"}
    return frozenset(names or {"web"})


def has_predeploy(app_json: str) -> bool:
    """True if an app.json names a predeploy task; one that cannot be read may."""
    try:
        return any(task.startswith("predeploy: ") for task in _without_tasks(app_json)[1])
    except Unreadable:
        return True


def tasks(procfile: str | None, app_json: str | None) -> tuple[str, ...]:
    """The release and deploy tasks that two files of a release name; what cannot be read names itself."""
    found = [clean_line(f"release: {task['task']}") for task in _RELEASE_LINE.finditer(procfile or "")]
    try:
        found += _without_tasks(app_json)[1] if app_json else []
    except Unreadable:
        found.append("app.json that cannot be read")
    return tuple(found)


def cron(app_json: str | None) -> tuple[str, ...] | None:
    """The cron tasks of an app.json, each its schedule and its command; None where it cannot be read.

    Dokku's documentation: a list of `command` and `schedule`; it schedules them after a deploy that succeeded.
    """
    if app_json is None or '"cron"' not in app_json:
        return ()
    try:
        found = json_text.read(app_json, dict[str, Any]).get("cron")
    except json_text.NotJson:
        return None
    if not isinstance(found, list | None) or not all(isinstance(task, dict) for task in found or ()):
        return None
    return tuple(clean_line(f"{task.get('schedule')} {task.get('command')}") for task in found or ())


def _without_tasks(text: str) -> tuple[str, list[str]]:
    try:
        found = json_text.read(text, dict[str, Any])
    except json_text.NotJson as error:
        raise Unreadable("the target's app.json", text) from error
    removed: list[str] = []
    for path in _TASKS:
        level: Any = found
        for key in path[:-1]:
            level = level.get(key) if isinstance(level, dict) else None
        if isinstance(level, dict) and path[-1] in level:
            removed.append(clean_line(f"{path[-1]}: {level.pop(path[-1])}"))
    return (json_text.write(found) if removed else text), removed


def keep_message(*, app: str, number: int, by: str) -> str:
    """The message of the commit that fills a holder."""
    return f"Keep release {number} of {app}\n\nKept by {by}. This app retains an image and is never deployed.\n"


def go_back_message(
    *, app: str, target: str, commit: str | None, leaving: str, incident: str, deploy_branch: str
) -> str:
    """The message of the commit that goes back: what it is, how to go on, and not to merge it."""
    return (
        f"Roll {app} back to {target}\n\n"
        f"Incident {incident}. Left: {leaving}. The release's own commit: {commit or 'unknown'}.\n\n"
        "This commit holds no source: it starts an image that was kept. Do not merge it.\n"
        f"To go on: fix forward on {deploy_branch} and deploy that by an ordinary push after unfreezing.\n"
    )
