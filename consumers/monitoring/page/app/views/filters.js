/** What the list of stations is narrowed by: a search as it is typed, choices, and what is chosen as chips. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { icon } from "../parts/icons.js";
import { menu } from "../parts/menu.js";
import { shape } from "../parts/status.js";
import { toneOf } from "../words.js";
import { FACTS, UNSAID } from "./breakdowns.js";

const SEARCH_AFTER_MS = 200;
const MENUS = [{ fact: "status", name: "Status" }, ...FACTS];
const NARROWING = ["search", "connected", "charging", ...MENUS.map(({ fact }) => fact)];
const LINKS = [
  { name: "All", value: null },
  { name: "Online", value: "true" },
  { name: "Offline", value: "false" },
];

/** @param {URLSearchParams} query */
export const isNarrowed = (query) => NARROWING.some((name) => query.has(name));

/** The query without what narrows it. @param {URLSearchParams} query */
export function widened(query) {
  return without(query, NARROWING);
}

/** @param {(query: URLSearchParams) => void} change */
export function filters(change) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  /** @type {string | null} what is typed and not yet asked for */
  let typed = null;

  return {
    stop: () => clearTimeout(typing),
    /** @param {URLSearchParams} query @param {any} fleet the overview, for the choices; null while it is loading */
    template(query, fleet) {
      /** @param {string} text */
      const search = (text, waitMs = SEARCH_AFTER_MS) => {
        typed = text;
        clearTimeout(typing);
        typing = setTimeout(() => {
          typed = null;
          change(replaced(query, "search", text.trim() ? [text.trim()] : []));
        }, waitMs);
      };
      return html`<form class="filters" role="search" @submit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <label class="search">
          <span class="unseen">Search by id, name, site, serial number, vendor or model</span>${icon("search")}
          <input id="search" type="search" placeholder="Id, name, site, serial number…" autocomplete="off" spellcheck="false"
            aria-keyshortcuts="/" maxlength="200" .value=${live(typed ?? query.get("search") ?? "")}
            @input=${(/** @type {any} */ event) => search(event.target.value)} />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <div class="segments" role="group" aria-label="Connection">
          ${LINKS.map(({ name, value }) => html`<button type="button" aria-pressed=${query.get("connected") === value}
            @click=${() => change(replaced(query, "connected", value ? [value] : []))}>${name}</button>`)}
        </div>
        <button type="button" class="button toggle" aria-pressed=${query.get("charging") === "true"}
          @click=${() => change(replaced(query, "charging", query.get("charging") === "true" ? [] : ["true"]))}>
          ${shape("charging")}In session
        </button>
        <div class="menus">${MENUS.map(({ fact, name }) => {
          const facet = fleet?.facets[fact] ?? { values: [] };
          const note = facet.others ? `${facet.others} with others: search for them.` : "";
          return menu(name, choicesOf(fact, facet, query.getAll(fact)), query.getAll(fact), (chosen) => change(replaced(query, fact, chosen)), note);
        })}</div>
      </form>
      ${chips(query, change)}`;
    },
  };
}

/** @param {string} fact @param {any} facet @param {string[]} chosen */
function choicesOf(fact, facet, chosen) {
  const known = facet.values.map((/** @type {any} */ one) => one.value);
  const missing = chosen.filter((value) => !known.includes(value)).map((value) => ({ value, stations: undefined }));
  return [...facet.values, ...missing].map(({ value, stations }) => ({
    value,
    stations,
    label: value || UNSAID,
    mark: fact === "status" ? shape(toneOf(value)) : undefined,
  }));
}

/** @param {URLSearchParams} query @param {(query: URLSearchParams) => void} change */
function chips(query, change) {
  const chosen = MENUS.flatMap(({ fact, name }) => query.getAll(fact).map((value) => ({ fact, name, value })));
  if (!isNarrowed(query)) return nothing;
  return html`<ul class="chips" aria-label="Chosen filters">
    ${chosen.map(({ fact, name, value }) => html`<li>
      <button class="chip" aria-label="Remove ${name} ${value || UNSAID}"
        @click=${() => change(replaced(query, fact, query.getAll(fact).filter((one) => one !== value)))}>
        <span>${name}: <strong>${value || UNSAID}</strong></span>${icon("close")}
      </button>
    </li>`)}
    <li><button class="link" @click=${() => change(widened(query))}>Clear all</button></li>
  </ul>`;
}

/** @param {URLSearchParams} query @param {string} name @param {string[]} values */
function replaced(query, name, values) {
  const made = without(query, [name]);
  for (const value of values) made.append(name, value);
  return made;
}

/** @param {URLSearchParams} query @param {string[]} names */
function without(query, names) {
  const made = new URLSearchParams(query);
  for (const name of names) made.delete(name);
  return made;
}
