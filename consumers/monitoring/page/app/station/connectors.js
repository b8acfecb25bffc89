/** The EVSEs of a station as cards: the status of each connector, and the session that runs. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { duration, energy, power, secondsSince, UNKNOWN, whole } from "../format.js";
import { empty } from "../parts/states.js";
import { badge } from "../parts/status.js";
import { age, lasting } from "../parts/time.js";
import { connectorWord, spacedWord } from "../words.js";

const READINGS = new Map([
  ["Current.Import", "Current"],
  ["Voltage", "Voltage"],
  ["Temperature", "Temperature"],
  ["Frequency", "Frequency"],
]);
const UNITS = new Map([["Celsius", "°C"], ["Percent", "%"]]);

/** @param {any} station @param {ReturnType<typeof import("./actions.js").actions>} asking */
export function connectors(station, asking) {
  const evses = (station.evses ?? []).filter((/** @type {any} */ evse) => evse.id > 0);
  if (evses.length === 0) {
    return html`<section class="card">${empty("No connector known yet", "The station has not said the status of any.")}</section>`;
  }
  return html`<section class="cards" aria-label="Connectors">${evses.map((/** @type {any} */ evse) => card(evse, asking, station))}</section>`;
}

/** @param {any} evse @param {ReturnType<typeof import("./actions.js").actions>} asking @param {any} station */
function card(evse, asking, station) {
  const session = evse.session?.endedAt ? undefined : evse.session;
  return html`<article class="card evse ${station.connected ? "" : "is-offline"}">
    <h2>${evse.connectors?.length > 1 ? `EVSE ${evse.id}` : `Connector ${evse.id}`}</h2>
    ${(evse.connectors ?? []).map((/** @type {any} */ one) => connector(one, session, evse.connectors.length > 1))}
    ${session ? running(session) : last(evse.session)}
    ${readings(evse.meter ?? [])}
    ${asking.evseButtons(evse, session)}
  </article>`;
}

/** @param {any} one @param {any} session @param {boolean} isNumbered */
function connector(one, session, isNumbered) {
  return html`<div class="connector">
    ${isNumbered ? html`<span class="second">Connector ${one.id}</span>` : nothing}
    ${badge(connectorWord(one, session))}<span class="second">${lasting(one.since)}</span>
    ${one.fault ? html`<p class="fault">${[spacedWord(one.fault.code), one.fault.info, one.fault.vendorCode].filter(Boolean).join(" · ")}</p>` : nothing}
  </div>`;
}

/** @param {any} session */
function running(session) {
  return html`<div class="session" aria-label="Running session">
    <p class="session-power">${power(session.powerW)}</p>
    <dl class="session-facts">
      <div><dt>Energy</dt><dd>${energy(session.energyWh)}</dd></div>
      <div><dt>Time</dt><dd>${duration(secondsSince(session.startedAt))}</dd></div>
      ${session.socPercent == null ? nothing : html`<div class="soc"><dt>Battery</dt><dd>${whole(session.socPercent)} %
        <svg class="bar" aria-hidden="true">${svg`<rect width="${Math.min(100, session.socPercent)}%" height="100%" rx="2" />`}</svg></dd></div>`}
    </dl>
    <p class="second">Token ${session.idToken ?? UNKNOWN}${session.inferred ? ". The start was not seen." : ""}</p>
  </div>`;
}

/** @param {any} session the last one that ended */
function last(session) {
  if (!session) return html`<p class="second session-none">No session yet.</p>`;
  return html`<p class="second session-none">Last session ended ${age(session.endedAt)}: ${energy(session.energyWh)}${session.stoppedReason ? `, ${spacedWord(session.stoppedReason)}` : ""}.</p>`;
}

/** @param {any[]} meter */
function readings(meter) {
  const shown = meter.filter((reading) => READINGS.has(reading.measurand));
  if (shown.length === 0) return nothing;
  return html`<p class="readings">${shown.map((reading) => html`<span title=${reading.measurand}>
    ${READINGS.get(reading.measurand)}${reading.phase ? ` ${reading.phase}` : ""} <strong>${Math.round(reading.value * 10) / 10} ${UNITS.get(reading.unit) ?? reading.unit ?? ""}</strong>
  </span>`)}</p>`;
}
