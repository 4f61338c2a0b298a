import {
  type CountryCode,
  findPhoneNumbersInText,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from "libphonenumber-js";
import type { Place, Rule } from "./rule.ts";

/** `+49 30 901820`, `0049…`; no more than numbers have, so that what follows costs the same wherever it is found. */
const INTERNATIONAL =
  /(?<![\p{L}\p{N}+_/=.-])\+[ ]?\(?[1-9][\d ()./\u2010-\u2015\u00a0-]{5,28}\d(?![\p{L}_])/gu;
/** `030 901820`, `(202) 555-0123`. */
const NATIONAL =
  /(?<![\p{L}\p{N}+_/=.:,#-])\(?\d[\d ()./\u2010-\u2015\u00a0-]{4,22}\d(?![\p{L}\p{N}_:%=]|[.,]\d)/gu;

/** What digits in groups often are, and telephone numbers hardly ever: dates, decimals, versions. */
const NO_NUMBER =
  /^\(?\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)|^\d+\.\d+$|^\d{1,3}(?:\.\d{1,3}){2,3}$|^\d{1,9}$|^\d{5}-\d{4}$/;

/**
 * Telephone numbers in the international form; with a country (ISO 3166, `DE`) also in that one's national form.
 * @throws {RangeError} the country is unknown.
 */
export function phones(country?: string): Rule {
  if (country !== undefined && !isSupportedCountry(country)) {
    throw new RangeError(
      `Cannot look for phone numbers of ${country}: there is no such country; give its two letters, as DE`,
    );
  }
  return {
    name: "phone",
    doc: "Telephone numbers in the international form; in a country's own form where phone_country names it.",
    mayHave: (text) => /\d/.test(text) && (country !== undefined || text.includes("+")),
    *find(text) {
      yield* numbersAt(text, INTERNATIONAL);
      if (country === undefined) return;
      for (const place of numbersAt(text, NATIONAL, country)) {
        if (!NO_NUMBER.test(text.slice(place.start, place.end))) yield place;
      }
    },
    canonical: (found) => found.replace(/[^\d+]/g, ""),
  };
}

function* numbersAt(text: string, windows: RegExp, defaultCountry?: CountryCode): Generator<Place> {
  for (const window of text.matchAll(windows)) {
    const candidate = window[0];
    if (defaultCountry !== undefined && NO_NUMBER.test(candidate)) continue;
    let found = false;
    for (const { startsAt, endsAt, number } of findPhoneNumbersInText(candidate, { defaultCountry })) {
      if (!number.isValid()) continue;
      found = true;
      yield { start: window.index + startsAt, end: window.index + endsAt };
    }
    // Numbers that are given to nobody yet, or kept for films, have the right length all the same.
    if (
      !found && /\d{3}/.test(candidate) && parsePhoneNumberFromString(candidate, defaultCountry)?.isPossible()
    ) {
      yield { start: window.index, end: window.index + candidate.length };
    }
  }
}
