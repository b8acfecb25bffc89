/** Commands that were sent to the station, by whomever, and what became of them. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { ask } from "../api.js";
import { duration } from "../format.js";
import { empty, skeleton, when } from "../parts/states.js";
import { moment } from "../parts/time.js";
import { Resource } from "../resource.js";
import { commandWord, RESULTS } from "../words.js";

const SHOWN = 25;

/** A result as a word with a sign. @param {string} status */
export function resultBadge(status) {
  const { word, isGood } = RESULTS[status] ?? { word: status, isGood: null };
  const [sign, tone] = isGood === null ? ["?", "unsure"] : isGood ? ["✓", "good"] : ["✕", "bad"];
  return html`<span class="result ${tone}"><span aria-hidden="true">${sign}</span>${word}</span>`;
}

/** @param {string} path of the station */
export function commands(path) {
  /** @type {Resource<any>} */
  const sent = new Resource((signal) => ask(`${path}/commands`, { query: { limit: SHOWN }, signal }));
  return {
    refresh: () => sent.reload(),
    stop: () => sent.stop(),
    template: () => html`<section class="card" aria-labelledby="commands-title">
      <h2 id="commands-title">Commands sent</h2>
      ${when(sent, {
        loading: skeleton(4),
        ready: ({ commands: all }) =>
          all.length === 0
            ? empty("No commands yet", "What anybody asks of this station is listed here, with its result.")
            : html`<ol class="events">${repeat(all, (/** @type {any} */ command) => command.number, line)}</ol>`,
      })}
    </section>`,
  };
}

/** @param {any} command */
function line(command) {
  const tookSeconds = (Date.parse(command.completedAt) - Date.parse(command.askedAt)) / 1000;
  const why = command.why ?? (command.answer && command.answer.toLowerCase() !== command.status ? command.answer : "");
  return html`<li class="event">
    <details>
      <summary>
        ${moment(command.askedAt)}
        <span class="event-words"><strong>${commandWord(command.command)}</strong>
          ${why ? html`<span class="event-more">${why}</span>` : nothing}</span>
        ${resultBadge(command.status)}
      </summary>
      <p class="second">${RESULTS[command.status]?.said} Took ${tookSeconds < 1 ? "under a second" : duration(tookSeconds)}.</p>
      <pre tabindex="0" aria-label="The command as JSON">${JSON.stringify(command, null, 2)}</pre>
    </details>
  </li>`;
}
