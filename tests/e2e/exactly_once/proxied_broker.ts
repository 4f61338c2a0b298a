import { type Broker, startBroker } from "../../kafka/broker.ts";
import { KafkaProxy } from "./kafka_proxy.ts";

/** A broker that clients find behind a proxy alone. */
export interface ProxiedBroker extends AsyncDisposable {
  /** In front of it. */
  proxy: KafkaProxy;
  /** The broker itself. */
  broker: Broker;
}

/** Starts both. */
export async function startProxiedBroker(): Promise<ProxiedBroker> {
  const proxy = new KafkaProxy();
  try {
    const broker = await startBroker({
      properties: { "advertised.listeners": `PLAINTEXT://${proxy.address}` },
    });
    proxy.forwardTo(Number(broker.bootstrap.split(":")[1]));
    return {
      proxy,
      broker,
      async [Symbol.asyncDispose]() {
        await proxy[Symbol.asyncDispose]();
        await broker.stop();
      },
    };
  } catch (error) {
    await proxy[Symbol.asyncDispose]();
    throw error;
  }
}
