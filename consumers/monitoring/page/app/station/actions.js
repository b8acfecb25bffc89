/** Asking a station to do something: the token once, the order with its confirmation, and then what became of it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { ApiFault, ask, stationPath } from "../api.js";
import { commandToken, forgetCommandToken, keepCommandToken, possible } from "../access.js";
import { dialog } from "../parts/dialog.js";
import { field } from "../parts/fields.js";
import { icon } from "../parts/icons.js";
import { redraw } from "../screen.js";
import { ORDERS } from "./orders.js";
import { outcome } from "./outcome.js";

const DEADLINE_SECONDS = 30;
const WAIT_SECONDS = 35;
/** What can stand in a header: printable ASCII without spaces. */
const TOKEN = /^[!-~]*$/;
const NO_TOKEN = "This cannot be a token: one has letters, digits and signs of the English keyboard, and no spaces.";

/** @typedef {{name: import("./orders.js").OrderName, aim: import("./orders.js").Aim, id: string,
 *   step: "token" | "form" | "sending" | "done", form: Record<string, string>, result?: any,
 *   fault?: import("../api.js").ApiFault}} Asking */

/** @param {string} station @param {() => any} state @param {() => void} heard called when there is a result */
export function actions(station, state, heard) {
  /** @type {Asking | null} */
  let asking = null;
  /** @param {Partial<Asking>} changed */
  const go = (changed) => {
    if (asking) asking = { ...asking, ...changed };
    redraw();
  };
  const close = () => {
    asking = null;
    redraw();
  };

  /** @param {import("./orders.js").OrderName} name @param {Omit<import("./orders.js").Aim, "station">} [aim] */
  function begin(name, aim = {}) {
    const step = commandToken() === null ? "token" : "form";
    asking = { name, aim: { station: state(), ...aim }, id: madeId(), step, form: {} };
    redraw();
  }

  /** @param {Record<string, string>} form */
  async function send(form) {
    const mine = /** @type {Asking} */ (asking);
    const order = ORDERS[mine.name];
    go({ step: "sending", form, fault: undefined });
    const token = commandToken();
    try {
      const result = await ask(`${stationPath(station)}/commands`, {
        query: { wait: WAIT_SECONDS },
        body: { id: mine.id, command: order.command, arguments: order.toArguments(form, mine.aim), deadlineSeconds: DEADLINE_SECONDS },
        headers: token ? { "X-Command-Token": token } : {},
        deadlineMs: (WAIT_SECONDS + 10) * 1000,
      });
      if (asking?.id === mine.id) go({ step: "done", result });
    } catch (error) {
      if (asking?.id !== mine.id) return;
      const fault = /** @type {import("../api.js").ApiFault} */ (error);
      const isRefused = fault.status === 403;
      if (isRefused) forgetCommandToken();
      go({ step: isRefused ? "token" : "form", fault });
    }
    heard();
  }

  /** @param {import("./orders.js").OrderName} name @param {Omit<import("./orders.js").Aim, "station">} [aim] */
  const button = (name, aim) => html`<button class="button" @click=${() => begin(name, aim)}>${icon(name)}${ORDERS[name].button}</button>`;

  return {
    /** For the station as a whole. */
    buttons: () => (possible.commands ? html`<div class="actions">${button("reset")}${button("availability")}</div>` : nothing),
    /** @param {any} evse @param {any} session the one that runs there */
    evseButtons: (evse, session) => {
      if (!possible.commands) return nothing;
      const main = session ? (session.transactionId ? button("stop", { evse, session }) : nothing) : button("start", { evse });
      return html`<div class="actions">${main}${button("unlock", { evse, session })}${button("availability", { evse })}</div>`;
    },
    template() {
      if (asking === null) return nothing;
      const { title } = ORDERS[asking.name];
      if (asking.step === "token") return dialog("Token for commands", tokenForm(asking.fault, take, close), close);
      if (asking.step === "done") return dialog("Result", outcome(ORDERS[asking.name].command, asking.result, again, close), close);
      return dialog(title(asking.aim), orderForm(asking, send, close), close);
    },
  };

  /** @param {string} token */
  function take(token) {
    if (!TOKEN.test(token)) return go({ fault: new ApiFault(0, NO_TOKEN) });
    keepCommandToken(token);
    go({ step: "form", fault: undefined });
  }

  /** The same again is another command. */
  function again() {
    go({ step: "form", id: madeId(), result: undefined });
  }
}

/** @param {import("../api.js").ApiFault | undefined} fault @param {(token: string) => void} take @param {() => void} close */
function tokenForm(fault, take, close) {
  return html`<form @submit=${(/** @type {SubmitEvent} */ event) => take(formOf(event).token.trim())}>
    <p>Commands go through the gateway's API. They need its token, <code>OCPP_API_TOKEN</code>. It is kept in this tab only.</p>
    ${fault ? html`<p class="form-fault" role="alert">${fault.status ? "The gateway did not take it: " : ""}${fault.message}</p>` : nothing}
    ${field({ name: "token", label: "Token", isSecret: true, hint: "Leave it empty where the gateway asks for none." })}
    <div class="dialog-buttons">
      <button class="button" type="button" @click=${close}>Cancel</button>
      <button class="button primary">Continue</button>
    </div>
  </form>`;
}

/** @param {Asking} asking @param {(form: Record<string, string>) => void} send @param {() => void} close */
function orderForm({ name, aim, step, form, fault }, send, close) {
  const order = ORDERS[name];
  const isSending = step === "sending";
  return html`<form @submit=${(/** @type {SubmitEvent} */ event) => send(formOf(event))}>
    <p>${order.about(aim)}</p>
    ${aim.station.connected ? nothing : html`<p class="form-note">The station is offline: it will most likely not be reached.</p>`}
    ${order.fields(aim).map((one) => field({ ...one, value: form[one.name] ?? one.value }))}
    ${fault ? html`<div class="form-fault" role="alert"><p>${fault.message}</p><ul>${fault.places.map((place) => html`<li>${place}</li>`)}</ul></div>` : nothing}
    <div class="dialog-buttons" aria-live="polite">
      ${isSending ? html`<p class="second">Waiting for the station…</p>` : nothing}
      <button class="button" type="button" @click=${close}>${isSending ? "Close" : "Cancel"}</button>
      <button class="button ${order.isGrave ? "grave" : "primary"}" ?disabled=${isSending}>${order.button}</button>
    </div>
  </form>`;
}

/** @param {SubmitEvent} event @returns {Record<string, string>} */
function formOf(event) {
  event.preventDefault();
  return /** @type {any} */ (Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target))));
}

/** An id of our own, so that a request which is repeated stays one command. `randomUUID` is for https alone. */
function madeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
