"""confluent-kafka (librdkafka)."""

import time
import uuid

from confluent_kafka import Consumer, Producer

from rounds import ReadCount, StopWatch, answer, bootstrap, requests, transform, way

SETTINGS = {"bootstrap.servers": bootstrap, "enable.idempotence": True, "acks": "all"}


def consumer(topic, start="earliest"):
    reader = Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": f"bench-{uuid.uuid4()}",
        "auto.offset.reset": start,
        "enable.auto.commit": False,
    })
    reader.subscribe([topic])
    return reader


def put(producer, topic, value, key=None):
    while True:
        try:
            return producer.produce(topic, value, key=key)
        except BufferError:
            producer.poll(0.01)


def produce(request, producer):
    value = b"x" * request["bytes"]
    watch = StopWatch()
    for _ in range(request["records"]):
        put(producer, request["topic"], value)
        producer.poll(0)
    producer.flush()
    return watch.stop(request["records"])


def consume(request):
    reader = consumer(request["topic"])
    count = ReadCount(request["records"])
    while not count.add(len(reader.consume(500, 1.0))):
        pass
    result = count.result()
    reader.close()
    return result


def transforming(request, producer):
    reader = consumer(request["topic"])
    count = ReadCount(request["records"])
    while True:
        batch = reader.consume(500, 1.0)
        if not batch:
            continue
        for message in batch:
            put(producer, request["output"], transform(message.value()), message.key())
        producer.flush()
        reader.commit(asynchronous=False)
        if count.add(len(batch)):
            break
    result = count.result()
    reader.close()
    return result


def latency(request, producer):
    reader = consumer(request["topic"], "latest")
    value = b"x" * request["bytes"]
    # The reader is there once it has a record.
    arrived = None
    while arrived is None:
        put(producer, request["topic"], value)
        producer.flush()
        arrived = reader.poll(0.5)
    while reader.poll(0.5) is not None:
        pass
    latencies = []
    watch = StopWatch()
    for _ in range(request["records"]):
        start = time.perf_counter()
        put(producer, request["topic"], value)
        while reader.poll(1.0) is None:
            pass
        latencies.append((time.perf_counter() - start) * 1000)
    result = watch.stop(request["records"])
    producer.flush()
    reader.close()
    return {**result, "latenciesMs": latencies}


writer = Producer({**SETTINGS, "linger.ms": 0} if way == "latency" else SETTINGS)
for wanted in requests():
    if way == "produce":
        answer(produce(wanted, writer))
    elif way == "consume":
        answer(consume(wanted))
    elif way == "transform":
        answer(transforming(wanted, writer))
    else:
        answer(latency(wanted, writer))
