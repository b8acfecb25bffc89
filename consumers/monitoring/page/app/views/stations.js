/** All stations: searched, narrowed and sorted by the server; its state is in the address, so that it can be shared. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { guard } from "../../vendor/lit-html/directives/guard.js";
import { ref } from "../../vendor/lit-html/directives/ref.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { listen } from "../feed.js";
import { overview } from "../fleet.js";
import { ago, counted } from "../format.js";
import { icon } from "../parts/icons.js";
import { empty, failed, skeleton } from "../parts/states.js";
import { replaceQuery } from "../router.js";
import { redraw } from "../screen.js";
import { filters, isNarrowed, widened } from "./filters.js";
import { StationList } from "./station_list.js";
import { COLUMNS, stationRow } from "./station_row.js";
import { windowOf } from "./window.js";

const AGES_EVERY_MS = 10_000;

/** The list that was left last: who comes back finds it as it was, at the same place. @type {{list: StationList, query: string, top: number} | null} */
let left = null;

/** The address of the list that was left last. */
export const lastStations = () => (left?.query ? `#/stations?${left.query}` : "#/stations");

/** @param {import("../router.js").Route} route @returns {import("../main.js").View} */
export function stationsView(route) {
  const back = left?.query === route.query.toString() ? left : null;
  const list = back?.list ?? new StationList();
  const chosen = filters(replaceQuery);
  const near = windowOf(list);
  let query = route.query;
  const refresh = () => list.load(query);
  listen({ stations: (changed) => list.change(changed), reload: refresh });
  if (back) list.followNear(); // the feed tells what changed since
  else refresh();

  return {
    key: "stations",
    title: "Stations",
    top: back?.top ?? 0,
    refresh,
    /** @param {import("../router.js").Route} shown */
    show(shown) {
      if (shown.query.toString() === query.toString()) return;
      query = shown.query;
      near.toTop();
      refresh();
    },
    stop() {
      left = { list, query: query.toString(), top: scrollY };
      list.stop();
      chosen.stop();
      near.stop();
    },
    template: () => html`
      <div class="view-head"><h1>Stations</h1>${summary(list, query, refresh)}</div>
      ${chosen.template(query, overview.value)}
      ${list.fault && !list.isFirst ? html`<p class="stale">As of ${ago(new Date(list.loadedAt).toISOString())}. ${list.fault.message}
        <button class="link" @click=${refresh}>Try again</button></p>` : nothing}
      ${body(list, query, near, refresh)}`,
  };
}

/** How many, in words; heard when it changes. @param {StationList} list @param {URLSearchParams} query @param {() => void} refresh */
function summary(list, query, refresh) {
  const known = overview.value?.stations.known;
  const all = !isNarrowed(query) && known !== undefined ? counted(known, "station") : `${counted(list.length, "station")}, and more below`;
  const shown = list.next === undefined ? counted(list.length, "station") : all;
  return html`<p class="summary" role="status">${list.isFirst ? nothing : shown}</p>
    ${list.isMoved ? html`<button class="button small" @click=${refresh}>${icon("reset")}Sort anew</button>` : nothing}`;
}

/** @param {StationList} list @param {URLSearchParams} query @param {ReturnType<typeof windowOf>} near @param {() => void} refresh */
function body(list, query, near, refresh) {
  if (list.isFirst) return list.fault && !list.isBusy ? failed(list.fault, refresh) : skeleton(12, "row");
  if (list.length === 0) return nobody(query);
  const now = Math.floor(Date.now() / AGES_EVERY_MS);
  return html`<table class="stations ${list.isBusy ? "is-busy" : ""}" role="table" aria-label="Stations" @keydown=${stepRows}>
      <thead role="rowgroup"><tr role="row">${COLUMNS.map((column) => heading(column, query))}</tr></thead>
      ${repeat(
        list.pages,
        (page) => page.number,
        (page) => html`<tbody role="rowgroup" data-page=${page.number} ${ref(near.watch)}>
          ${page.isNear
            ? guard([page.stations, now], () => repeat(page.stations, (station) => station.id, stationRow))
            : html`<tr class="spacer" aria-hidden="true"><td colspan=${COLUMNS.length}><svg width="1" height=${page.heightPx}></svg></td></tr>`}
        </tbody>`,
      )}
    </table>
    ${list.next === undefined
      ? nothing
      : html`<button class="button more-rows" ?disabled=${list.isBusy} @click=${() => list.more()} ${ref(near.watchEnd)}>
          ${list.isBusy ? "Loading…" : "Show more"}
        </button>`}`;
}

/** @param {URLSearchParams} query */
function nobody(query) {
  if (!isNarrowed(query)) return empty("No station has been seen yet", "As soon as a station connects to the gateway, it is here.");
  return empty(
    "No station matches",
    query.get("search") ? html`Nothing has “${query.get("search")}” in its id, name, site, serial number, vendor or model.` : "Take a filter away to see more.",
    html`<button class="button" @click=${() => replaceQuery(widened(query))}>Show all stations</button>`,
  );
}

/** @param {(typeof COLUMNS)[0]} column @param {URLSearchParams} query */
function heading({ name, sort, className }, query) {
  if (!sort) return html`<th class=${className} role="columnheader" scope="col">${name}</th>`;
  const isSorted = (query.get("sort") ?? "id") === sort;
  const isFalling = isSorted && query.get("order") === "falling";
  const order = isSorted ? (isFalling ? "descending" : "ascending") : "none";
  const turn = () => {
    const made = new URLSearchParams(query);
    made.set("sort", sort);
    // What takes most power is asked for first; all else is read from its beginning.
    const isFallingNext = isSorted ? !isFalling : sort === "power";
    if (isFallingNext) made.set("order", "falling");
    else made.delete("order");
    replaceQuery(made);
    redraw();
  };
  return html`<th class=${className} role="columnheader" scope="col" aria-sort=${order}>
    <button class="sort" @click=${turn}>${name}${isSorted ? icon(isFalling ? "down" : "up") : nothing}</button>
  </th>`;
}

/** Up and down go from station to station. @param {KeyboardEvent} event */
function stepRows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = [.../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll("th a")];
  const at = links.indexOf(/** @type {Element} */ (document.activeElement));
  if (step === undefined || at < 0) return;
  event.preventDefault();
  /** @type {HTMLElement | undefined} */ (links[at + step])?.focus();
}
