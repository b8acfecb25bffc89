/** What needs somebody now: who has been away longest, what is faulted, and sessions in which nothing flows. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { ask } from "../api.js";
import { counted, secondsSince, whole } from "../format.js";
import { skeleton, when } from "../parts/states.js";
import { shape } from "../parts/status.js";
import { age, lasting } from "../parts/time.js";
import { atMostEvery, Resource } from "../resource.js";
import { toStation, toStations } from "../router.js";
import { spacedWord } from "../words.js";

const SHOWN = 6;
const EVERY_MS = 15_000;
/** When the fleet's counts change, the lists are asked for sooner, but not for each station of many. */
const AT_MOST_EVERY_MS = 3_000;
/** A session without power may be a full battery; after so long somebody should look. */
const IDLE_SECONDS = 30 * 60;

/** @type {{name: string, tone: import("../words.js").Tone, none: string, query: Record<string, string>, keep: (station: any) => boolean, why: (station: any) => unknown}[]} */
const GROUPS = [
  {
    name: "Offline, longest first",
    tone: "offline",
    none: "All stations are connected.",
    query: { connected: "false", sort: "seen", order: "rising" },
    keep: () => true,
    why: (station) => html`last seen ${age(station.seenAt ?? station.since)}`,
  },
  {
    name: "Faulted",
    tone: "faulted",
    none: "No connector is faulted.",
    query: { status: "Faulted", sort: "seen", order: "falling" },
    keep: () => true,
    why: (station) => faults(station),
  },
  {
    name: "Running, but no power",
    tone: "occupied",
    none: "Power flows in all long sessions.",
    query: { connected: "true", charging: "true", sort: "power", order: "rising" },
    keep: (station) => idleSession(station) !== undefined,
    why: (station) => lasting(idleSession(station)?.startedAt),
  },
];

export function attention() {
  const groups = GROUPS.map((group) => ({
    ...group,
    found: new Resource((signal) => ask("stations", { query: { ...group.query, limit: SHOWN * 2 }, signal })),
  }));
  const refresh = () => groups.forEach((group) => group.found.reload());
  const soon = atMostEvery(AT_MOST_EVERY_MS, refresh);
  let seen = "";
  const timer = setInterval(soon, EVERY_MS);

  return {
    refresh,
    stop() {
      clearInterval(timer);
      soon.stop();
      groups.forEach((group) => group.found.stop());
    },
    /** @param {any} fleet the overview: when its counts change, these lists have */
    template(fleet) {
      const counts = JSON.stringify([fleet?.stations.disconnected, fleet?.connectors.Faulted]);
      if (seen && seen !== counts) soon();
      seen = counts;
      const numbers = [fleet?.stations.disconnected, undefined, undefined];
      return html`<section class="card attention" aria-labelledby="attention-title">
        <h2 id="attention-title">Needs attention</h2>
        <div class="attention-groups">${groups.map((group, number) => section(group, numbers[number]))}</div>
      </section>`;
    },
  };
}

/** @param {(typeof GROUPS)[0] & {found: Resource<any>}} group @param {number | undefined} number */
function section(group, number) {
  return html`<section>
    <h3>${shape(group.tone)}${group.name}${number ? html`<span class="count">${whole(number)}</span>` : nothing}</h3>
    ${when(group.found, {
      loading: skeleton(4),
      ready: ({ stations, next }) => {
        const kept = stations.filter(group.keep);
        if (kept.length === 0) return html`<p class="well">${shape("available")}${group.none}</p>`;
        return html`<ul class="attention-list">
            ${repeat(kept.slice(0, SHOWN), (station) => station.id, (station) => row(station, group.why))}
          </ul>
          ${kept.length > SHOWN || next ? html`<a class="more" href=${toStations(group.query)}>Show all</a>` : nothing}`;
      },
    })}
  </section>`;
}

/** @param {any} station @param {(station: any) => unknown} why */
function row(station, why) {
  return html`<li><a href=${toStation(station.id)}>
    <span class="attention-name">${station.id}</span>
    <span class="attention-why">${why(station)}</span>
    <span class="attention-place">${station.name ?? station.site ?? station.model ?? ""}</span>
  </a></li>`;
}

/** @param {any} station */
function faults(station) {
  const faulted = station.connectors.filter((/** @type {any} */ one) => one.status === "Faulted");
  const codes = [...new Set(faulted.flatMap((/** @type {any} */ one) => (one.fault ? [spacedWord(one.fault)] : [])))];
  return codes.join(", ") || counted(faulted.length, "connector");
}

/** @param {any} station */
function idleSession(station) {
  return station.sessions?.find((/** @type {any} */ one) => !one.powerW && secondsSince(one.startedAt) > IDLE_SECONDS);
}
