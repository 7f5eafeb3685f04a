"""Celery's own client: composes, sends and joins workflows, one after another."""

import json
import time
from statistics import median

from celery import chain, chord, group
from python_tasks import add, options, total

sizes = options["sizes"]


def adds(size):
    return [add.s(at, at) for at in range(size)]


KINDS = {
    "chord": (lambda n: chord(adds(n), total.s()), lambda n: n * (n - 1)),
    "chain": (lambda n: chain(add.s(0, 1), *(add.s(1) for _ in range(n - 1))), lambda n: n),
    "group": (lambda n: group(adds(n)), lambda n: [2 * at for at in range(n)]),
}


def run(compose, size, expected):
    started = time.perf_counter()
    value = compose(size).apply_async().get(timeout=120)
    took = time.perf_counter() - started
    assert value == expected, f"Wrong result: {value}"
    return took


samples = []
for name, (compose, expect) in KINDS.items():
    size = sizes[name]
    expected = expect(size)
    run(compose, size, expected)
    cpu = time.process_time()
    times = [run(compose, size, expected) for _ in range(options["count"])]
    cpu = time.process_time() - cpu
    samples.append(
        {
            "case": f"{name} of {size}",
            "values": {"perSecond": size / median(times)},
            "cpuUs": cpu / (options["count"] * size) * 1e6,
        }
    )
print("result", json.dumps(samples), flush=True)
