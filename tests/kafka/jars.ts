import { resolve } from "node:path";

const POM = new URL("./pom.xml", import.meta.url);
const CACHE = new URL("./.cache/", import.meta.url);

/** Whether this machine can run a broker, and if not, which programs are missing: `java, mvn`. */
export async function kafkaAvailable(): Promise<{ ok: true } | { ok: false; missing: string }> {
  const missing: string[] = [];
  if (!await runs("java", "-version")) missing.push("java");
  if (!await jarsPresent() && !await runs("mvn", "-version")) missing.push("mvn");
  return missing.length === 0 ? { ok: true } : { ok: false, missing: missing.join(", ") };
}

/**
 * The class path of Apache Kafka. The jars are fetched once by Maven (about a minute) into a folder git ignores.
 * @throws {Error} Maven failed; the message has its output.
 */
export async function kafkaClassPath(): Promise<string> {
  if (!await jarsPresent()) await fetchJars();
  return resolve(jarsFolder(), "*");
}

function jarsFolder(): string {
  return new URL("./jars/", CACHE).pathname;
}

/** The folder is renamed into place when it is whole, so that its being there is enough. */
async function jarsPresent(): Promise<boolean> {
  try {
    return (await Deno.stat(jarsFolder())).isDirectory;
  } catch {
    return false;
  }
}

/** How often Maven may begin: it goes on behind what it has. */
const TRIES = 4;

async function fetchJars(): Promise<void> {
  await Deno.mkdir(CACHE, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: CACHE.pathname, prefix: "fetching-" });
  for (let left = TRIES;; left--) {
    const { success, stdout, stderr } = await new Deno.Command("mvn", {
      args: ["-q", "-B", "-f", POM.pathname, "dependency:copy-dependencies", `-DoutputDirectory=${folder}`],
      stdin: "null",
    }).output();
    if (success) break;
    if (left > 1) continue;
    await Deno.remove(folder, { recursive: true });
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    throw new Error(`Cannot fetch Apache Kafka with Maven, tried ${TRIES} times: ${said.trim()}`);
  }
  try {
    await Deno.rename(folder, jarsFolder());
  } catch (cause) {
    // Another process was first; its folder is as good.
    await Deno.remove(folder, { recursive: true });
    if (!await jarsPresent()) throw new Error("Cannot keep the jars of Apache Kafka", { cause });
  }
}

async function runs(program: string, argument: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args: [argument],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}
