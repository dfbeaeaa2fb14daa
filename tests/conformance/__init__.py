"""What every Dokku that this console speaks to has to do: the same promises, held against whoever can answer.

`sources` are those who answer: recordings of real hosts, the sandbox, and a live host where one is named. `promises`
are what must hold, each read through the console's own eyes. `python -m tests.conformance` prints who keeps which.
"""
