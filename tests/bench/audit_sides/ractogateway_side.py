"""ractogateway's KafkaAuditLogger: `flush` logs without waiting; a number is so many threads that each wait."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "kafka_sides"))

from ractogateway.kafka import KafkaAuditLogger, KafkaProducerClient, KafkaProducerConfig
from rounds import StopWatch, answer, bootstrap, requests, way

PROMPT = ("What is the capital of France, and since when? Name the source. " * 8)[:500]
RESPONSE = ("Paris is the capital of France and has been so for most of the last thousand years. " * 5)[:400]

producer = KafkaProducerClient(
    config=KafkaProducerConfig(
        bootstrap_servers=bootstrap, compression_type=None, extra={"enable_idempotence": True}
    )
)


def log(logger, numbers, wait):
    for number in numbers:
        logger.log(
            user_id=f"user-{number % 1000}", model="bench-1", prompt=PROMPT, response=RESPONSE, wait=wait
        )


for request in requests():
    logger = KafkaAuditLogger(producer, topic=request["topic"])
    records = request["records"]
    watch = StopWatch()
    if way == "flush":
        log(logger, range(records), False)
        producer.flush()
    else:
        threads = [
            threading.Thread(target=log, args=(logger, range(at, records, int(way)), True))
            for at in range(int(way))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    answer(watch.stop(records))
