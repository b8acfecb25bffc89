/** A dialog that takes the keyboard while it is open, and gives it back to where it came from. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { ref } from "../../vendor/lit-html/directives/ref.js";
import { icon } from "./icons.js";

/** @type {Element | null} */
let cameFrom = null;

/** @param {Element | undefined} element */
function openModal(element) {
  const dialog = /** @type {HTMLDialogElement | undefined} */ (element);
  if (dialog === undefined) {
    // It is being taken from the page, and all else is inert until it is: then back to the button that opened it, if that is still there.
    const back = /** @type {HTMLElement | null} */ (cameFrom);
    cameFrom = null;
    queueMicrotask(() => back?.isConnected && back.focus());
    return;
  }
  if (dialog.open) return;
  cameFrom = document.activeElement;
  // lit-html calls before the dialog is in the document.
  queueMicrotask(() => dialog.isConnected && !dialog.open && dialog.showModal());
}

/** @param {string} title @param {unknown} content @param {() => void} close */
export function dialog(title, content, close) {
  return html`<dialog aria-labelledby="dialog-title" ${ref(openModal)}
    @cancel=${(/** @type {Event} */ event) => [event.preventDefault(), close()]}
    @click=${(/** @type {Event} */ event) => (event.target === event.currentTarget ? close() : nothing)}>
    <div class="dialog-body">
      <div class="dialog-head">
        <h2 id="dialog-title">${title}</h2>
        <button class="button quiet" type="button" aria-label="Close" @click=${close}>${icon("close")}</button>
      </div>
      ${content}
    </div>
  </dialog>`;
}
