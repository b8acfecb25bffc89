/** A station as a row of the table; on a phone the same row is laid out as a card. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { power } from "../format.js";
import { badge, dot } from "../parts/status.js";
import { age } from "../parts/time.js";
import { toStation } from "../router.js";
import { connectorWord, spacedWord, stationWord } from "../words.js";

/** The columns, and by what the API sorts them. */
export const COLUMNS = [
  { name: "Status", sort: "status", className: "col-status" },
  { name: "Station", sort: "id", className: "col-id" },
  { name: "Connectors", sort: "", className: "col-connectors" },
  { name: "Power", sort: "power", className: "col-power" },
  { name: "Site", sort: "", className: "col-site" },
  { name: "Model", sort: "", className: "col-model" },
  { name: "Firmware", sort: "", className: "col-firmware" },
  { name: "OCPP", sort: "", className: "col-version" },
  { name: "Last seen", sort: "seen", className: "col-seen" },
];

/** @param {any} station */
export function stationRow(station) {
  const sessions = new Map((station.sessions ?? []).map((/** @type {any} */ one) => [one.evse, one]));
  const connectors = station.connectors ?? [];
  const faults = connectors.flatMap((/** @type {any} */ one) => (one.fault ? [spacedWord(one.fault)] : []));
  return html`<tr class="station ${station.connected ? "" : "is-offline"}" role="row">
    <td class="col-status" role="cell">${badge(stationWord(station))}</td>
    <th class="col-id" role="rowheader" scope="row">
      <a href=${toStation(station.id)}>${station.id}</a>
      ${station.name ? html`<span class="second">${station.name}</span>` : nothing}
    </th>
    <td class="col-connectors" role="cell">
      <span class="dots">${connectors.map((/** @type {any} */ one) => dot(placeOf(one), connectorWord(one, sessions.get(one.evse))))}</span>
      ${faults.length ? html`<span class="second fault">${faults.join(", ")}</span>` : nothing}
    </td>
    <td class="col-power" role="cell">${station.powerW ? power(station.powerW) : nothing}</td>
    <td class="col-site" role="cell">${station.site ?? nothing}</td>
    <td class="col-model" role="cell">${station.model ?? station.vendor ?? nothing}</td>
    <td class="col-firmware" role="cell">${station.firmware ?? nothing}</td>
    <td class="col-version" role="cell">${station.version ?? nothing}</td>
    <td class="col-seen" role="cell">${age(station.seenAt ?? station.since)}</td>
  </tr>`;
}

/** @param {{evse: number, connector: number}} connector */
function placeOf({ evse, connector }) {
  return connector === 1 ? `Connector ${evse}` : `Connector ${evse}.${connector}`;
}
