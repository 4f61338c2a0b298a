import type { TableSetting } from "./schema.ts";

/** What becomes of what one rule finds. */
function redactAction<D extends string>(doc: D) {
  return { type: "string", oneOf: ["mask", "hash", "drop", "off"], default: "mask", doc } as const;
}

/** `[redact]`. */
export const redactTable = {
  type: "table",
  doc:
    "What is taken out of texts before they are stored, logged or published. Off, for hashes of nodes change.",
  fields: {
    enabled: {
      type: "boolean",
      default: false,
      doc: "Whether secrets and personal data are taken out. What goes to the provider is never changed.",
    },
    actions: {
      type: "table",
      doc:
        "What becomes of what a rule finds: its name (mask), with a keyed hash (hash), nothing (drop); off finds nothing.",
      fields: {
        api_key: redactAction("API keys, by the forms their makers document."),
        token: redactAction("JSON Web Tokens, bearer tokens, passwords by their names, private keys."),
        iban: redactAction("Bank account numbers with right check digits."),
        card: redactAction("Payment card numbers with a right check digit."),
        email: redactAction("E-mail addresses."),
        phone: redactAction("Telephone numbers in the international form."),
        ip: redactAction("IP addresses, but for loopback."),
      },
    },
    phone_country: {
      type: "string",
      pattern: "[A-Z]{2}",
      form: "two capital letters, as DE",
      doc: "Country whose telephone numbers are found in their national form, too.",
    },
    key: {
      type: "string",
      secret: true,
      doc:
        "Key of hashes and of sealed calls: 32 bytes as base64 or hexadecimal. Default: that of redact.key beside the data, made where it is missing.",
    },
    patterns: {
      type: "tables",
      doc: "Own patterns: `[redact.patterns.employee]`.",
      fields: {
        pattern: {
          type: "string",
          doc: "A regular expression as RE2 has it; a group named `secret` is what is taken out.",
        },
        action: {
          type: "string",
          oneOf: ["mask", "hash", "drop"],
          default: "mask",
          doc: "What becomes of what it finds.",
        },
      },
    },
  },
} as const satisfies TableSetting;
