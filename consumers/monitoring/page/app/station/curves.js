/** Power and energy of an EVSE over some hours or days, as long as readings are kept. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import "../charts/time_chart.js";
import { ask } from "../api.js";
import { energy, power } from "../format.js";
import { empty, skeleton, when } from "../parts/states.js";
import { Resource } from "../resource.js";
import { redraw } from "../screen.js";

const HOUR_MS = 3_600_000;
const RANGES = [
  { name: "6 h", spanMs: 6 * HOUR_MS },
  { name: "24 h", spanMs: 24 * HOUR_MS },
  { name: "3 d", spanMs: 72 * HOUR_MS },
];
const POINTS = 400;

/** @param {string} path of the station */
export function curves(path) {
  let range = RANGES[1];
  let evse = 1;
  /** @type {Resource<any>} */
  const series = new Resource((signal) =>
    ask(`${path}/series`, { query: { evse, since: new Date(Date.now() - range.spanMs).toISOString(), points: POINTS }, signal }),
  );
  const change = (/** @type {() => void} */ how) => {
    how();
    series.reload();
    redraw();
  };

  return {
    refresh: () => series.reload(),
    stop: () => series.stop(),
    /** @param {any} station */
    template(station) {
      const known = (station.evses ?? []).map((/** @type {any} */ one) => one.id);
      return html`<section class="card" aria-labelledby="curves-title">
        <div class="card-head">
          <h2 id="curves-title">Power and energy</h2>
          ${known.length < 2 ? nothing : html`<div class="segments" role="group" aria-label="EVSE">
            ${known.map((/** @type {number} */ one) => html`<button aria-pressed=${one === evse} @click=${() => change(() => (evse = one))}>${one ? one : "Main meter"}</button>`)}
          </div>`}
          <div class="segments" role="group" aria-label="Time span">
            ${RANGES.map((one) => html`<button aria-pressed=${one === range} @click=${() => change(() => (range = one))}>${one.name}</button>`)}
          </div>
        </div>
        ${when(series, { loading: html`<div class="charts">${skeleton(2, "chart")}</div>`, ready: (value) => charts(value, range.spanMs) })}
      </section>`;
    },
  };
}

/** @param {any} series @param {number} spanMs */
function charts(series, spanMs) {
  const powers = pointsOf(series.points, "powerW");
  const registers = pointsOf(series.points, "registerWh");
  const first = registers.find(({ value }) => value !== null)?.value ?? 0;
  const taken = registers.map(({ at, value }) => ({ at, value: value === null ? null : Math.max(0, value - first) }));
  if (series.points.length === 0) return empty("No readings in this time", "Stations send them while a vehicle charges.");
  const to = Date.now();
  const shared = { from: to - spanMs, to, stepMs: series.stepSeconds * 1000 };
  return html`<div class="charts">
    <figure><figcaption>Power</figcaption>
      <time-chart .data=${{ ...shared, label: "Power", points: powers, format: power, tone: "charging" }}></time-chart></figure>
    <figure><figcaption>Energy, added up</figcaption>
      <time-chart .data=${{ ...shared, label: "Energy", points: taken, format: energy, tone: "available", stepMs: Infinity }}></time-chart></figure>
  </div>`;
}

/** @param {any[]} points @param {string} name */
function pointsOf(points, name) {
  return points.map((point) => ({ at: Date.parse(point.at), value: point[name] ?? null }));
}
