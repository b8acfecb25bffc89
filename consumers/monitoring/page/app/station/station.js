/** One station: as it is now, how its day was, what happened of late, and what it can be asked to do. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { ask, stationPath } from "../api.js";
import { follow, listen } from "../feed.js";
import { icon } from "../parts/icons.js";
import { empty, failed, skeleton } from "../parts/states.js";
import { atMostEvery, Resource } from "../resource.js";
import { toStations } from "../router.js";
import { redraw } from "../screen.js";
import { ago } from "../format.js";
import { lastStations } from "../views/stations.js";
import { actions } from "./actions.js";
import { commands } from "./commands.js";
import { connectors } from "./connectors.js";
import { curves } from "./curves.js";
import { day } from "./day.js";
import { events } from "./events.js";
import { header } from "./header.js";

const STATE_EVERY_MS = 1_000;
const RECENT_EVERY_MS = 3_000;
const PAST_EVERY_MS = 30_000;

/** @param {import("../router.js").Route} route @returns {import("../main.js").View} */
export function stationView(route) {
  const id = route.station;
  const path = stationPath(id);
  /** @type {Resource<any>} */
  const state = new Resource((signal) => ask(path, { signal }));
  const happened = events(path);
  const sent = commands(path);
  const past = [day(path), curves(path)];
  const asking = actions(id, () => state.value, () => sent.refresh());

  const stateSoon = atMostEvery(STATE_EVERY_MS, () => state.reload());
  const recentSoon = atMostEvery(RECENT_EVERY_MS, () => [happened, sent].forEach((one) => one.refresh()));
  const pastSoon = atMostEvery(PAST_EVERY_MS, () => past.forEach((one) => one.refresh()));
  const timer = setInterval(pastSoon, PAST_EVERY_MS);
  const refresh = () => [stateSoon, recentSoon, pastSoon].forEach((soon) => soon());

  listen({
    stations([summary]) {
      // What the stream says is shown at once; all the rest of the station is asked for.
      if (state.value) state.value = { ...state.value, ...within(summary) };
      refresh();
      redraw();
    },
    reload: refresh,
  });
  follow([id]);
  // All else only of a station that there is.
  state.reload().then(() => state.value && refresh());

  return {
    key: `station ${id}`,
    title: id,
    refresh,
    show() {},
    stop() {
      clearInterval(timer);
      [stateSoon, recentSoon, pastSoon].forEach((soon) => soon.stop());
      [state, happened, sent, ...past].forEach((one) => one.stop());
    },
    template: () => html`
      <a class="back" href=${lastStations()}>${icon("back")}Stations</a>
      ${state.value === null ? absent(state, id) : present(state)}`,
  };

  /** @param {Resource<any>} known */
  function present(known) {
    const station = known.value;
    return html`${header(station, asking)}
      ${known.state === "stale" ? html`<p class="stale">As of ${ago(new Date(known.loadedAt).toISOString())}. ${known.fault?.message}
        <button class="link" @click=${refresh}>Try again</button></p>` : nothing}
      ${connectors(station, asking)}
      ${past.map((one) => one.template(station))}
      <div class="halves">${happened.template()}${sent.template()}</div>
      ${asking.template()}`;
  }
}

/** @param {Resource<any>} state @param {string} id */
function absent(state, id) {
  if (state.state === "loading") return html`<h1>${id}</h1>${skeleton(1, "chart")}<div class="cards">${skeleton(2, "chart")}</div>`;
  if (state.fault?.status === 404 || state.fault?.status === 400) {
    const more = html`Nobody has heard of <strong>${id}</strong>. It is here as soon as it connects for the first time.`;
    return empty("Unknown station", more, html`<a class="button" href=${toStations({ search: id })}>Search for it</a>`);
  }
  return html`<h1>${id}</h1>${failed(state.fault, () => state.reload())}`;
}

/** The facts of a summary that the whole state has by the same names. @param {any} summary */
function within({ connected, status, seenAt, since, powerW }) {
  return { connected, status, seenAt, since, powerW };
}
