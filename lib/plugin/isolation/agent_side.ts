import type { AssignedPartition, Batch, HandlerReturn, StreamHandle } from "../../bus/handler.ts";
import type { Counter, Gauge, Histogram } from "../../telemetry/metrics.ts";
import type { Sample } from "../../telemetry/meter.ts";
import type { PluginContext } from "../contract.ts";
import type { Answer } from "./calls.ts";
import { receiveResponse, sendRequest } from "./http_message.ts";
import type { IsolatedWorker } from "./isolated_worker.ts";
import { unpackRequests } from "./pack_requests.ts";
import { packRecords } from "./pack_records.ts";
import { buffersOf } from "./packer.ts";
import type { FromWorker, Registration, SentCodec, SentPosition, Tidings, WorkerCalls } from "./protocol.ts";
import { receiveError, sendError } from "./sent_error.ts";
import type { Supervisor } from "./supervisor.ts";
import { Suspects } from "./suspects.ts";
import { undeclaredCodec } from "./undeclared_codec.ts";

type StreamRegistration = Extract<Registration, { kind: "stream" }>;

/** A stream of the plugin's, and the partitions it has here. */
interface AgentStream {
  handle: StreamHandle;
  tellsAssigned: boolean;
  /** By topic and partition: as it came, `committed` moving on with what was handled. */
  assigned: Map<string, AssignedPartition>;
}

/** Does in the agent's thread what an isolated plugin registers and asks for. */
export class AgentSide {
  readonly #ctx: PluginContext;
  readonly #codecs: () => readonly (readonly [topic: string, codec: SentCodec])[];
  readonly #streams: AgentStream[] = [];
  readonly #suspects = new Suspects();
  #known: ReadonlyMap<string, SentCodec> | undefined;
  #accepting = true;

  /** Registers nothing yet. `codecs` is asked once the agent runs. */
  constructor(ctx: PluginContext, codecs: () => readonly (readonly [topic: string, codec: SentCodec])[]) {
    this.#ctx = ctx;
    this.#codecs = codecs;
  }

  /** Registers what the plugin registered over there; what it handles goes to the Worker. */
  register(registrations: readonly Registration[], supervisor: Supervisor): void {
    let routes = 0;
    for (const each of registrations) {
      if (each.kind === "topic") this.#ctx.topic(each.spec, each.values);
      else if (each.kind === "stream") this.#stream(each, supervisor);
      else if (each.kind === "route") this.#route(each, routes++, supervisor);
      else this.#metric(each.type, each.metric);
    }
  }

  /** Appends and waits for the plugin, and tells it how far its streams are. */
  async answer<K extends keyof WorkerCalls>(
    name: K,
    ask: WorkerCalls[K]["ask"],
    signal: AbortSignal,
  ): Promise<Answer> {
    const asked = { name, ask } as Asked;
    if (asked.name === "send") return { answer: await this.#send(asked.ask) };
    if (asked.name === "sleep") {
      await this.#ctx.sleep(asked.ask.ms, signal);
      return { answer: undefined };
    }
    const { handle } = this.#streamAt(asked.ask.stream);
    if (asked.name === "lag") return { answer: await handle.lag() };
    await handle.caughtUp(signal);
    return { answer: undefined };
  }

  /** Takes lines and figures, and holds or resumes streams. */
  hear(message: FromWorker, supervisor: Pick<Supervisor, "said" | "tell">): void {
    if (message.kind === "line") this.#ctx.log[message.level](message.message, message.fields);
    else if (message.kind === "pause") this.#streamAt(message.stream).handle.pause();
    else if (message.kind === "resume") this.#streamAt(message.stream).handle.resume();
    else if (message.kind === "report") {
      supervisor.said(message.health);
      for (const sample of message.samples) this.#sample(sample);
      const { accepting } = this.#ctx.storage();
      if (accepting !== this.#accepting) supervisor.tell();
      this.#accepting = accepting;
    }
  }

  /** Tells a Worker that took another's place which partitions it has. */
  async restarted(worker: Pick<IsolatedWorker, "call">, tidings: () => Tidings): Promise<void> {
    for (const [stream, { tellsAssigned, assigned }] of this.#streams.entries()) {
      if (!tellsAssigned || assigned.size === 0) continue;
      await worker.call("assigned", { ...tidings(), stream, partitions: [...assigned.values()] });
    }
  }

  #stream({ options, handles, assigned, revoked }: StreamRegistration, supervisor: Supervisor): void {
    const stream = this.#streams.length;
    const known = new Map<string, AssignedPartition>();
    const handler = async (batch: Batch): Promise<HandlerReturn> => {
      const [first] = batch.records;
      const last = batch.records.at(-1);
      if (first) moveTo(known, batch, first.offset);
      const done = await this.#handle(stream, batch, options.values === "bytes", supervisor);
      if (last) moveTo(known, batch, last.offset + 1);
      return done;
    };
    const handle = this.#ctx.stream({
      ...options,
      ...(assigned && {
        onAssigned: async (partitions: readonly AssignedPartition[]) => {
          await supervisor.call("assigned", (tidings) => ({ ask: { ...tidings, stream, partitions } }));
          for (const each of partitions) known.set(placeOf(each), each);
        },
      }),
      ...(assigned || revoked
        ? {
          onRevoked: async (partitions: readonly { topic: string; partition: number }[]) => {
            for (const each of partitions) known.delete(placeOf(each));
            if (!revoked || !supervisor.isUp) return;
            await supervisor.call("revoked", (tidings) => ({ ask: { ...tidings, stream, partitions } }));
          },
        }
        : {}),
    }, handles ? handler : undefined);
    this.#streams.push({ handle, tellsAssigned: assigned, assigned: known });
  }

  async #handle(stream: number, batch: Batch, raw: boolean, supervisor: Supervisor): Promise<HandlerReturn> {
    const { topic, partition } = batch;
    const codec = raw ? "bytes" : this.#codecOf(topic);
    const call = () =>
      supervisor.call("batch", (tidings) => {
        const records = packRecords(batch.records);
        const data = codec === "foreign" ? batch.records.map((record) => record.data) : undefined;
        const ask = { ...tidings, stream, topic, partition, records, codec, data };
        return { ask, transfer: buffersOf(records) };
      }, batch.signal);
    const { outputs, failed } = await this.#suspects.run(`${stream}/${placeOf(batch)}`, batch.signal, call);
    for (const { offset, cause } of failed) batch.fail({ topic, partition, offset }, receiveError(cause));
    return outputs && unpackRequests(outputs, batch.records);
  }

  #codecOf(topic: string): SentCodec {
    this.#known ??= new Map(this.#codecs());
    return this.#known.get(topic) ?? undeclaredCodec(topic);
  }

  #route(
    { method, path, role }: Extract<Registration, { kind: "route" }>,
    route: number,
    supervisor: Supervisor,
  ): void {
    this.#ctx.route(method, path, async (request, params, caller) => {
      const sent = await sendRequest(request);
      const answer = await supervisor.call("route", (tidings) => ({
        ask: { ...tidings, route, request: sent, params: { ...params }, caller },
        ...(sent.body && { transfer: [sent.body] }),
      }));
      return receiveResponse(answer);
    }, { role });
  }

  async #send({ how, requests }: WorkerCalls["send"]["ask"]): Promise<SentPosition[]> {
    return await Promise.all(
      unpackRequests(requests).map(async (request): Promise<SentPosition> => {
        const { topic, value, ...rest } = request;
        try {
          return how === "producer"
            ? await this.#ctx.producer(topic).send(value, rest)
            : await this.#ctx.append(topic, { ...rest, value });
        } catch (error) {
          return { error: sendError(error) };
        }
      }),
    );
  }

  #metric(type: Sample["kind"], metric: Sample["metric"]): Counter | Gauge | Histogram {
    return this.#ctx[type](metric);
  }

  #sample({ kind, metric, labels, value }: Sample): void {
    const made = this.#metric(kind, metric);
    if (value === undefined) return;
    if ("inc" in made) made.inc(labels, value);
    else if ("set" in made) made.set(value, labels);
    else made.observe(value, labels);
  }

  #streamAt(at: number): AgentStream {
    const stream = this.#streams[at];
    if (stream === undefined) throw new RangeError(`Cannot find stream ${at}: the plugin has none such`);
    return stream;
  }
}

/** A question of the Worker's, by its name. */
type Asked = { [K in keyof WorkerCalls]: { name: K; ask: WorkerCalls[K]["ask"] } }[keyof WorkerCalls];

function placeOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${partition}/${topic}`;
}

/** What lies before `committed` was handled; a Worker that takes over goes on there. */
function moveTo(known: Map<string, AssignedPartition>, batch: Batch, committed: number): void {
  const at = placeOf(batch);
  const each = known.get(at);
  if (each) known.set(at, { ...each, committed });
}
