"""`rollback`: an incident console for services on Dokku; a bad deploy is rolled back, proven, watched and recorded.

The rooms, in the way of the data:

    config/     services.yaml → Fleet; every error with file, line, key and the fix
    text/       made harmless: text from outside, secrets, what goes to other people    (pure)
    model/      what things are: frozen values                                         (pure)
    dokku/      how Dokku speaks: intent → argument lists, bytes → facts               (pure)
    releases/   which release: what is known of them, and which one a person means     (pure)
    incident/   what to decide: decide(incident, event) → (incident, effects)          (pure)
    init_config/  what a services.yaml for a host should say: facts in, text out          (pure)
    ways/       ways back: plan builders, one file each, listed in `WAYS`              (pure)
    drivers/    how we touch it: ssh, git, http, journal, clock; vendors/ one file each, listed in `REGISTRY`
    engine/     runs incidents: effects out to drivers, events back in; one gate for every change
                hosts/ connections, the gate, the record · incident/ the loop · releases/ plan, keep, freeze ·
                monitor/ health, error rates, logs · notify/ people, post-mortem
    console/    what people see: Textual only here
    cli/        what scripts see: stdout is data, stderr is narration; `exits` owns the exit codes; commands/
    sandbox/    a pretend host in a process of its own, reached only over SSH and HTTP
    bootstrap   the composition root
    regular_file  reads small files that people name
    garbage       when nobody looks for garbage

One incident: a front end asks `engine.plan` for a Plan, whose facts `engine.releases.planner` gathers and whose steps a
way makes; a person confirms; `engine.incident.runner` takes events through `incident.decide`, journals each before
anything acts, and lets `engine.incident.handler` carry the effects out.
"""
