"""The contents of our own commits: the one that fills a holder, and the one that goes back to it.

`alternate-tags=""` switches off the label by which Dokku would delete the source image once a container retires.
A Procfile or app.json at the root of a holder's commit would make Dokku run its tasks, so there they lie in a folder.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tui.dokku.kept import FILES_FOLDER
from tui.dokku.reports import Unreadable
from tui.model.text import clean_line

Tree = tuple[tuple[str, str], ...]
_NO_ALTERNATE = 'LABEL com.dokku.docker-image-labeler/alternate-tags=""'
_RELEASE_LINE = re.compile(r"(?m)^[ \t]*release[ \t]*:[ \t]*(?P<task>.*)$\n?")
_TASKS = (("scripts", "dokku", "predeploy"), ("scripts", "dokku", "postdeploy"), ("scripts", "postdeploy"))


def keep_tree(app: str, number: int, files: Mapping[str, str]) -> Tree:
    """The commit that fills a holder: the running image, and the release's own files beside it."""
    dockerfile = f'FROM dokku/{app}:latest\n{_NO_ALTERNATE}\nLABEL rollback.kept="{number}"\n'
    kept = {f"{FILES_FOLDER}/{path}": content for path, content in files.items()}
    kept[f"{FILES_FOLDER}/release.json"] = f'{{"release":{number}}}\n'
    return tuple(sorted({"Dockerfile": dockerfile, **kept}.items()))


def go_back_tree(
    holder: str, release: int, attempt: str, files: Mapping[str, str], *, run_tasks: bool
) -> tuple[Tree, tuple[str, ...]]:
    """The commit that goes back, and the tasks that were taken out of it. Raises Unreadable for a broken app.json."""
    dockerfile = (
        f"FROM dokku/{holder}:latest\n{_NO_ALTERNATE}\n"
        f'LABEL rollback.release="{release}"\nLABEL rollback.attempt="{attempt}"\n'
    )
    own = {path: content for path, content in files.items() if path not in ("Dockerfile", "release.json")}
    removed: list[str] = []
    if not run_tasks:
        if "Procfile" in own:
            removed += [clean_line(f"release: {task['task']}") for task in _RELEASE_LINE.finditer(own["Procfile"])]
            own["Procfile"] = _RELEASE_LINE.sub("", own["Procfile"])
            if not own["Procfile"].strip():
                del own["Procfile"]
        if "app.json" in own:
            own["app.json"], tasks = _without_tasks(own["app.json"])
            removed += tasks
    return tuple(sorted({**own, "Dockerfile": dockerfile}.items())), tuple(removed)


def _without_tasks(text: str) -> tuple[str, list[str]]:
    try:
        found = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Unreadable("the target's app.json", text) from error
    removed: list[str] = []
    for path in _TASKS:
        level: Any = found
        for key in path[:-1]:
            level = level.get(key) if isinstance(level, dict) else None
        if isinstance(level, dict) and path[-1] in level:
            removed.append(clean_line(f"{path[-1]}: {level.pop(path[-1])}"))
    return (msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n" if removed else text), removed


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
