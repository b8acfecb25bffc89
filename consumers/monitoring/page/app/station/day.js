/** The last 24 hours in bands: whether the station was connected, and the status of each connector. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { timeTicks } from "../charts/scales.js";
import { ask } from "../api.js";
import { clockTime, duration } from "../format.js";
import { skeleton, when } from "../parts/states.js";
import { shape } from "../parts/status.js";
import { moment } from "../parts/time.js";
import { Resource } from "../resource.js";
import { toneOf } from "../words.js";

const LINK = { connected: { tone: "available", word: "Connected" }, disconnected: { tone: "offline", word: "Offline" } };
const TICKS = 8;

/** @typedef {{tone: import("../words.js").Tone, word: string}} Said */

/** @param {string} path of the station */
export function day(path) {
  /** @type {Resource<any>} */
  const timeline = new Resource((signal) => ask(`${path}/timeline`, { signal }));
  return {
    refresh: () => timeline.reload(),
    stop: () => timeline.stop(),
    template: () => html`<section class="card" aria-labelledby="day-title">
      <h2 id="day-title">Last 24 hours</h2>
      ${when(timeline, { loading: skeleton(3), ready: bands })}
    </section>`,
  };
}

/** @param {any} timeline */
function bands({ since, until, tracks }) {
  const from = Date.parse(since);
  const to = Date.parse(until);
  const x = (/** @type {number} */ at) => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
  const shown = tracks.filter((/** @type {any} */ track) => track.kind !== "charging");
  const charging = new Map(tracks.filter((/** @type {any} */ track) => track.kind === "charging").map((/** @type {any} */ track) => [track.evse, track]));
  if (shown.length === 0) return html`<p class="second">Nothing is known of this time.</p>`;
  return html`<div class="bands">
      ${shown.map((/** @type {any} */ track) => html`<div class="band">
        <span class="band-name">${nameOf(track)}</span>
        <svg class="band-row" role="img" aria-label=${told(track, to)}>
          ${track.spells.map((/** @type {any} */ spell) => rect(spell, x, to, sayOf(track, spell)))}
          ${(track.kind === "status" ? (charging.get(track.evse)?.spells ?? []) : [])
            .filter((/** @type {any} */ spell) => spell.state === "yes")
            .map((/** @type {any} */ spell) => chargingLine(spell, x, to))}
        </svg>
      </div>`)}
      <div class="band band-times" aria-hidden="true"><span class="band-name"></span><svg class="band-axis">
        ${timeTicks(from, to, TICKS).ticks.map((at) => svg`<text class="tick" x="${x(at)}%" y="13" text-anchor="middle">${clockTime(at)}</text>`)}
      </svg></div>
    </div>
    ${legend(shown)}
    <details class="as-list"><summary>As a list</summary>
      ${shown.map((/** @type {any} */ track) => html`<h3>${nameOf(track)}</h3><ol class="spells">
        ${track.spells.toReversed().map((/** @type {any} */ spell) => spellLine(sayOf(track, spell), spell, to))}
      </ol>`)}
    </details>`;
}

/** @param {any} track */
function nameOf(track) {
  if (track.kind === "link") return "Connection";
  return track.connector > 1 ? `Connector ${track.evse}.${track.connector}` : track.evse ? `Connector ${track.evse}` : "Station";
}

/** @param {any} track @param {any} spell @returns {Said} */
function sayOf(track, spell) {
  if (track.kind === "link") return /** @type {any} */ (LINK)[spell.state] ?? { tone: "unknown", word: spell.state };
  return { tone: toneOf(spell.state), word: spell.state };
}

/** @param {any} spell @param {number} to */
const lengthOf = (spell, to) => ((spell.until ? Date.parse(spell.until) : to) - Date.parse(spell.since)) / 1000;

/** @param {any} spell @param {(at: number) => number} x @param {number} to @param {Said} said */
function rect(spell, x, to, { tone, word }) {
  const [start, end] = [x(Date.parse(spell.since)), x(spell.until ? Date.parse(spell.until) : to)];
  return svg`<rect class="spell tone-${tone}" x="${start}%" width="${Math.max(0.15, end - start)}%" height="100%"><title>${word}, ${clockTime(spell.since)}–${spell.until ? clockTime(spell.until) : "now"}, ${duration(lengthOf(spell, to))}</title></rect>`;
}

/** @param {any} spell @param {(at: number) => number} x @param {number} to */
function chargingLine(spell, x, to) {
  const [start, end] = [x(Date.parse(spell.since)), x(spell.until ? Date.parse(spell.until) : to)];
  return svg`<rect class="charging-line" x="${start}%" width="${Math.max(0.15, end - start)}%" y="76%" height="24%"><title>Energy flowed, ${clockTime(spell.since)}–${spell.until ? clockTime(spell.until) : "now"}</title></rect>`;
}

/** @param {any[]} tracks */
function legend(tracks) {
  const said = new Map(tracks.flatMap((track) => track.spells.map((/** @type {any} */ spell) => sayOf(track, spell))).map((one) => [one.word, one]));
  return html`<ul class="band-legend">
    ${[...said.values()].map(({ tone, word }) => html`<li>${shape(tone)}${word}</li>`)}
    ${tracks.some((track) => track.kind === "status") ? html`<li><span class="charging-key" aria-hidden="true"></span>Energy flowed</li>` : nothing}
  </ul>`;
}

/** @param {Said} said @param {any} spell @param {number} to */
function spellLine(said, spell, to) {
  return html`<li>${shape(said.tone)}<span>${said.word}</span> <span class="second">${moment(spell.since)} · ${duration(lengthOf(spell, to))}</span></li>`;
}

/** The band in words. @param {any} track @param {number} to */
function told(track, to) {
  /** @type {Map<string, number>} */
  const seconds = new Map();
  for (const spell of track.spells) {
    const { word } = sayOf(track, spell);
    seconds.set(word, (seconds.get(word) ?? 0) + lengthOf(spell, to));
  }
  return `${nameOf(track)}: ${[...seconds].map(([word, length]) => `${word} ${duration(length)}`).join(", ")}`;
}
