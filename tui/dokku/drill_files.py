"""The releases of a drill's app: a shell that waits, in an image that is on the host already.

No process of the image's own starts: its entry point is emptied, and the one process is ours, of a type that gets no
site and no port. It begins with an empty environment, as an image may hold config of the app that it was built for.
"""

from tui.dokku.build_settings import Shape, places
from tui.dokku.commit_files import Tree

PROCESS = "worker"
"""no web: nginx is told of nothing, and nobody's request can reach it"""
READY = "rollback-drill is ready"
"""what its log says; health is asked by that"""
SCRIPT = "rollback-drill.sh"
_DOCKERFILE = """\
FROM {image}
LABEL com.dokku.docker-image-labeler/alternate-tags=""
LABEL rollback.drill="{number}"
COPY {script} /{script}
ENTRYPOINT []
CMD ["sh", "/{script}"]
"""
# the shell takes SIGTERM at once: without the trap each container would take half a minute to stop
_SCRIPT = f"""\
echo {READY}
trap 'exit 0' TERM INT
while :; do sleep 1 & wait $!; done
"""
_APP_JSON = f'{{"healthchecks": {{"{PROCESS}": [{{"type": "startup", "name": "drill", "uptime": 1}}]}}}}\n'


def tree(image: str, number: int, of: Shape) -> Tree:
    """The commit of one release, `number` counts them. Each file is where this host looks for it."""
    dockerfile = _DOCKERFILE.format(image=image, number=number, script=SCRIPT)
    found: dict[str, str] = {}
    for path, text in (
        (of.dockerfile, dockerfile),
        (of.procfile, f"{PROCESS}: env -i sh /{SCRIPT}\n"),
        (of.appjson, _APP_JSON),
        (SCRIPT, _SCRIPT),
    ):
        for place in places(path, of.build_dir):
            found[place] = text
    return tuple(sorted(found.items()))
