/** A moment: how long ago, and when exactly for those who point at it. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { ago, clockTime, dayOf, duration, fullTime, secondsSince, UNKNOWN } from "../format.js";

/** @param {string | null | undefined} at */
export function age(at) {
  return at ? html`<time datetime=${at} title=${fullTime(at)}>${ago(at)}</time>` : UNKNOWN;
}

/** How long it has been so. @param {string | null | undefined} at */
export function lasting(at) {
  return at ? html`<time datetime=${at} title="since ${fullTime(at)}">for ${duration(secondsSince(at))}</time>` : UNKNOWN;
}

/** @param {string} at the time of day, and the day where that is not today */
export function moment(at) {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return html`<time datetime=${at} title=${fullTime(at)}>${isToday ? "" : `${dayOf(at)}, `}${clockTime(at)}</time>`;
}
