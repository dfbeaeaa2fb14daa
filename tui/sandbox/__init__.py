"""A pretend Dokku host, in a process of its own, for the first five minutes, for drills and for tests.

What flows in: SSH connections (git pushes and Dokku commands) and HTTP requests on 127.0.0.1. What flows out: what
real hosts of Dokku 0.35.15 and 0.38.27 answered, recorded on 2026-11-23, with the app, ids, times and versions put
in; and services whose behaviour follows the release that is deployed. Start it with `python -m tui.sandbox`; it
imports nothing else of `tui`.

How a command travels::

    server (SSH) or shimserver (unix socket) → host.Call → dispatch → commands/* or git_server
        → deploy (says its lines as it goes) → machine (apps, images, containers) → web (HTTP) and logs

`machine` is the truth; `recorded` holds what the real hosts said; `faults` breaks things on request;
`control` lets a test look inside and pull the strings.
"""
