/** The fields of a form, each with its label and, where it helps, a hint. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";

/**
 * @typedef {{name: string, label: string, hint?: string, options?: [value: string, label: string][],
 *   isRequired?: boolean, isSecret?: boolean, value?: string, longest?: number}} Field
 */

/** @param {Field} field */
export function field({ name, label, hint, options, isRequired = false, isSecret = false, value = "", longest }) {
  const id = `field-${name}`;
  const input = options
    ? html`<select id=${id} name=${name} aria-describedby="${id}-hint">
        ${options.map(([one, said]) => html`<option value=${one} ?selected=${one === value}>${said}</option>`)}
      </select>`
    : html`<input id=${id} name=${name} type=${isSecret ? "password" : "text"} .value=${value} ?required=${isRequired}
        maxlength=${longest ?? 1024} autocomplete="off" spellcheck="false" autocapitalize="off" aria-describedby="${id}-hint" />`;
  return html`<div class="field">
    <label for=${id}>${label}</label>${input}
    <p class="hint" id="${id}-hint">${hint ?? nothing}</p>
  </div>`;
}
