/** How the fleet went: power, sessions, connected stations and availability over hours, days or a month. */

import { html } from "../../vendor/lit-html/lit-html.js";
import "../charts/time_chart.js";
import { ask } from "../api.js";
import { percent, power, whole } from "../format.js";
import { empty, skeleton, when } from "../parts/states.js";
import { redraw } from "../screen.js";
import { Resource } from "../resource.js";

const HOUR_MS = 3_600_000;
const EVERY_MS = 60_000;

const RANGES = [
  { name: "3 h", step: "minute", spanMs: 3 * HOUR_MS },
  { name: "24 h", step: "hour", spanMs: 24 * HOUR_MS },
  { name: "7 d", step: "hour", spanMs: 7 * 24 * HOUR_MS },
  { name: "30 d", step: "day", spanMs: 30 * 24 * HOUR_MS },
];

/** @type {{label: string, tone: string, format: (value: number) => string, of: (point: any) => number | null | undefined, floor?: (known: number[]) => number, ceiling?: number, least?: number}[]} */
const CHARTS = [
  { label: "Power", tone: "charging", format: power, of: (point) => point.powerW, least: 1 },
  { label: "Sessions running", tone: "charging", format: whole, of: (point) => point.sessions, least: 1 },
  { label: "Stations connected", tone: "available", format: whole, of: (point) => point.connected, least: 1 },
  {
    label: "Availability of connectors",
    tone: "available",
    format: (value) => percent(value, 0),
    of: (point) => point.availability,
    // Most of the time all is near 100 %: begin where something is to be seen.
    floor: (known) => Math.max(0, Math.floor((Math.min(...known, 1) - 0.02) * 10) / 10),
    ceiling: 1,
  },
];

export function trends() {
  let range = RANGES[1];
  let isChosen = false;
  const day = new Resource((signal) => ask("trends", { query: asked(RANGES[1]), signal }));
  const other = new Resource((signal) => ask("trends", { query: asked(range), signal }));
  const shown = () => (range === RANGES[1] ? day : other);
  const timer = setInterval(refresh, EVERY_MS);

  async function refresh() {
    if (shown() !== day) other.reload();
    await day.reload();
    // A fleet that is new today has an empty day: begin with the span that has something to show.
    if (!isChosen && day.value !== null && range === RANGES[1] && hasOnlyBegun(day.value.points)) show(RANGES[0]);
  }

  /** @param {(typeof RANGES)[0]} chosen */
  function choose(chosen) {
    isChosen = true;
    show(chosen);
  }

  /** @param {(typeof RANGES)[0]} wanted */
  function show(wanted) {
    range = wanted;
    other.stop();
    other.value = null;
    if (shown() !== day) other.reload();
    redraw();
  }

  return {
    refresh,
    stop() {
      clearInterval(timer);
      day.stop();
      other.stop();
    },
    /** The last 24 hours of something. @param {(point: any) => number | null} of */
    lastDay: (of) => pointsOf(day.value?.points ?? [], of),
    template: () => html`<section class="card" aria-labelledby="trends-title">
      <div class="card-head">
        <h2 id="trends-title">Trends</h2>
        <div class="segments" role="group" aria-label="Time span">
          ${RANGES.map((one) => html`<button aria-pressed=${one === range} @click=${() => choose(one)}>${one.name}</button>`)}
        </div>
      </div>
      ${when(shown(), { loading: html`<div class="charts">${skeleton(4, "chart")}</div>`, ready: (trend) => charts(trend, range) })}
    </section>`,
  };
}

/** Whether all that is known is younger than the shortest span. @param {any[]} points */
function hasOnlyBegun(points) {
  const first = points.find((point) => point.connected > 0 || point.sessions > 0 || point.powerW > 0);
  return first !== undefined && Date.parse(first.at) > Date.now() - RANGES[0].spanMs;
}

/** @param {any} trend @param {(typeof RANGES)[0]} range */
function charts(trend, range) {
  if (trend.points.length === 0) return empty("Nothing to show yet", "Trends begin with the first minute in which a station is seen.");
  const to = Date.now();
  return html`<div class="charts">${CHARTS.map((chart) => {
    const points = pointsOf(trend.points, chart.of);
    const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
    const data = {
      ...chart,
      points,
      from: Math.max(to - range.spanMs, points[0].at),
      to,
      stepMs: trend.stepSeconds * 1000,
      floor: chart.floor?.(known),
    };
    return html`<figure><figcaption>${chart.label}</figcaption><time-chart .data=${data}></time-chart></figure>`;
  })}</div>`;
}

/** @param {(typeof RANGES)[0]} range */
function asked(range) {
  return { step: range.step, since: new Date(Date.now() - range.spanMs).toISOString() };
}

/** @param {any[]} points @param {(point: any) => number | null | undefined} of */
function pointsOf(points, of) {
  return points.map((point) => ({ at: Date.parse(point.at), value: of(point) ?? null }));
}
