"""`python -m pixmirror`."""

from pixmirror.cli import main

main()
