"""WHAT PEOPLE SEE: the full-screen console. Textual is imported here and nowhere else.

    start, setup        from what was asked for to a running console, and back to a clean terminal
    app                 the application: its start and end, its events, the rhythm of drawing
    actions_and_keys    the table of all actions: keys, names, when they are possible, their ranks
    key_handlers,       what keys do: those that work from the first picture on, and those about services, which
      service_key_handlers  exist once the engine does
    keyboard_focus      who has the keys
    controller          which pages there are to open, which incidents are led here
    incident_flow       what can be done with one incident
    jobs, logs          work on hosts outside of an incident; the logs that are followed
    ports               what pages and jobs ask of the console
    frame, prompt       what is drawn; the one line that asks
    alerts              what is said without being asked
    pages/              one page a file: facts in, rows and choices out
    drawing/            facts in, rows out
    widgets/            panels of rows

Panels draw what they read from the engine and hold no state of an incident: closing one changes nothing.
"""
