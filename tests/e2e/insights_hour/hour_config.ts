/** Configuration of an agent of the hour; `prefix` is of the names of topics, `tables` are further ones. */
export function hourConfig(
  { upstream, prefix, tables }: { upstream: string; prefix: string; tables: string },
): string {
  return `
[admin]
listen = "127.0.0.1:0"
[agent]
drain_timeout = "5m"
[plugins.tapes]
listen = "127.0.0.1:0"
project = "shop"
[plugins.tapes.providers.openai]
type = "openai"
upstream = "${upstream}"
[plugins.tapes.providers.anthropic]
type = "anthropic"
upstream = "${upstream}"
[plugins.insights]
enabled = true
topic_prefix = "${prefix}"
# Longer than the script: what nothing follows ends by the clock, once all is there.
rule_idle = "45m"
[plugins.insights.prices."claude-*"]
input = 3
output = 15
cache_read = 0.3
cache_write = 3.75
[plugins.insights.prices."gpt-4o-mini*"]
input = 0.15
output = 0.6
[plugins.insights.api.listeners.public]
listen = "127.0.0.1:0"
${
    ["acme", "globex", "desk"].map((tenant) =>
      `[plugins.insights.api.keys.${tenant}]\nkey = "key-of-${tenant}"\ntenant = "${tenant}"`
    ).join("\n")
  }
[plugins.insights.rules.agent_errors]
kind = "error_rate"
threshold = 0.5
window = "6m"
slide = "2m"
by = ["agent"]
min_samples = 3
[plugins.insights.rules.broken_tool]
kind = "failing_tool"
threshold = 1
window = "4m"
[plugins.insights.rules.unhappy]
kind = "satisfaction"
threshold = -0.3
window = "30m"
lateness = "30m"
by = ["agent"]
[plugins.insights.rules.quiet]
kind = "silence"
after = "1h"
by = ["agent"]
${tables}
`;
}

/** Tables that move the bus to Kafka; `id` tells the topics that have no prefix from those of other hours. */
export function kafkaTables(bootstrap: string, id: string): string {
  return `
[kafka]
bootstrap_servers = ["${bootstrap}"]
[topics."tapes.turns.v1"]
name = "turns-${id}"
[topics."tapes.nodes.v1"]
name = "nodes-${id}"
`;
}
