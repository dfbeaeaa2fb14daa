"""A release's answers over HTTP and lines in its log: pure functions of its content and a request number.

Failures are spread evenly by counting, not by chance: with an error rate of 0.03 every 33rd request or so fails.
"""

import json
from dataclasses import dataclass

from tui.sandbox.images import Content

READY_WORDS = {"scenextras": "ready", "scenextras-autocomplete": "healthy"}
HEALTH_PATHS = ("/healthcheck/ready", "/health", "/ready")
PAGE = "<!doctype html>\n<html><head><title>Scenextras</title></head><body><h1>Scenextras</h1></body></html>\n"
BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
USER_PATHS = ("/api/scenes", "/api/scenes/1042", "/api/search?q=rain", "/api/me", "/api/scenes/88/comments")
TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/app/scenextras/api.py", line 214, in handle',
    "    scene = await pool.fetch_scene(request.path_params['id'])",
    '  File "/app/scenextras/storage.py", line 77, in fetch_scene',
    "    row = await connection.fetchrow(SCENE_BY_ID, scene_id)",
    'asyncpg.exceptions.UndefinedColumnError: column "thumbnail_key" does not exist',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """One HTTP answer of a service. `hangs`: it comes only after a minute."""

    status: int
    body: str
    kind: str = "application/json"
    hangs: bool = False


def nth_fails(rate: float, number: int) -> bool:
    """True if the `number`-th request is among the failing ones at this rate, a share from 0 to 1."""
    return int(number * rate) != int((number - 1) * rate)


def health_answer(app: str, health: str) -> HttpAnswer:
    """The answer of an app's health paths in one of the states of `images.HEALTHS`; any other counts as `ok`."""
    word = READY_WORDS.get(app, "ok")
    match health:
        case "503":
            return HttpAnswer(status=503, body='{"status":"unready"}')
        case "not_ready":
            return HttpAnswer(status=200, body='{"status":"starting"}')
        case "html":
            return HttpAnswer(status=200, body=PAGE, kind="text/html")
        case "hang":
            return HttpAnswer(status=504, body="", hangs=True)
        case _:
            return HttpAnswer(status=200, body=json.dumps({"status": word}, separators=(",", ":")))


def page_status(content: Content, number: int) -> int:
    """The status of the `number`-th request of one container, where it is for a page."""
    rate = content.behaviour.error_rate
    return 500 if rate and nth_fails(rate, number) else 200


def answer(app: str, content: Content, path: str, number: int, host: str, uptime: int) -> HttpAnswer:
    """The answer to the `number`-th request of one container."""
    behaviour = content.behaviour
    if path in HEALTH_PATHS:
        return health_answer(app, behaviour.health)
    if path == "/ping":
        return HttpAnswer(status=200, body="pong", kind="text/plain")
    if page_status(content, number) == 500:
        return HttpAnswer(status=500, body='{"error":"internal server error"}')
    about = {"app": app, "version": content.version, "host": host, "uptime": uptime}
    return HttpAnswer(status=200, body=json.dumps(about, separators=(",", ":")))


def check_answer(app: str, content: Content, path: str) -> HttpAnswer:
    """The answer that Dokku's start-up check of a path sees."""
    behaviour = content.behaviour
    if behaviour.check:
        return health_answer(app, behaviour.check)
    return answer(app, content, path, 0, "", 0)


def start_lines(process: str, content: Content) -> tuple[str, ...]:
    """The first lines a container prints."""
    if content.behaviour.crash:
        return tuple(f"panic: boom on start, version {content.version}" for _ in range(8))
    if process != "web":
        return (f"worker tick 0 version={content.version}", f"worker tick 1 version={content.version}")
    tick = "\x1b[32mINFO\x1b[0m tick={} version={}"
    return (
        tick.format(0, content.version),
        f"listening on 5000 version {content.version}",
        tick.format(1, content.version),
    )


def tick_lines(process: str, content: Content, number: int) -> tuple[str, ...]:
    """The lines that a container prints in its `number`-th second, requests apart."""
    if process != "web":
        return (f"worker tick {number} version={content.version}",) if number % 2 == 0 else ()
    if content.behaviour.log == "tracebacks" and number % 5 == 0:
        request = f"request_id={number * 7919:08x} GET /api/scenes/{number} 500"
        failed = f"\x1b[31mERROR\x1b[0m {request} version={content.version}"
        return (failed, *TRACEBACK)
    return (f"\x1b[32mINFO\x1b[0m tick={number} version={content.version}",)
