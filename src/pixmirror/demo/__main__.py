"""`python -m pixmirror.demo`: serves a generated Pixiv on loopback until it is told to stop."""

import argparse
import sys
import threading

import uvicorn

from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, serve


def main() -> None:
    """Prints one line, `listening http://127.0.0.1:PORT`, then serves."""
    options = _options()
    spec = WorldSpec(options.seed, options.made_ms, artists=options.artists, works=options.works)
    world = generate(spec)

    def ready(url: str, server: uvicorn.Server) -> None:
        sys.stdout.write(f"listening {url}\n")
        sys.stdout.flush()
        if options.exit_with_stdin:
            threading.Thread(target=_exit_with_stdin, args=(server,), daemon=True).start()

    serve(create_app(world, live=options.live), options.port, ready)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pixmirror.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--artists", type=int, default=40)
    parser.add_argument("--works", type=int, default=900)
    parser.add_argument("--made-ms", type=int, help="the time that the world is complete for (default: now)")
    parser.add_argument("--live", type=float, metavar="SECONDS", help="a new work every so many seconds")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input ends")
    return parser.parse_args()


def _exit_with_stdin(server: uvicorn.Server) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
