/** A status as shape, colour and word: the shape and the word say the same as the colour. */

import { html, svg } from "../../vendor/lit-html/lit-html.js";

/** @type {Record<import("../words.js").Tone, unknown>} */
const SHAPES = {
  available: svg`<circle cx="8" cy="8" r="5.5" class="solid"/>`,
  occupied: svg`<circle cx="8" cy="8" r="5.5" class="line"/><circle cx="8" cy="8" r="2.4" class="solid"/>`,
  charging: svg`<path d="M9.4 1 3.2 9h3.9L6.3 15 12.8 6.8H8.7z" class="solid"/>`,
  reserved: svg`<circle cx="8" cy="8" r="5.5" class="line"/><path d="M8 5v3.2l2.2 1.4" class="line"/>`,
  unavailable: svg`<rect x="2.8" y="2.8" width="10.4" height="10.4" rx="2" class="line"/><path d="M5.4 8h5.2" class="line"/>`,
  faulted: svg`<path d="M8 1.4 15.2 14H.8z" class="solid"/><path d="M8 6v3.6M8 11.4v.9" class="cut"/>`,
  unknown: svg`<circle cx="8" cy="8" r="5.5" class="line dashed"/>`,
  offline: svg`<circle cx="8" cy="8" r="5.8" class="line"/><path d="M4 12 12 4" class="line"/>`,
};

/** @param {import("../words.js").Tone} tone */
export function shape(tone) {
  return html`<svg class="shape tone-${tone}" viewBox="0 0 16 16" aria-hidden="true">${SHAPES[tone]}</svg>`;
}

/** @param {{tone: import("../words.js").Tone, word: string}} said */
export function badge({ tone, word }) {
  return html`<span class="badge tone-${tone}">${shape(tone)}<span>${word}</span></span>`;
}

/** A connector as a shape alone, for dense rows; its word is there for those who hear or point. @param {string} place @param {{tone: import("../words.js").Tone, word: string}} said */
export function dot(place, { tone, word }) {
  return html`<span class="dot" title="${place}: ${word}">${shape(tone)}<span class="unseen">${place}: ${word}.</span></span>`;
}
