/** A line without axes: how a number went of late. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { runs } from "./scales.js";

const WIDTH = 100;
const HEIGHT = 28;

/** @param {import("./scales.js").Point[]} points evenly spaced @param {string} tone */
export function spark(points, tone) {
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (known.length < 2) return nothing;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (low === high) return nothing;
  const [from, to] = [points[0].at, points[points.length - 1].at];
  const x = (/** @type {number} */ at) => ((at - from) / (to - from)) * WIDTH;
  const y = (/** @type {number} */ value) => HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 6);
  const line = runs(points, Infinity)
    .map((run) => run.map(({ at, value }, number) => `${number ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join(""))
    .join("");
  return html`<svg class="spark tone-${tone}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    <path class="area" d="${line}V${HEIGHT}H0Z" /><path class="curve" d=${line} />
  </svg>`;
}
