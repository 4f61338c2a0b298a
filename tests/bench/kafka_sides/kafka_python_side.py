"""kafka-python."""

import uuid

from kafka import KafkaConsumer, KafkaProducer

from rounds import ReadCount, StopWatch, answer, bootstrap, requests, way


def produce(request, producer):
    value = b"x" * request["bytes"]
    watch = StopWatch()
    for _ in range(request["records"]):
        producer.send(request["topic"], value)
    producer.flush()
    return watch.stop(request["records"])


def consume(request):
    reader = KafkaConsumer(
        request["topic"],
        bootstrap_servers=bootstrap,
        group_id=f"bench-{uuid.uuid4()}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    count = ReadCount(request["records"])
    while not count.add(sum(len(batch) for batch in reader.poll(timeout_ms=1000, max_records=500).values())):
        pass
    result = count.result()
    reader.close()
    return result


if way == "produce":
    writer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=5)
    for wanted in requests():
        answer(produce(wanted, writer))
else:
    for wanted in requests():
        answer(consume(wanted))
