"""`python -m pixmirror.demo`: serves a generated Pixiv on loopback until it is told to stop."""

import argparse
import sys
import threading
from functools import partial
from pathlib import Path

import uvicorn

from pixmirror.demo import live, saved, story
from pixmirror.demo.generate import WorldSpec, generate
from pixmirror.demo.server import create_app, serve
from pixmirror.demo.world import World, real_now


class ShiftedNow:
    """The machine's time, so many milliseconds earlier or later."""

    shift = 0

    def __call__(self) -> int:
        return real_now() + self.shift


def main() -> None:
    """Print one line, `listening http://127.0.0.1:PORT`, then serve."""
    options = _options()
    now = ShiftedNow()
    now.shift = options.shift_ms
    world = _world(options, now)
    keep = _Keeper(world, options.state)

    def ready(url: str, server: uvicorn.Server) -> None:
        sys.stdout.write(f"listening {url}\n")
        sys.stdout.flush()
        if options.exit_with_stdin:
            threading.Thread(target=_obey, args=(server, now, keep), daemon=True).start()

    serve(create_app(world), options.port, ready)
    keep.save()


def _world(options: argparse.Namespace, now: ShiftedNow) -> World:
    """Return the world that was saved, or the one of these options."""
    if options.state and options.state.is_file():
        try:
            return saved.load(options.state, now)
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            sys.exit(f"{options.state} is damaged: remove the demo's folder and start it again.")
    world = generate(WorldSpec(options.seed, options.made_ms, artists=options.artists, works=options.works), now)
    if options.story:
        story.begin(world, options.made_ms or now())
    return world


class _Keeper:
    """Saves the world from the first time on that it lives by itself; until then its seed and time say it all."""

    def __init__(self, world: World, path: Path | None) -> None:
        self._world, self._path = world, path
        self._lives = path is not None and path.is_file()
        self._writing = threading.Lock()

    def save(self) -> None:
        """Write it down, once it lives."""
        if self._lives and self._path is not None:
            with self._writing:
                saved.save(self._world, self._path)

    def let_live(self, seconds: float) -> None:
        """From now on keep what happens; with `seconds`, something happens each so many."""
        with self._world.lock:
            self._world.settle()
        self._lives = True
        self.save()
        if seconds:
            threading.Thread(target=partial(live.go_on, self._world, seconds, self.save), daemon=True).start()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pixmirror.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--artists", type=int, default=40)
    parser.add_argument("--works", type=int, default=900)
    parser.add_argument("--made-ms", type=int, help="the time that the world is complete for (default: now)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="where it is saved, and goes on from")
    parser.add_argument("--shift-ms", type=int, default=0, help="how much later than now its time is")
    parser.add_argument("--story", action="store_true", help="let things happen in the days after it was made")
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="end with standard input; lines there: `shift MS` moves its time, `live SECONDS` lets works appear",
    )
    return parser.parse_args()


def _obey(server: uvicorn.Server, now: ShiftedNow, keep: _Keeper) -> None:
    for line in sys.stdin:
        word, _, number = line.partition(" ")
        if word == "shift":
            now.shift = int(number)
        elif word == "live":
            keep.let_live(float(number))
        sys.stdout.write(f"done {line}")
        sys.stdout.flush()
    server.should_exit = True


if __name__ == "__main__":
    main()
