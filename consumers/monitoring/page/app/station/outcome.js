/** What became of a command, in words, and all of it for those who want to know. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { commandWord, RESULTS, spacedWord } from "../words.js";
import { resultBadge } from "./commands.js";

/** @param {string} command @param {any} result of the gateway @param {() => void} again @param {() => void} close */
export function outcome(command, result, again, close) {
  const isPending = result?.status === undefined;
  const known = isPending ? undefined : RESULTS[result.status];
  return html`<div role="status">
      <p class="outcome">${isPending ? "No result yet" : html`${resultBadge(result.status)} ${commandWord(command)}`}</p>
      <p>${isPending ? "The station has not answered so far. The result will stand under “Commands sent”." : known?.said}</p>
      ${result?.why ? html`<p class="second">${result.why}</p>` : nothing}
      ${said(result?.answer)}
      ${result?.loss?.length ? losses(result.loss) : nothing}
    </div>
    <details><summary>All of it</summary><pre tabindex="0" aria-label="The result as JSON">${JSON.stringify(result, null, 2)}</pre></details>
    <div class="dialog-buttons">
      ${known && !known.isGood ? html`<button class="button" type="button" @click=${again}>Try again</button>` : nothing}
      <button class="button primary" type="button" autofocus @click=${close}>Close</button>
    </div>`;
}

/** @param {any} answer of the station */
function said(answer) {
  if (!answer?.status) return nothing;
  const more = answer.statusInfo ? `: ${[answer.statusInfo.reasonCode, answer.statusInfo.additionalInfo].filter(Boolean).join(", ")}` : "";
  return html`<p class="second">The station's word: ${spacedWord(answer.native?.status ?? answer.status)}${more}</p>`;
}

/** @param {{path: string, code: string}[]} loss */
function losses(loss) {
  return html`<p class="second">What this station's version has no room for:
    ${loss.map(({ path, code }) => `${path} (${code.replaceAll("_", " ")})`).join(", ")}</p>`;
}
