/** A menu of boxes to tick, that opens below its name. Closes on Escape, and on a click elsewhere. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { whole } from "../format.js";
import { icon } from "./icons.js";

/**
 * @param {string} name
 * @param {{value: string, label: string, stations?: number, mark?: unknown}[]} choices
 * @param {string[]} chosen
 * @param {(chosen: string[]) => void} choose
 * @param {string} [note] below the choices
 */
export function menu(name, choices, chosen, choose, note = "") {
  /** @param {Event} event @param {string} value */
  const tick = (event, value) => {
    const isOn = /** @type {HTMLInputElement} */ (event.target).checked;
    choose(isOn ? [...chosen, value] : chosen.filter((one) => one !== value));
  };
  return html`<details class="menu" @keydown=${closeOnEscape} @focusout=${closeOnLeaving}>
    <summary class="button ${chosen.length ? "is-on" : ""}">
      ${name}${chosen.length ? html`<span class="count">${chosen.length}</span>` : nothing}${icon("down")}
    </summary>
    <fieldset class="menu-list">
      <legend class="unseen">${name}</legend>
      ${choices.map(
        (choice) => html`<label class="choice">
          <input type="checkbox" .checked=${live(chosen.includes(choice.value))} @change=${(/** @type {Event} */ event) => tick(event, choice.value)} />
          ${choice.mark ?? nothing}<span class="choice-label">${choice.label}</span>
          ${choice.stations === undefined ? nothing : html`<span class="choice-count">${whole(choice.stations)}</span>`}
        </label>`,
      )}
      ${note ? html`<p class="choice-note">${note}</p>` : nothing}
    </fieldset>
  </details>`;
}

/** @param {KeyboardEvent} event */
function closeOnEscape(event) {
  if (event.key !== "Escape") return;
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (!details.open) return;
  event.stopPropagation();
  details.open = false;
  /** @type {HTMLElement} */ (details.firstElementChild).focus();
}

/** @param {FocusEvent} event */
function closeOnLeaving(event) {
  const details = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  const next = /** @type {Node | null} */ (event.relatedTarget);
  if (next && !details.contains(next)) details.open = false;
}

addEventListener("pointerdown", (event) => {
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (!open.contains(/** @type {Node} */ (event.target))) /** @type {HTMLDetailsElement} */ (open).open = false;
  }
});
