import type { Rule } from "./rule.ts";

/** Not within a longer word. */
const START = "(?<![A-Za-z0-9_-])";
const END = "(?![A-Za-z0-9_-])";

/** API keys by the forms their makers document. */
const FORMS: readonly string[] = [
  // OpenAI: sk-…, sk-proj-…, sk-svcacct-…, sk-admin-…
  "sk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{20,}",
  // Anthropic
  "sk-ant-(?:api|admin|oat)\\d\\d-[A-Za-z0-9_-]{20,}",
  // OpenRouter, Groq, xAI, Perplexity, Replicate, Hugging Face, Fireworks, NVIDIA, Cerebras
  "sk-or-v1-[0-9a-f]{64}",
  "gsk_[A-Za-z0-9]{40,60}",
  "xai-[A-Za-z0-9]{60,100}",
  "pplx-[A-Za-z0-9]{40,60}",
  "r8_[A-Za-z0-9]{37}",
  "hf_[A-Za-z]{34,40}",
  "fw_[A-Za-z0-9]{20,40}",
  "nvapi-[A-Za-z0-9_-]{60,80}",
  "csk-[a-z0-9]{40,60}",
  // Google
  "AIza[0-9A-Za-z_-]{35}",
  "GOCSPX-[A-Za-z0-9_-]{28}",
  "ya29\\.[A-Za-z0-9_-]{30,}",
  // Amazon: access key ids
  "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
  // GitHub, GitLab
  "gh[pousr]_[A-Za-z0-9]{36,255}",
  "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
  "gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas)-[A-Za-z0-9_-]{20,64}",
  // Slack
  "xox[abeprs]-(?:\\d+-){0,3}[A-Za-z0-9-]{10,200}",
  "https://hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9]{8,12}/[A-Za-z0-9/]{20,80}",
  "xapp-\\d-[A-Z0-9]+-\\d+-[a-f0-9]{64}",
  // Stripe, Square, PayPal's Braintree
  "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,247}",
  "whsec_[A-Za-z0-9+/]{24,80}={0,2}",
  "sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}",
  // SendGrid, Mailgun, Mailchimp, Twilio
  "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}",
  "key-[0-9a-f]{32}",
  "[0-9a-f]{32}-us\\d{1,2}",
  "(?:AC|SK)[0-9a-f]{32}",
  // npm, PyPI, RubyGems, Docker, Terraform
  "npm_[A-Za-z0-9]{36}",
  "pypi-[A-Za-z0-9_-]{50,1000}",
  "rubygems_[0-9a-f]{48}",
  "dckr_pat_[A-Za-z0-9_-]{27}",
  "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,70}",
  // DigitalOcean, Heroku, Cloudflare, Fastly, Fly, Render, Vercel, Supabase, PlanetScale
  "do[opr]_v1_[0-9a-f]{64}",
  "HRKU-[A-Za-z0-9_-]{58,64}",
  "fo1_[A-Za-z0-9_-]{43}",
  "rnd_[A-Za-z0-9]{28,40}",
  "sb(?:p_[0-9a-f]{40}|_secret_[A-Za-z0-9_-]{20,60})",
  "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,64}",
  // Shopify, Notion, Linear, Figma, Airtable, Atlassian, Discord, Telegram, Datadog's and New Relic's
  "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
  "(?:secret|ntn)_[A-Za-z0-9]{40,50}",
  "lin_(?:api|oauth)_[A-Za-z0-9]{40,64}",
  "figd_[A-Za-z0-9_-]{40,50}",
  "pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}",
  "AT(?:ATT|CTT)3[A-Za-z0-9_=-]{150,250}",
  "[MNO][A-Za-z0-9_-]{23,25}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,38}",
  "\\d{8,10}:AA[A-Za-z0-9_-]{33}",
  "NRAK-[A-Z0-9]{27}",
  "glc_[A-Za-z0-9+/]{32,400}={0,2}",
  "glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}",
  "dp\\.(?:pt|st|ct|sa)\\.(?:[a-z0-9_-]{2,35}\\.)?[A-Za-z0-9]{40,44}",
  "hv[sbr]\\.[A-Za-z0-9_-]{24,200}",
  "age-secret-key-1[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58}|AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}",
  // LangSmith, Databricks, Pinecone, Tavily, Postman, Sentry, Cloudflare's origin CA
  "lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
  "dapi[0-9a-f]{32}(?:-\\d)?",
  "pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{50,70}",
  "tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}",
  "PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
  "sntry[su]_[A-Za-z0-9+/=_-]{60,300}",
  "v1\\.0-[0-9a-f]{24}-[0-9a-f]{146}",
  // Ours
  "capstan_[0-9a-f]{8}_[A-Za-z0-9_-]{43}",
];

/**
 * Whether it looks drawn by lot. Words with hyphens (`sk-this-is-only-a-sentence-2`) and one character again and again
 * (`sk-xxxxxxxx…`) do not.
 */
function isRandom(candidate: string): boolean {
  const body = candidate.replace(/^[A-Za-z]{1,12}[-_.]/, "");
  const variety = new Set(body).size;
  if (variety < 8) return false;
  const longest = Math.max(...body.split(/[-_.]/).map((part) => part.length));
  if (longest < 10) return false;
  return /\d/.test(body) || variety > 18;
}

/** What a name as `DB_PASSWORD`, `apiKey` or `"client_secret"` is given. */
function assigned(value: string): RegExp {
  const name =
    "api[_-]?keys?|secrets?(?:[_-]?(?:access[_-]?)?key)?|(?:access|auth|refresh|session|bearer)[_-]?token|token|" +
    "account[_-]?key|passwo?r?ds?|passphrases?|pwd|credentials?";
  return new RegExp(`(?:${name})\\\\*["']?[ \\t]{0,4}(?:=>?|:)[ \\t]{0,4}\\\\*${value}`, "gi");
}

/** API keys. */
export const apiKeys: Rule = {
  name: "api_key",
  doc: "API keys, by the forms their makers document.",
  patterns: [new RegExp(`${START}(?:${FORMS.join("|")})${END}`, "g")],
  // The shortest one has 20 characters.
  mayHave: (text) => /[\w.:/=+-]{20}/.test(text),
  accepts: isRandom,
};

/** Tokens and passwords that a text calls by that name, and private keys. Each pattern is bounded: no text is slow. */
export const tokens: Rule = {
  name: "token",
  doc: "JSON Web Tokens, bearer tokens, passwords in URLs and assignments, private keys.",
  patterns: [
    new RegExp(`${START}eyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}${END}`, "g"),
    /\b(?:Bearer|Basic)[ \t]{1,8}(?<secret>[A-Za-z0-9._~+/-]{16,}={0,2})/gi,
    /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@?#"'\\]{0,128}:(?<secret>[^\s@/"'\\]{3,256})@/gi,
    /[?&](?:api[_-]?key|key|token|access_token|refresh_token|id_token|secret|client_secret|password|signature|sig)=(?<secret>[^&\s"'\\#]{6,})/gi,
    assigned("[\"'](?<secret>[^\\s\"'\\\\]{6,512})"),
    assigned("[`]?(?<secret>[^\\s\"'`,;&\\\\]{8,512})"),
    /(?<![A-Za-z0-9])(?:password|passphrase|pass(?:code)?|pin) is:?[ \t]{1,4}(?<secret>(?=[^\s]{0,64}\d)[^\s"'`,;]{6,64})/gi,
    /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))+(?:-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  ],
  mayHave: (text) =>
    /key|secret|token|pass|pwd|pin |credential|bearer|basic|sig|eyJ|:\/\/|-----BEGIN/i.test(text),
  accepts: (candidate) => candidate.startsWith("-----BEGIN") || !isPlaceholder(candidate),
};

/** Whether it stands for a secret, as in examples: `${TOKEN}`, `<your-key>`, `os.environ[…]`, `xxxx`, a word. */
export function isPlaceholder(candidate: string): boolean {
  if (
    /^(?:[$<{%[(]|process\.|os\.|env[.[(]|ENV\[|System\.|import\.|config\.|await |null$|undefined$|true$|false$)/
      .test(candidate)
  ) {
    return true;
  }
  if (
    /^(.)\1*$/.test(candidate) || /^(?:your|my|example|changeme|placeholder|redacted|xxx)/i.test(candidate)
  ) return true;
  // A word or name as code has them: no digit, one case.
  return /^[A-Za-z_.]+\(/.test(candidate) || /^[a-z_.()-]+$/.test(candidate) || /^[A-Z_]+$/.test(candidate) ||
    /^[A-Za-z]+$/.test(candidate);
}
