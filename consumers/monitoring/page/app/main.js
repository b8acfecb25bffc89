/** The start: who may come in, which view is shown, and what keeps it true. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { learnPossible, noteSignedOut, possible, signOut } from "./access.js";
import { onSignedOut } from "./api.js";
import { overview, startFleet, stopFleet } from "./fleet.js";
import { empty, failed } from "./parts/states.js";
import { currentRoute } from "./router.js";
import { drawWith, redraw } from "./screen.js";
import { stationView } from "./station/station.js";
import { applyTheme } from "./theme.js";
import { overviewView } from "./views/overview.js";
import { shell } from "./views/shell.js";
import { signInForm } from "./views/sign_in.js";
import { stationsView } from "./views/stations.js";

/**
 * A view is made when it is come to, and stopped when it is left. `show` is for the same view with another address,
 * `top` where it was scrolled to when it was left before.
 * @typedef {{key: string, title: string, top?: number, template: () => unknown, show: (route: import("./router.js").Route) => void,
 *   refresh: () => void, stop: () => void}} View
 */

/** Ages grow by themselves. */
const AGES_EVERY_MS = 10_000;
const RETRY_MS = 5_000;
const SEARCH_IS_THERE_MS = 100;

/** @type {Record<import("./router.js").Route["view"], (route: import("./router.js").Route) => View>} */
const VIEWS = { overview: overviewView, stations: stationsView, station: stationView, nowhere: nowhereView };

/** @type {View | null} */
let view = null;
/** @type {import("./api.js").ApiFault | null} why it cannot even be said what is possible */
let fault = null;

function template() {
  if (fault) return html`<main class="alone">${failed(fault, start)}</main>`;
  if (!possible.signedIn) return html`<main class="alone">${signInForm(start)}</main>`;
  const { view: name } = currentRoute();
  const here = name === "overview" ? name : name === "nowhere" ? "" : "stations";
  return shell(here, view?.template() ?? nothing, leave);
}

/** Show the view of the address. @param {boolean} [isArrival] whether somebody went there */
function arrive(isArrival = false) {
  if (!possible.signedIn || fault) return;
  const route = currentRoute();
  const key = route.view === "station" ? `station ${route.station}` : route.view;
  if (view?.key === key) {
    view.show(route);
  } else {
    view?.stop();
    view = VIEWS[route.view](route);
    document.title = `${view.title} · Fleet monitor`;
    redraw();
    const { top = 0 } = view;
    requestAnimationFrame(() => {
      scrollTo(0, top);
      if (isArrival) document.getElementById("main")?.focus({ preventScroll: true });
    });
  }
  redraw();
}

/** @returns {View} */
function nowhereView() {
  const action = html`<a class="button" href="#/">To the overview</a>`;
  const noting = () => {};
  return {
    key: "nowhere",
    title: "Not found",
    template: () => empty("There is no such page", "The address may be of another version.", action),
    show: noting,
    refresh: noting,
    stop: noting,
  };
}

async function leave() {
  await signOut().catch(() => noteSignedOut());
  end();
}

function end() {
  view?.stop();
  view = null;
  stopFleet();
  overview.value = null;
  redraw();
}

async function start() {
  fault = null;
  try {
    await learnPossible();
  } catch (error) {
    fault = /** @type {import("./api.js").ApiFault} */ (error);
    if (fault.isAway) setTimeout(() => fault && start(), RETRY_MS);
    return redraw();
  }
  if (possible.signedIn) {
    startFleet(() => view?.refresh());
    arrive();
  }
  redraw();
}

/** `/` goes to the search, wherever one is. @param {KeyboardEvent} event */
function searchOnSlash(event) {
  const isTyping = /** @type {Element} */ (event.target).closest("input, textarea, select, dialog");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  event.preventDefault();
  const search = document.getElementById("search");
  if (search) return search.focus();
  location.hash = "#/stations";
  setTimeout(() => document.getElementById("search")?.focus(), SEARCH_IS_THERE_MS);
}

applyTheme();
onSignedOut(() => {
  noteSignedOut();
  end();
});
addEventListener("hashchange", (event) => arrive(event.isTrusted));
addEventListener("keydown", searchOnSlash);
setInterval(redraw, AGES_EVERY_MS);
await start();
document.getElementById("boot")?.remove();
drawWith(template, /** @type {HTMLElement} */ (document.getElementById("app")));
