/** `deno task bench NAME [flags]`: runs one measurement, or without a name lists them. */
const measurements: Readonly<Record<string, string>> = {
  proxy: "requests a second, latencies, CPU and memory beside a passthrough (--peers: and other gateways)",
  derive: "turns derived a second, from the first to the millionth node (--nodes N)",
  sql: "SQL statements read a second, of an agent's inputs and answers",
  insights: "events derived a second, feedback taken a second, memory over an hour of 1,000 tenants",
  relay: "events relayed to Apache Kafka a second (needs Java and Maven)",
  isolation: "records a second through an isolated plugin's handler, beside the same in process",
  executable: "size of dist/capstan, and how soon it answers (after deno task compile)",
  audit: "entries logged, sealed and verified a second, the proxy with the trail on and off (--only PART)",
  kafka: "producing, consuming, transforming and latency on Apache Kafka (--peers: beside other clients)",
};
const [name, ...flags] = Deno.args;
if (name === undefined || !(name in measurements)) {
  console.log("deno task bench NAME [flags]\n");
  for (const [known, doc] of Object.entries(measurements)) console.log(`  ${known.padEnd(10)} ${doc}`);
  Deno.exit(name === undefined ? 0 : 2);
}
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["run", "--allow-all", "--quiet", new URL(`./${name}.ts`, import.meta.url).pathname, ...flags],
}).spawn().status;
Deno.exit(code);
