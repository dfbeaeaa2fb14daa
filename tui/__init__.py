"""`rollback`: an incident console for services on Dokku; a bad deploy is rolled back, proven, watched and recorded.

The rooms, in the way of the data:

    services/   services.yaml → Fleet; every error with file, line, key and the fix
    model/      what things are: frozen values
    dokku/      how Dokku speaks: intent → argument lists, bytes → facts              (pure)
    incident/   what to decide: decide(incident, event) → (incident, effects)         (pure)
    ways/       ways back: WAYS, one file each; one builder makes their plans         (pure)
    drivers/    how we touch it: ssh, git, http, journal, clock; one outside thing per file
                drivers/vendors/: one file a vendor, with its settings and its check; REGISTRY lists them
    engine/     who runs the loop: effects out to drivers, events back in; one gate for every change
    console/    what people see: pages and panels over the engine; `actions` is the table of all keys
    cli/        what scripts see: stdout is data, stderr is narration; `exits` owns the exit codes
    sandbox/    a pretend host in a process of its own, reached only over SSH and HTTP
    bootstrap   the composition root
    regular_file  reads small files that people name

One incident: `cli` asks `engine.plan` for a Plan, whose facts `engine.releases.planner` gathers and whose steps a way makes; a
person confirms, `engine.incident.runner` takes events through `incident.decide`, appends each to the journal before anything acts,
and lets `engine.incident.handler` carry the effects out.
"""
