import { isIP } from "node:net";
import type { Rule } from "./rule.ts";

/** E-mail addresses. */
export const emails: Rule = {
  name: "email",
  doc: "E-mail addresses.",
  patterns: [
    /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}](?:[\p{L}\p{N}._%+'-]{0,62}[\p{L}\p{N}_+-])?(?:@|%40)(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,10}\p{L}{2,24}(?![\p{L}\p{N}@])/gu,
  ],
  mayHave: (text) => text.includes("@") || text.includes("%40"),
  // `git@github.com:…` names no person.
  // Nor does a picture for sharper screens.
  accepts: (candidate) =>
    !/^(?:git|hg|svn)@/.test(candidate) && !/@\dx\.(?:png|jpe?g|webp|gif|svg|avif)$/i.test(candidate),
  canonical: (found) => found.toLowerCase().replace("%40", "@"),
};

/** Numbers of payment cards: 12 to 19 digits with a known beginning and Luhn's check digit. */
export const cards: Rule = {
  name: "card",
  doc: "Payment card numbers, checked by Luhn's digit.",
  patterns: [
    /(?<![\p{L}\p{N}.,_-])(?:[2-6]\d{3}([ -]?)(?:\d{4}\1){2}(?:\d{4}\1\d{3}|\d{1,7})|3[47]\d{2}([ -]?)\d{6}\2\d{5}|3(?:0[0-5]|[68]\d)\d([ -]?)\d{6}\3\d{4})(?![\p{L}\p{N}_-]|[.,]\d)/gu,
  ],
  mayHave: (text) => /\d{4}/.test(text),
  accepts: (candidate) => {
    const digits = candidate.replace(/\D/g, "");
    // Article numbers (EAN) have 13 digits; of cards only old ones of Visa do.
    if (digits.length === 13 && !digits.startsWith("4")) return false;
    return digits.length >= 13 && digits.length <= 19 && hasBrand(digits) && isLuhn(digits);
  },
  canonical: (found) => found.replace(/\D/g, ""),
};

/** Whether the number begins as one of the card brands' do. */
function hasBrand(digits: string): boolean {
  return /^(?:4|5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720)|3[47]|3(?:0[0-5]|[68])|35(?:2[89]|[3-8])|6(?:011|4[4-9]|5)|62|5[06-9]|6[37])/
    .test(digits);
}

/** Whether the last digit is Luhn's (ISO/IEC 7812-1). */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0 && /[1-9]/.test(digits);
}

/** Characters of an IBAN by country (the SWIFT registry). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  ("AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 " +
    "FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 " +
    "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 " +
    "RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30")
    .split(" ").map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Account numbers: IBANs with their country's length and check digits. */
export const ibans: Rule = {
  name: "iban",
  doc: "International bank account numbers, checked by their digits.",
  patterns: [/(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g],
  accepts: (candidate) => isIban(candidate.replace(/[ -]/g, "")),
  canonical: (found) => found.replace(/[ -]/g, ""),
};

/** Whether length and check digits are right (ISO 13616). */
export function isIban(iban: string): boolean {
  if (IBAN_LENGTHS[iban.slice(0, 2)] !== iban.length) return false;
  const turned = iban.slice(4) + iban.slice(0, 4);
  let rest = 0;
  for (const char of turned) {
    const value = parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** IP addresses of machines elsewhere: loopback, unspecified and documentation's are nobody's. */
export const addresses: Rule = {
  name: "ip",
  doc: "IPv4 and IPv6 addresses, but for loopback and unspecified ones.",
  patterns: [
    /(?<![\p{L}\p{N}._-]|\b(?:[vV]|[vV]ersion|[sS]ections?|[cC]hapters?|[cC]lauses?|[fF]igures?|[tT]ables?|[rR]elease|§)[ :]?)(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\p{L}\p{N}_-]|\.\d|\.(?:tar|t?gz|zip|whl|jar|deb|rpm|exe|dll|so)\b)/gu,
    /(?<![\p{L}\p{N}:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\p{L}\p{N}:.])/gu,
  ],
  mayHave: (text) => /\d\.\d{1,3}\.\d/.test(text) || /:[0-9A-Fa-f]{0,4}:/.test(text),
  accepts: (candidate) =>
    isIP(candidate) !== 0 && !/^(?:127\.|0\.0\.0\.0$|255\.255\.255\.255$|::1?$)/.test(candidate) &&
    (candidate.includes(".") || (candidate.match(/[0-9A-Fa-f]+/g)?.length ?? 0) > 1),
};
