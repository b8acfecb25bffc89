/** The fleet at a glance: how many are what, what needs somebody now, how it went, and what the fleet is made of. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { overview } from "../fleet.js";
import { follow, listen } from "../feed.js";
import { energy, percent, power, whole } from "../format.js";
import { empty, skeleton, when } from "../parts/states.js";
import { shape } from "../parts/status.js";
import { toStations } from "../router.js";
import { STATUSES, toneOf } from "../words.js";
import { spark } from "../charts/spark.js";
import { attention } from "./attention.js";
import { breakdowns } from "./breakdowns.js";
import { trends } from "./trends.js";

/** @returns {import("../main.js").View} */
export function overviewView() {
  const needs = attention();
  const past = trends();
  listen({ reload: () => refresh() });
  follow([]);
  refresh();

  function refresh() {
    needs.refresh();
    past.refresh();
  }

  return {
    key: "overview",
    title: "Overview",
    refresh,
    show() {},
    stop() {
      needs.stop();
      past.stop();
    },
    template: () => html`
      <h1 class="unseen">Fleet overview</h1>
      ${whenKnown({
        loading: html`<div class="tiles">${skeleton(6, "tile")}</div>`,
        ready: (fleet) => (fleet.stations.known === 0 ? nobody() : tiles(fleet, past.lastDay)),
      })}
      ${overview.value?.stations.known === 0
        ? nothing
        : html`<div class="overview-grid">
            ${needs.template(overview.value)}
            <div class="stack">${connectors()}${lastDay()}</div>
          </div>
          ${past.template()}${breakdowns(overview.value)}`}`,
  };
}

/** The overview's own age and faults are in the banner: they are not told again in each card. @param {{ready: (fleet: any) => unknown, loading: unknown}} how */
function whenKnown({ ready, loading }) {
  return overview.value === null ? when(overview, { ready, loading }) : ready(overview.value);
}

function nobody() {
  return empty(
    "No station has been seen yet",
    html`As soon as a station connects to the gateway, it is here. Let one connect to <code>ws://this-host:9000/ocpp/STATION</code>, or
      simulate some with <code>ocpp-gateway simulate</code>.`,
  );
}

/** @param {any} fleet @param {(of: (point: any) => number | null) => import("../charts/scales.js").Point[]} points of the last day */
function tiles(fleet, points) {
  const { known, connected, disconnected } = fleet.stations;
  const at = fleet.connectors;
  return html`<ul class="tiles">
    ${tile("Stations online", whole(connected), `of ${whole(known)}`, "available", { connected: "true" }, spark(points((point) => point.connected), "available"))}
    ${tile("Stations offline", whole(disconnected), percent(disconnected / known), "offline", { connected: "false", sort: "seen" }, nothing, disconnected > 0)}
    ${tile("Faulted", whole(at.Faulted), "connectors", "faulted", { status: "Faulted" }, spark(points((point) => point.connectors.Faulted ?? 0), "faulted"), at.Faulted > 0)}
    ${tile("Available", whole(at.Available), "connectors", "available", { status: "Available" }, nothing)}
    ${tile("Sessions running", whole(fleet.sessions), "now", "charging", { charging: "true" }, spark(points((point) => point.sessions), "charging"))}
    ${tile("Power", power(fleet.powerW), "now", "charging", { charging: "true", sort: "power", order: "falling" }, spark(points((point) => point.powerW), "charging"))}
  </ul>`;
}

/**
 * @param {string} name @param {string} number @param {string} beside @param {import("../words.js").Tone} tone
 * @param {Record<string, string>} query the stations behind it @param {unknown} line @param {boolean} [isPressing]
 */
function tile(name, number, beside, tone, query, line, isPressing = false) {
  return html`<li class="tile ${isPressing ? "is-pressing" : ""} tone-${tone}">
    <a href=${toStations(query)}>
      <span class="tile-name">${shape(tone)}${name}</span>
      <span class="tile-number">${number} <small>${beside}</small></span>
      ${line}
    </a>
  </li>`;
}

function connectors() {
  return html`<section class="card" aria-labelledby="connectors-title">
    <h2 id="connectors-title">Connectors now</h2>
    ${whenKnown({ loading: skeleton(5), ready: (fleet) => shares(fleet.connectors) })}
  </section>`;
}

/** @param {Record<string, number>} numbers by status */
function shares(numbers) {
  const all = Object.values(numbers).reduce((sum, one) => sum + one, 0);
  let begun = 0;
  return html`<svg class="shares" aria-hidden="true">
      ${STATUSES.toReversed().map((status) => {
        const width = all ? (numbers[status] / all) * 100 : 0;
        begun += width;
        return svg`<rect class="tone-${toneOf(status)}" x="${begun - width}%" width="${width}%" height="100%" />`;
      })}
    </svg>
    <ul class="legend">
      ${STATUSES.map(
        (status) => html`<li><a href=${toStations({ status })}>
          ${shape(toneOf(status))}<span>${status}</span><span class="legend-number">${whole(numbers[status])}</span>
          <span class="legend-share">${percent(all ? numbers[status] / all : null)}</span>
        </a></li>`,
      )}
    </ul>`;
}

function lastDay() {
  return html`<section class="card" aria-labelledby="day-title">
    <h2 id="day-title">Last 24 hours</h2>
    ${whenKnown({
      loading: skeleton(3),
      ready: ({ lastDay: day }) => html`<dl class="figures">
        <div><dt>Energy</dt><dd>${energy(day.energyWh)}</dd></div>
        <div><dt>Sessions ended</dt><dd>${whole(day.sessionsEnded)}</dd></div>
        <div><dt>Availability</dt><dd>${percent(day.availability)}</dd></div>
        <div><dt>Utilisation</dt><dd>${percent(day.utilisation)}</dd></div>
      </dl>`,
    })}
  </section>`;
}
