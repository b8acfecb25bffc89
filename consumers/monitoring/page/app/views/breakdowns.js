/** What the fleet is made of: stations by version, vendor, model, firmware and site, each a way to those stations. */

import { html, nothing, svg } from "../../vendor/lit-html/lit-html.js";
import { percent, whole } from "../format.js";
import { skeleton } from "../parts/states.js";
import { toStations } from "../router.js";

export const FACTS = [
  { fact: "vendor", name: "Vendor" },
  { fact: "model", name: "Model" },
  { fact: "firmware", name: "Firmware" },
  { fact: "version", name: "OCPP version" },
  { fact: "site", name: "Site" },
];

/** What an absent value is called. */
export const UNSAID = "Not known";

/** @param {any} fleet the overview, or null while it is loading */
export function breakdowns(fleet) {
  return html`<section class="breakdowns" aria-label="The fleet by what it is made of">
    ${FACTS.map(({ fact, name }) => html`<section class="card">
      <h2>${name}</h2>
      ${fleet ? bars(fact, fleet.facets[fact], fleet.stations.known) : skeleton(4)}
    </section>`)}
  </section>`;
}

/** @param {string} fact @param {{values: {value: string, stations: number}[], others?: number}} facet @param {number} known */
function bars(fact, facet, known) {
  const largest = Math.max(1, ...facet.values.map((one) => one.stations));
  return html`<ul class="bars">
    ${facet.values.map(
      ({ value, stations }) => html`<li><a href=${toStations({ [fact]: value })} title=${percent(stations / known)}>
        <span class="bar-name ${value ? "" : "is-unsaid"}">${value || UNSAID}</span>
        <span class="bar-number">${whole(stations)}</span>
        <svg class="bar" aria-hidden="true">${svg`<rect width="${(stations / largest) * 100}%" height="100%" rx="2" />`}</svg>
      </a></li>`,
    )}
    ${facet.others ? html`<li class="bar-others">${whole(facet.others)} with others</li>` : nothing}
  </ul>`;
}
