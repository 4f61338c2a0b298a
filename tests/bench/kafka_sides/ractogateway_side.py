"""ractogateway.kafka with its own defaults, but for what the bench is about: batches of 500, no compression."""

import uuid

from ractogateway.kafka import (
    KafkaConsumerClient,
    KafkaConsumerConfig,
    KafkaProducerClient,
    KafkaProducerConfig,
    KafkaStreamConfig,
    KafkaStreamProcessor,
)

from rounds import ReadCount, StopWatch, answer, bootstrap, requests, way


def consumer(topic):
    return KafkaConsumerClient(
        config=KafkaConsumerConfig(
            topics=[topic],
            bootstrap_servers=bootstrap,
            group_id=f"bench-{uuid.uuid4()}",
            auto_offset_reset="earliest",
        ),
        value_deserializer=(lambda value: value) if way == "consume" else None,
    )


def produce(request, producer):
    value = b"x" * request["bytes"]
    watch = StopWatch()
    for _ in range(request["records"]):
        producer.publish(request["topic"], value, wait=False)
    producer.flush()
    return watch.stop(request["records"])


def consume(request):
    reader = consumer(request["topic"])
    count = ReadCount(request["records"])
    while not count.add(len(reader.poll(timeout_ms=1000, max_records=500))):
        pass
    result = count.result()
    reader.close()
    return result


def doubled(batch):
    return [{**message.value, "doubled": message.value["sequence"] * 2} for message in batch]


def transforming(request, producer):
    reader = consumer(request["topic"])
    # Its default batch is 32; it waits for each record by default whatever the batch.
    size = min(500, max(1, request["records"] // 2))
    processor = KafkaStreamProcessor(
        consumer=reader,
        producer=producer,
        config=KafkaStreamConfig(batch_size=size, wait_for_publish=way == "transform"),
    )
    count = ReadCount(request["records"])
    while not count.add(processor.process_once(doubled, output_topic=request["output"])):
        pass
    result = count.result()
    reader.close()
    return result


writer = KafkaProducerClient(
    config=KafkaProducerConfig(
        bootstrap_servers=bootstrap, compression_type=None, extra={"enable_idempotence": True}
    )
)
for wanted in requests():
    if way == "produce":
        answer(produce(wanted, writer))
    elif way == "consume":
        answer(consume(wanted))
    else:
        answer(transforming(wanted, writer))
