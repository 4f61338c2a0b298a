/**
 * What OCSF 1.8.0 says of API Activity (class 6003) under the profile `ai_operation`, as far as exports use it, as JSON
 * Schema: required attributes, types, enumerations, and "at least one of". Written after the schema's sources at
 * https://github.com/ocsf/ocsf-schema (`events/application/api_activity.json`, `events/base_event.json`,
 * `objects/*.json`, `dictionary.json`). Further attributes are refused: those named here are all that exports have.
 */
const string = { type: "string", minLength: 1 } as const;
const integer = { type: "integer" } as const;

/** An object of these attributes, of which some are required. */
function object(
  properties: Record<string, unknown>,
  required: readonly string[] = [],
  oneOf: readonly string[] = [],
) {
  return {
    type: "object",
    properties,
    required: [...required],
    additionalProperties: false,
    ...(oneOf.length > 0 && { anyOf: oneOf.map((name) => ({ required: [name] })) }),
  };
}

const ACTIVITY_IDS = [0, 1, 2, 3, 4, 99];

/** One event. */
export const API_ACTIVITY = {
  ...object(
    {
      category_uid: { const: 6 },
      class_uid: { const: 6003 },
      activity_id: { enum: ACTIVITY_IDS },
      type_uid: { enum: ACTIVITY_IDS.map((id) => 600_300 + id) },
      severity_id: { enum: [0, 1, 2, 3, 4, 5, 6, 99] },
      status_id: { enum: [0, 1, 2, 99] },
      status_detail: string,
      // timestamp_t: milliseconds since 1970.
      time: { type: "integer", minimum: 0 },
      metadata: object({
        version: { const: "1.8.0" },
        product: object({ name: string, vendor_name: string, uid: string, version: string }, [], [
          "name",
          "uid",
        ]),
        uid: string,
        sequence: integer,
        tenant_uid: string,
        profiles: { type: "array", items: { enum: ["ai_operation", "trace"] } },
      }, ["product", "version"]),
      actor: object({ user: object({ uid: string, name: string }, [], ["name", "uid"]) }, [], ["user"]),
      api: object({
        operation: string,
        service: object({ name: string, uid: string }, [], ["name", "uid"]),
        request: object({ uid: string }, ["uid"]),
        response: object({ code: integer }),
      }, ["operation"]),
      src_endpoint: object({ name: string, uid: string }, [], ["name", "uid"]),
      ai_model: object({ name: string, ai_provider: string, uid: string, version: string }, [
        "ai_provider",
        "name",
      ]),
      // object_t: whatever the schema has no attribute for.
      unmapped: { type: "object" },
    },
    ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"].concat(
      "actor",
      "api",
      "src_endpoint",
    ),
  ),
  // Attributes of a profile are there under that profile alone.
  if: { required: ["ai_model"] },
  then: {
    properties: {
      metadata: { required: ["profiles"], properties: { profiles: { contains: { const: "ai_operation" } } } },
    },
  },
};
