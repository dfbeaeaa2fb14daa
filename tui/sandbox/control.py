"""The strings behind the stage: HTTP and JSON under a secret path, for tests and drills.

`GET /state` shows everything; the POSTs push as a colleague would, arm faults, change behaviours, let the timer
strike. A refusal is status 400 with `{"error": …}`. All of it acts on the same objects as the commands, and none
of it goes through the forced command.
"""

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from tui.sandbox import kube
from tui.sandbox.armed_faults import KINDS, Fault, When
from tui.sandbox.fake_teammate import Colleague
from tui.sandbox.host import SandboxHost
from tui.sandbox.http import HttpServer, Request, Response
from tui.sandbox.machine import AppMissing
from tui.sandbox.scenario import SCENARIOS, misbehave
from tui.sandbox.server import SshHouse
from tui.sandbox.snapshot import snapshot
from tui.sandbox.web import FORMATS

Told = dict[str, Any]
Action = Callable[[Told], Awaitable[object]]


class Control:
    """The control port of one sandbox: `_actions` lists what it can be told."""

    def __init__(self, host: SandboxHost, ssh: SshHouse) -> None:
        self._host = host
        self._ssh = ssh
        self._token = secrets.token_urlsafe(16)
        self._server = HttpServer(self._respond)
        self._colleague = Colleague(host)
        self.changed: Callable[[], None] = lambda: None
        """heard after an app was made; set by whoever writes services.yaml"""
        self._actions: dict[str, Action] = {
            "/app": self.bring,
            "/deploy": self._deploy,
            "/fault": self._fault,
            "/faults/clear": self._clear,
            "/behaviour": self._behaviour,
            "/scenario": self._scenario,
            "/command": self._command,
            "/retire": self._retire,
            "/remove_image": self._remove_image,
            "/prune_images": self._prune_images,
            "/cluster": self._cluster,
            "/remove_app": self._remove_app,
            "/tag": self._tag,
            "/restart_host": self._restart_host,
            "/restart_container": self._restart_container,
            "/log": self._log,
            "/traffic": self._traffic,
            "/access_log": self._access_log,
            "/cut": self._cut,
            "/ssh": self._listening,
        }

    @property
    def url(self) -> str:
        """The address with the secret path, without a slash at its end; right once the port is open."""
        return f"http://127.0.0.1:{self._server.port}/{self._token}"

    async def listen(self) -> None:
        """Opens a free port on 127.0.0.1."""
        await self._server.listen()

    async def close(self) -> None:
        """Ends the pushes of the teammate, then the port."""
        await self._colleague.close()
        await self._server.close()

    async def _respond(self, request: Request) -> Response:
        prefix = f"/{self._token}"
        if not request.path.startswith(f"{prefix}/"):
            return answer(404, {"error": "not found"})
        path = request.path.removeprefix(prefix)
        if request.method == "GET" and path == "/state":
            return answer(200, snapshot(self._host))
        action = self._actions.get(path)
        if action is None or request.method != "POST":
            return answer(404, {"error": f"known are GET /state and POST {', '.join(self._actions)}"})
        try:
            told = json.loads(request.body or b"{}")
            return answer(200, await action(told))
        except AppMissing as missing:
            return answer(400, {"error": f"no app {missing}"})
        except (ValueError, KeyError, TypeError) as error:
            return answer(400, {"error": f"{type(error).__name__}: {error}"})

    async def bring(self, told: Told) -> object:
        """{name, builder?, version?, behaviour?, worker?, predeploy?, release_task?, scheduler?, check?, config?,
        commands?}: an app and its first release by herokuish, pack, nixpacks, railpack, a Dockerfile, image or archive;
        `/deploy` brings its later ones. It is a service of services.yaml from then on.
        """
        made = await self._colleague.bring(told)
        self.changed()
        return made

    async def _deploy(self, told: Told) -> object:
        """{app, version?, behaviour?, branch?, force?, wait?, files?, message?}: a colleague's push, through
        git-receive-pack.
        """
        return await self._colleague.push(told)

    async def _fault(self, told: Told) -> object:
        """{kind, when: {command_prefix, after_bytes, after_seconds, after_phase}, times, …}; see `Fault`."""
        when = When(**told.pop("when", {}))
        self._host.faults.arm(Fault(when=when, **told))
        return {"armed": len(self._host.faults.armed)}

    async def _clear(self, told: Told) -> object:
        self._host.faults.clear()
        return {"armed": 0, "kinds": KINDS}

    async def _behaviour(self, told: Told) -> object:
        """{app, health?, error_rate?, …}: changes the release that runs."""
        app = told.pop("app")
        misbehave(self._host, app, **told)
        return {}

    async def _scenario(self, told: Told) -> object:
        scenario = SCENARIOS[told["name"]]
        for app in scenario.apps(self._host):
            await self.bring(app)
        scenario.begin(self._host)
        return {}

    async def _command(self, told: Told) -> object:
        """{command}: runs a Dokku command as somebody else; stdout, stderr and exit code."""
        return await self._colleague.command(told["command"])

    async def _retire(self, told: Told) -> object:
        """{force?}: the timer strikes now; with force everything is due."""
        self._host.machine.retire(None, force=bool(told.get("force", False)))
        return {}

    async def _remove_image(self, told: Told) -> object:
        """{app}: `docker image rm --force` by root; the app stays and says nothing."""
        images = self._host.machine.images
        app = self._host.machine.app(told["app"])
        image = images.find(app.image)
        images.untag(app.image)
        if image is not None:
            images.images.pop(image.id, None)
        return {}

    async def _prune_images(self, told: Told) -> object:
        """`docker image prune --all` by root: no holder's image is left, and nothing says so."""
        machine = self._host.machine
        return {"removed": machine.images.prune(machine.images_in_use())}

    async def _cluster(self, told: Told) -> object:
        """{down?, app?, reschedule?, release?}: Kubernetes cannot be reached; every pod of the app starts anew; its
        admin frees a Helm release that is pending.
        """
        machine = self._host.machine
        machine.cluster.down = bool(told.get("down", machine.cluster.down))
        if told.get("reschedule"):
            kube.reschedule(machine, machine.app(told["app"]))
        if told.get("release"):
            app = machine.app(told["app"])
            machine.cluster.helm[(kube.namespace(machine, app), app.name)] = "deployed"
        return {}

    async def _tag(self, told: Told) -> object:
        """{image, tags: [...]}: `docker tag` by root."""
        images = self._host.machine.images
        for tag in told["tags"]:
            images.tag(images.images[told["image"]], tag)
        return {}

    async def _remove_app(self, told: Told) -> object:
        self._host.machine.destroy_app(self._host.machine.app(told["app"]))
        return {}

    async def _restart_host(self, told: Told) -> object:
        """{ids?: keep or change}: every connection and command dies, every container starts again; see `reboot`."""
        await self._host.restart(told.get("ids", "keep"))
        return {}

    async def _restart_container(self, told: Told) -> object:
        """{app, process?, oom?, loop?}: Docker restarts a process that died; with loop again and again."""
        machine = self._host.machine
        for dyno, container in machine.current(machine.app(told["app"])).items():
            if container is not None and dyno.startswith(told.get("process", "")):
                container.restarts += 1
                container.oom_killed = bool(told.get("oom", False))
                container.looping = bool(told.get("loop", False))
                container.started = machine.now()
        return {}

    async def _log(self, told: Told) -> object:
        """{app, lines: [...], process?}: puts lines into the log of the containers that run."""
        machine = self._host.machine
        for dyno, container in machine.current(machine.app(told["app"])).items():
            if container is not None and dyno.startswith(told.get("process", "")):
                for line in told["lines"]:
                    container.log.append(str(line))
        return {}

    async def _traffic(self, told: Told) -> object:
        """{app, per_second}: how many requests of users there are."""
        app = self._host.machine.app(told["app"])
        self._host.sites.traffic[app.name] = int(told["per_second"])
        return {}

    async def _access_log(self, told: Told) -> object:
        """{app, format?, rotate?}: nginx writes another format from now on, or none; logrotate strikes."""
        app = self._host.machine.app(told["app"])
        wanted = told.get("format", "combined")
        if wanted not in FORMATS:
            raise ValueError(f"format is one of {', '.join(FORMATS)}")
        self._host.sites.formats[app.name] = wanted
        if told.get("rotate"):
            self._host.sites.rotate(app.name)
        return {}

    async def _cut(self, told: Told) -> object:
        """All SSH connections die now."""
        self._ssh.cut_all()
        return {}

    async def _listening(self, told: Told) -> object:
        """{listening}: closes or opens the SSH port, on the same number."""
        if told["listening"]:
            await self._ssh.listen(self._ssh.port)
        else:
            await self._ssh.unlisten()
        return {}


def answer(status: int, document: object) -> Response:
    """A response with a JSON document."""
    return Response(status=status, body=json.dumps(document).encode(), headers={"Content-Type": "application/json"})
