/** Numbers and times in words: units as people read them, times in the reader's own zone. */

const LOCALE = "en-GB";
const WHOLE = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const TIME = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });
const MINUTE = 60;
const HOUR = 3600;
const DAY_SECONDS = 86_400;
export const UNKNOWN = "–";

/** @typedef {number | null | undefined} Maybe */

/** @param {Maybe} value */
export function whole(value) {
  return value == null ? UNKNOWN : WHOLE.format(value);
}

/**
 * In the largest unit that leaves a whole number: 840 W, 48.2 kW, 1.20 MW.
 * @param {Maybe} value in the base unit
 * @param {string} unit
 */
export function scaled(value, unit) {
  if (value == null) return UNKNOWN;
  const size = Math.abs(value);
  if (size < 1_000) return `${WHOLE.format(value)} ${unit}`;
  const [factor, prefix] = size < 1e6 ? [1e3, "k"] : size < 1e9 ? [1e6, "M"] : [1e9, "G"];
  const digits = size / factor < 10 ? 2 : size / factor < 100 ? 1 : 0;
  return `${(value / factor).toFixed(digits)} ${prefix}${unit}`;
}

/** @param {Maybe} watts */
export const power = (watts) => scaled(watts, "W");
/** @param {Maybe} wattHours */
export const energy = (wattHours) => scaled(wattHours, "Wh");

/** @param {Maybe} share from 0 to 1 */
export function percent(share, digits = 1) {
  return share == null ? UNKNOWN : `${(share * 100).toFixed(digits)} %`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const left = Math.max(0, Math.round(seconds));
  if (left < MINUTE) return `${left} s`;
  if (left < HOUR) return `${Math.floor(left / MINUTE)} min`;
  const [large, size, small, unit] =
    left < DAY_SECONDS
      ? [Math.floor(left / HOUR), "h", Math.floor((left % HOUR) / MINUTE), "min"]
      : [Math.floor(left / DAY_SECONDS), "d", Math.floor((left % DAY_SECONDS) / HOUR), "h"];
  return small ? `${large} ${size} ${small} ${unit}` : `${large} ${size}`;
}

/** @param {string} at RFC 3339 */
export function secondsSince(at) {
  return (Date.now() - Date.parse(at)) / 1000;
}

/** @param {string | null | undefined} at */
export function ago(at) {
  if (!at) return UNKNOWN;
  const seconds = secondsSince(at);
  if (seconds < 10) return "just now";
  const coarse = seconds < MINUTE ? Math.floor(seconds / 10) * 10 : seconds;
  return `${duration(coarse).split(" ").slice(0, 2).join(" ")} ago`;
}

/** @param {string | number} at */
export const clockTime = (at) => TIME.format(new Date(at));
/** @param {string | number} at */
export const dayOf = (at) => DAY.format(new Date(at));
/** @param {string | number} at */
export const fullTime = (at) => FULL.format(new Date(at));

/** @param {number} number @param {string} one @param {string} [many] */
export function counted(number, one, many = `${one}s`) {
  return `${WHOLE.format(number)} ${number === 1 ? one : many}`;
}
