"""weir alone, with one thing growing at a time: shards, connections, routes, event size, sinks and
fields asked for. Everything goes into blackholes: it is weir that is measured, and not a
file system.
"""

from dataclasses import dataclass
from typing import Callable

from .contest import hold
from .cores import share_cores
from .run import Job

SECONDS, QUICK_SECONDS = "3s", "1s"

# The events' fields, those that come first in an event first.
FIELDS = ["app", "level", "status", "method", "path", "bytes", "duration_ms", "time", "instance",
          "remote", "request_id", "agent", "message"]
TEXT_FIELDS = {"app", "level", "method", "path", "time", "instance", "remote", "request_id",
               "agent", "message"}
TOP = ('control_socket: @DIR@/weir.sock\nshards: @CORES@\nshutdown_timeout: 5s\n'
       'log: {level: warn}\n')
SOURCE = 'sources: {in: "tcp://127.0.0.1:@PORT@?max_connections=20000&max_event_bytes=1MiB"}\n'
ONE_SINK = "sinks: {out: blackhole}\n"
ONE_ROUTE = "routes: {all: {when: 'level != \"x\"', to: out}}\n"


@dataclass
class Series:
    name: str
    title: str
    axis: str            # What grows, with its unit.
    points: list
    quick_points: list
    template: Callable   # point -> text of the configuration
    load: Callable       # point -> arguments of `weir bench`
    logarithmic: bool = True
    figure: str = "events_per_second"
    cores: Callable = lambda _: 1


def all_series(core_count):
    """`core_count`: how many the machine has; shards beyond them would only share cores."""
    return [
        Series("shards", "Shards", "shards (threads, one core each)",
               [n for n in (1, 2, 4, 8, 16) if n <= max(2, core_count)], [1, 2],
               lambda _: TOP + SOURCE + ONE_ROUTE + ONE_SINK, lambda _: {"connections": 16},
               logarithmic=False, cores=lambda shards: shards),
        Series("connections", "Connections", "connections", [1, 10, 100, 1000, 10000],
               [1, 100, 1000], lambda _: TOP + SOURCE + ONE_ROUTE + ONE_SINK,
               lambda connections: {"connections": connections}),
        Series("routes", "Routes", "routes (each app == \"…\", one of them matches)",
               [1, 10, 100, 1000, 10000], [1, 100, 10000], routes, lambda _: {}),
        Series("event_size", "Event size", "bytes of an event",
               [100, 400, 1024, 4096, 16384, 65536, 262144], [100, 1024, 65536],
               lambda _: TOP + SOURCE + ONE_ROUTE + ONE_SINK, lambda size: {"size": size},
               figure="bytes_per_second"),
        Series("sinks", "Sinks", "sinks, each of which gets every event", list(range(1, 9)),
               [1, 4, 8], sinks, lambda _: {}, logarithmic=False),
        Series("fields", "Fields asked for", "fields that routes ask for, of 13",
               [0, 1, 2, 3, 5, 8, 13], [0, 3, 13], fields, lambda _: {"size": "500..600"},
               logarithmic=False),
    ]


def routes(count):
    lines = [f"  r{index}: {{when: 'app == \"none{index}\"', to: out}}\n"
             for index in range(count - 1)]
    return (TOP + SOURCE + "routes:\n" + "".join(lines)
            + "  all: {when: 'app != \"\"', to: out}\n" + ONE_SINK)


def sinks(count):
    return TOP + SOURCE + "sinks:\n" + "".join(f"  out{index}: blackhole\n"
                                               for index in range(count))


def fields(count):
    """One condition, false for every part, so that all of it is evaluated."""
    if count == 0:
        return TOP + SOURCE + ONE_SINK
    parts = [f'{name} == "none"' if name in TEXT_FIELDS else f"{name} == -1"
             for name in FIELDS[:count]]
    return (TOP + SOURCE + f"routes:\n  asked: {{when: '{' || '.join(parts)}', to: out}}\n"
            + "  rest: {when: unmatched, to: out}\n" + ONE_SINK)


def measure(series, router, runner, rounds, quick):
    """The series as the report holds it: an outcome for each point."""
    jobs, shared = {}, {}
    for point in series.quick_points if quick else series.points:
        cores = share_cores(series.cores(point))
        shared[point] = cores.shared
        jobs[point] = Job(router=router, template=series.template(point),
                          to="tcp://127.0.0.1:@PORT@", collect=[], values={}, cores=cores,
                          load={"duration": QUICK_SECONDS if quick else SECONDS,
                                **series.load(point)})
    outcomes = hold(series.name, jobs, runner, rounds, warm_up=not quick)
    return {"name": series.name, "title": series.title, "axis": series.axis,
            "logarithmic": series.logarithmic, "figure": series.figure,
            "points": [{"x": point, "cores_shared": shared[point], **outcomes[point]}
                       for point in jobs]}
