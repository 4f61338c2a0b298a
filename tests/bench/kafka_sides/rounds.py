"""The Python sides' end of the bench: lines of JSON in, lines of JSON out. See rounds.ts."""

import json
import sys
import time

bootstrap, way = sys.argv[1], sys.argv[2]


class StopWatch:
    """Wall and CPU time; the CPU of all threads."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def stop(self, records):
        return {
            "records": records,
            "seconds": time.perf_counter() - self.wall,
            "cpuSeconds": time.process_time() - self.cpu,
        }


class ReadCount:
    """The time begins with the first records, behind joining and looking up."""

    def __init__(self, wanted):
        self.wanted, self.got, self.before, self.watch = wanted, 0, 0, None

    def add(self, records):
        self.got += records
        if self.watch is None and records > 0:
            self.watch, self.before = StopWatch(), self.got
        return self.got >= self.wanted

    def result(self):
        return self.watch.stop(self.got - self.before)


def transform(value):
    """The work that all transforming sides do to a record's value."""
    event = json.loads(value)
    event["doubled"] = event["sequence"] * 2
    return json.dumps(event, separators=(",", ":")).encode()


def requests():
    """What the bench asks for, until it ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        yield json.loads(line)


def answer(result):
    print(json.dumps(result), flush=True)
