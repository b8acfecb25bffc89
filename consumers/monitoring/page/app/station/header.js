/** Who the station is and whether it is there; and the actions that mean it as a whole. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { power } from "../format.js";
import { badge } from "../parts/status.js";
import { age, lasting } from "../parts/time.js";
import { toStations } from "../router.js";
import { spacedWord, spoken, stationWord } from "../words.js";

/** @param {any} station @param {ReturnType<typeof import("./actions.js").actions>} asking */
export function header(station, asking) {
  const { link, hardware, boot } = station;
  const place = [station.site, station.address].filter(Boolean).join(", ");
  return html`<header class="station-head">
    <div class="station-title">
      <h1>${station.id}</h1>
      ${badge(stationWord(station))}
      <p class="station-place">${[station.name, place].filter(Boolean).join(" · ")}</p>
    </div>
    ${asking.buttons()}
    <dl class="facts">
      ${fact(station.connected ? "Connected" : "Offline", html`${lasting(station.since)}${!station.connected && link?.reason ? html` <span class="second">${spoken(link.reason)}</span>` : nothing}`)}
      ${fact("Last seen", age(station.seenAt))}
      ${fact("Power", station.connected ? power(station.powerW ?? 0) : "")}
      ${fact("Model", [hardware?.vendor ?? station.vendor, without(hardware?.model ?? station.model, hardware?.vendor ?? station.vendor)].filter(Boolean).join(" "))}
      ${fact("Firmware", station.firmware ? html`<a href=${toStations({ firmware: station.firmware })}>${station.firmware}</a>${station.firmwareUpdate ? html` <span class="second">${spacedWord(station.firmwareUpdate.status)} ${age(station.firmwareUpdate.at)}</span>` : nothing}` : "")}
      ${fact("OCPP", station.version)}
      ${fact("Serial number", hardware?.serialNumber)}
      ${fact("Started", boot ? html`${age(boot.at)} <span class="second">${spacedWord(boot.reason)}</span>` : "")}
      ${fact("Gateway", link?.gateway)}
      ${fact("Groups", station.groups?.join(", "))}
      ${fact("Security events", station.security ? html`${station.security.events} <span class="second">${spacedWord(station.security.lastType)} ${age(station.security.lastAt)}</span>` : "")}
      ${fact("Log upload", station.logUpload ? html`${spacedWord(station.logUpload.status)} ${age(station.logUpload.at)}` : "")}
    </dl>
  </header>`;
}

/** @param {string} name @param {unknown} value */
function fact(name, value) {
  return value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : nothing;
}

/** A model that begins with its vendor's name says it once. @param {string | undefined} model @param {string | undefined} vendor */
function without(model, vendor) {
  return model && vendor && model.startsWith(`${vendor} `) ? model.slice(vendor.length + 1) : model;
}
