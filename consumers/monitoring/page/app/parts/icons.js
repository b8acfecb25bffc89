/** The signs on buttons and links, drawn as lines. Words stand beside them, or in their labels. */

import { html, svg } from "../../vendor/lit-html/lit-html.js";

const DRAWN = {
  search: svg`<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 4 4"/>`,
  auto: svg`<circle cx="8" cy="8" r="6"/><path d="M8 2a6 6 0 0 1 0 12z" class="filled"/>`,
  light: svg`<circle cx="8" cy="8" r="3"/><path d="M8 .8v2M8 13.2v2M.8 8h2M13.2 8h2M2.9 2.9l1.4 1.4M11.7 11.7l1.4 1.4M13.1 2.9l-1.4 1.4M4.3 11.7l-1.4 1.4"/>`,
  dark: svg`<path d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z"/>`,
  close: svg`<path d="m3.5 3.5 9 9M12.5 3.5l-9 9"/>`,
  back: svg`<path d="M10 3 5 8l5 5"/>`,
  down: svg`<path d="m4 6 4 4 4-4"/>`,
  up: svg`<path d="m4 10 4-4 4 4"/>`,
  lock: svg`<rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5 7V5a3 3 0 0 1 6 0v2"/>`,
  reset: svg`<path d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3"/>`,
  unlock: svg`<rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5 7V5a3 3 0 0 1 5.6-1.5"/>`,
  start: svg`<path d="M4.5 2.8 13 8l-8.5 5.2z"/>`,
  stop: svg`<rect x="3.5" y="3.5" width="9" height="9" rx="1.5"/>`,
  availability: svg`<path d="M8 1.5v6M4.6 4a5.5 5.5 0 1 0 6.8 0"/>`,
};

/** @param {keyof typeof DRAWN} name */
export function icon(name) {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${DRAWN[name]}</svg>`;
}
