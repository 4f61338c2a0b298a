"""aiokafka."""

import asyncio
import time
import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from rounds import ReadCount, StopWatch, answer, bootstrap, requests, transform, way


async def consumer(topic, start="earliest"):
    reader = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"bench-{uuid.uuid4()}",
        auto_offset_reset=start,
        enable_auto_commit=False,
    )
    await reader.start()
    return reader


async def produce(request, producer):
    value = b"x" * request["bytes"]
    watch = StopWatch()
    waiting = []
    for _ in range(request["records"]):
        waiting.append(await producer.send(request["topic"], value))
    await asyncio.gather(*waiting)
    return watch.stop(request["records"])


async def consume(request):
    reader = await consumer(request["topic"])
    count = ReadCount(request["records"])
    while True:
        batches = await reader.getmany(timeout_ms=1000, max_records=500)
        if count.add(sum(len(batch) for batch in batches.values())):
            break
    result = count.result()
    await reader.stop()
    return result


async def transforming(request, producer):
    reader = await consumer(request["topic"])
    count = ReadCount(request["records"])
    while True:
        batches = await reader.getmany(timeout_ms=1000, max_records=500)
        batch = [message for messages in batches.values() for message in messages]
        if not batch:
            continue
        waiting = [await producer.send(request["output"], transform(m.value), key=m.key) for m in batch]
        await asyncio.gather(*waiting)
        await reader.commit()
        if count.add(len(batch)):
            break
    result = count.result()
    await reader.stop()
    return result


async def latency(request, producer):
    reader = await consumer(request["topic"], "latest")
    value = b"x" * request["bytes"]
    # The reader is there once it has a record.
    arrived = {}
    while not arrived:
        await producer.send_and_wait(request["topic"], value)
        arrived = await reader.getmany(timeout_ms=500)
    while await reader.getmany(timeout_ms=500):
        pass
    latencies = []
    watch = StopWatch()
    for _ in range(request["records"]):
        start = time.perf_counter()
        sending = await producer.send(request["topic"], value)
        await reader.getone()
        latencies.append((time.perf_counter() - start) * 1000)
        await sending
    result = watch.stop(request["records"])
    await reader.stop()
    return {**result, "latenciesMs": latencies}


async def main():
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0 if way == "latency" else 5
    )
    await producer.start()
    work = {"produce": produce, "transform": transforming, "latency": latency}
    for wanted in requests():
        answer(await consume(wanted) if way == "consume" else await work[way](wanted, producer))


asyncio.run(main())
