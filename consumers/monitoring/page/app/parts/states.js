/** What is shown where there is nothing yet, nothing at all, or nothing to be had. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { ago } from "../format.js";

/** The place that content will take. @param {number} lines @param {string} [kind] */
export function skeleton(lines, kind = "line") {
  return html`<div class="skeletons" aria-busy="true">
    <span class="unseen">Loading</span>
    ${Array.from({ length: lines }, () => html`<div class="skeleton ${kind}" aria-hidden="true"></div>`)}
  </div>`;
}

/** Nothing is there, and that is no fault. @param {string} title @param {unknown} [more] @param {unknown} [action] */
export function empty(title, more = nothing, action = nothing) {
  return html`<div class="empty">
    <svg viewBox="0 0 48 48" aria-hidden="true">
      <rect x="14" y="7" width="20" height="34" rx="4" /><path d="M19 15h10M24 41v3M25 21l-5 8h8l-4 7" />
    </svg>
    <p class="empty-title">${title}</p>
    <p>${more}</p>
    ${action}
  </div>`;
}

/** It could not be had. @param {Error | null} fault @param {() => void} retry */
export function failed(fault, retry) {
  return html`<div class="failed" role="alert">
    <p><strong>This could not be loaded.</strong> ${fault?.message}</p>
    <button class="button" @click=${retry}>Try again</button>
  </div>`;
}

/**
 * Content by the state of its resource: a skeleton, a fault, or what it is, with a note where it is old.
 * @template T
 * @param {import("../resource.js").Resource<T>} resource
 * @param {{ready: (value: T) => unknown, loading: unknown}} how
 */
export function when(resource, { ready, loading }) {
  if (resource.state === "loading") return loading;
  if (resource.state === "failed") return failed(resource.fault, () => resource.reload());
  return html`${resource.state === "stale" ? staleNote(resource) : nothing}${ready(/** @type {T} */ (resource.value))}`;
}

/** @param {import("../resource.js").Resource<any>} resource */
function staleNote(resource) {
  return html`<p class="stale">
    As of ${ago(new Date(resource.loadedAt).toISOString())}. ${resource.fault?.message}
    <button class="link" @click=${() => resource.reload()}>Try again</button>
  </p>`;
}
