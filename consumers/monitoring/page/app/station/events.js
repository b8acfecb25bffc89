/** What happened of late, in words; what a station really said is behind each line. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { ask } from "../api.js";
import { empty, skeleton, when } from "../parts/states.js";
import { moment } from "../parts/time.js";
import { Resource } from "../resource.js";
import { redraw } from "../screen.js";
import { eventWords } from "../words.js";

const PAGE = 25;

/** @param {string} path of the station */
export function events(path) {
  /** @type {Resource<any>} */
  const newest = new Resource((signal) => ask(`${path}/events`, { query: { limit: PAGE }, signal }));
  /** @type {any[]} what came before the newest page, once it was asked for */
  let older = [];
  /** @type {number | undefined} */
  let next;
  let hasAsked = false;
  let isBusy = false;

  async function more() {
    isBusy = true;
    redraw();
    try {
      const page = await ask(`${path}/events`, { query: { limit: PAGE, before: hasAsked ? next : newest.value.next } });
      if (!hasAsked) older = [...newest.value.events];
      older = [...older, ...page.events];
      next = page.next;
      hasAsked = true;
    } catch (error) {
      newest.fault = /** @type {any} */ (error);
    }
    isBusy = false;
    redraw();
  }

  return {
    refresh: () => newest.reload(),
    stop: () => newest.stop(),
    template: () => html`<section class="card" aria-labelledby="events-title">
      <h2 id="events-title">Recent events</h2>
      ${when(newest, {
        loading: skeleton(6),
        ready: (value) => {
          const all = merged(value.events, older);
          if (all.length === 0) return empty("No events yet", "What the station says is kept for some days.");
          return html`<ol class="events">${repeat(all, (event) => event.number, line)}</ol>
            ${(hasAsked ? next : value.next) === undefined ? nothing
              : html`<button class="button" ?disabled=${isBusy} @click=${more}>${isBusy ? "Loading…" : "Earlier events"}</button>`}`;
        },
      })}
    </section>`,
  };
}

/** By the time at which they happened, newest first, each once. @param {any[]} newest @param {any[]} older */
function merged(newest, older) {
  const byNumber = new Map([...older, ...newest].map((event) => [event.number, event]));
  return [...byNumber.values()].sort((one, other) => Date.parse(other.at) - Date.parse(one.at) || other.number - one.number);
}

/** @param {any} event */
function line(event) {
  const { title, more } = eventWords(event);
  const place = event.evse ? `Connector ${event.evse}${event.connector > 1 ? `.${event.connector}` : ""}` : "";
  return html`<li class="event">
    <details>
      <summary>
        ${moment(event.at)}
        <span class="event-words"><strong>${title}</strong> ${more ? html`<span class="event-more">${more}</span>` : nothing}</span>
        <span class="second">${event.late ? html`<span class="event-late" title="The station told it late.">told late</span> ` : nothing}${place}</span>
      </summary>
      <pre tabindex="0" aria-label="The event as JSON">${JSON.stringify(event, null, 2)}</pre>
    </details>
  </li>`;
}
