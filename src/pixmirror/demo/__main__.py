"""`python -m pixmirror.demo`: serves a generated Pixiv on loopback until it is told to stop."""

import argparse
import sys
import threading

import uvicorn

from pixmirror.demo import story
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, serve
from pixmirror.demo.world import real_now


class ShiftedNow:
    """The machine's time, so many milliseconds earlier or later."""

    shift = 0

    def __call__(self) -> int:
        return real_now() + self.shift


def main() -> None:
    """Print one line, `listening http://127.0.0.1:PORT`, then serve."""
    options = _options()
    spec = WorldSpec(options.seed, options.made_ms, artists=options.artists, works=options.works)
    now = ShiftedNow()
    now.shift = options.shift_ms
    world = generate(spec, now)
    if options.story:
        story.begin(world, options.made_ms or now())

    def ready(url: str, server: uvicorn.Server) -> None:
        sys.stdout.write(f"listening {url}\n")
        sys.stdout.flush()
        if options.exit_with_stdin:
            threading.Thread(target=_obey, args=(server, now), daemon=True).start()

    serve(create_app(world, live=options.live), options.port, ready)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pixmirror.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--artists", type=int, default=40)
    parser.add_argument("--works", type=int, default=900)
    parser.add_argument("--made-ms", type=int, help="the time that the world is complete for (default: now)")
    parser.add_argument("--live", type=float, metavar="SECONDS", help="a new work every so many seconds")
    parser.add_argument("--shift-ms", type=int, default=0, help="how much later than now its time is")
    parser.add_argument("--story", action="store_true", help="let things happen in the days after it was made")
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="end with standard input; a line `shift MS` there moves its time",
    )
    return parser.parse_args()


def _obey(server: uvicorn.Server, now: ShiftedNow) -> None:
    for line in sys.stdin:
        word, _, number = line.partition(" ")
        if word == "shift":
            now.shift = int(number)
            sys.stdout.write(f"shifted {now.shift}\n")
            sys.stdout.flush()
    server.should_exit = True


if __name__ == "__main__":
    main()
