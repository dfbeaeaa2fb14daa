"""A pretend Dokku host, in a process of its own, for the first five minutes, for drills and for tests.

What flows in: SSH connections (git pushes and Dokku commands) and HTTP requests on 127.0.0.1. What flows out: what
real hosts of Dokku 0.35.15 and 0.38.27 answered, recorded on 2026-11-23, with the app, ids, times and versions put
in; and services whose behaviour follows the release that is deployed. Start it with `python -m tui.sandbox`; it
imports nothing else of `tui`.

How a command travels::

    server (SSH) or shimserver (unix socket) → host.Call → dispatch → commands/* or git_server
        → deploy (says its lines as it goes) → machine (apps, images, containers) → web (HTTP) and logs

Apps that no Dockerfile built are made by the control port, before or while it runs::

    POST /app {"name": "shop", "builder": "herokuish", "worker": true, "predeploy": true, "config": {"KEY": "old"}}
    POST /deploy {"app": "shop", "version": "v2.0.0", "behaviour": {"health": "503"}, "wait": true}

`builder` is dockerfile, herokuish, pack, nixpacks, railpack (0.38.27), image (git:from-image) or archive; `/deploy`
brings later releases by the same door. The app is a service of services.yaml from then on. The scenario `builders`
starts with one of each. In `GET /state` a container tells what it `runs` ("" = nothing, a worker may be a second web)
and which environment its process `sees`; `executed` lists every time code of a release ran, so a look at a holder that
starts it shows. `POST /prune_images` is root's `docker image prune --all`.

`"scheduler": "k3s"` hands an app to Dokku's Kubernetes scheduler, with a registry (scenario `k3s`): pods in the place
of containers, and what a failed or killed deploy does to them. `POST /cluster` takes the cluster away (`down`), starts
pods anew (`app`, `reschedule`) or frees a pending Helm release (`app`, `release`); the fault `fail_next_deploy` has the
mode `helm`.

`machine` is the truth; `recorded` holds what the real hosts said; `armed_faults` breaks things on request;
`control` lets a test look inside and pull the strings.
"""
