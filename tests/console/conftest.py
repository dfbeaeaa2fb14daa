"""What the console's tests do without."""

from tests.lighter import draw_for_readers

draw_for_readers()
