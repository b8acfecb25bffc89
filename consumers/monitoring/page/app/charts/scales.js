/** Where things stand in a chart: round numbers for its ticks, hours and days for its time. Pure. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY];

/**
 * Ticks from 0 (or `from`) up to at least `top`, with a step of 1, 2 or 5 times a power of ten.
 * @param {number} top @param {number} [count] @param {number} [from]
 * @param {number} [least] the smallest step: 1 for numbers of things, so that no label stands twice
 */
export function valueTicks(top, count = 4, from = 0, least = 0) {
  const rough = Math.max(top - from, Number.EPSILON) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(least, [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough);
  const ticks = [];
  for (let number = 0; ticks.length === 0 || ticks[ticks.length - 1] < top - step * 1e-9; number += 1) {
    ticks.push(from + number * step);
  }
  return ticks;
}

/**
 * Round local times between two, at most so many.
 * @param {number} from @param {number} to milliseconds @param {number} count
 */
export function timeTicks(from, to, count) {
  const step = TIME_STEPS.find((one) => (to - from) / one <= count) ?? TIME_STEPS[TIME_STEPS.length - 1];
  // Midnight of the first day, local: so that steps fall on the hours that clocks show.
  const midnight = new Date(from).setHours(0, 0, 0, 0);
  const ticks = [];
  for (let at = midnight + Math.ceil((from - midnight) / step) * step; at <= to; at += step) ticks.push(at);
  return { ticks, isByDay: step >= DAY };
}

/** @typedef {{at: number, value: number | null}} Point */

/**
 * Runs of points with nothing missing between them: a gap is where a value is absent, or the time is.
 * @param {Point[]} points @param {number} longestMs between two points of a run
 */
export function runs(points, longestMs) {
  /** @type {{at: number, value: number}[][]} */
  const made = [];
  /** @type {number | null} */
  let last = null;
  for (const { at, value } of points) {
    if (value === null) {
      last = null;
      continue;
    }
    if (last === null || at - last > longestMs) made.push([]);
    made[made.length - 1].push({ at, value });
    last = at;
  }
  return made;
}

/**
 * The point that is nearest to a time.
 * @param {Point[]} points in the order of time @param {number} at
 */
export function nearest(points, at) {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].at < at) low = middle + 1;
    else high = middle;
  }
  const before = points[low - 1];
  return before && at - before.at < points[low].at - at ? low - 1 : low;
}
