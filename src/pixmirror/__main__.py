"""`python -m pixmirror`, and the console script: little enough that a Ctrl-C finds nothing half imported."""

import gc
import sys

from pixmirror.errors import ExitCode


def main() -> None:
    """Run the command line. Ctrl-C while it is still being imported ends it with a sentence, as later."""
    gc.disable()  # there is no garbage among what is imported; a command that works has it enabled (`importing`)
    try:
        from pixmirror.cli import main as command_line
    except KeyboardInterrupt:
        sys.stderr.write("Stopped before anything was done.\n")
        sys.exit(ExitCode.INTERRUPTED)
    command_line()


if __name__ == "__main__":
    main()
