/** The way in, where the monitoring asks for a token. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { signIn } from "../access.js";
import { field } from "../parts/fields.js";
import { redraw } from "../screen.js";

/** @type {import("../api.js").ApiFault | null} */
let fault = null;
let isBusy = false;

/** @param {() => void} entered */
export function signInForm(entered) {
  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    const token = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("token"));
    [isBusy, fault] = [true, null];
    redraw();
    try {
      await signIn(token.trim());
      entered();
    } catch (error) {
      fault = /** @type {import("../api.js").ApiFault} */ (error);
    }
    isBusy = false;
    redraw();
  }

  return html`<form class="card sign-in" @submit=${submit}>
    <h1>Fleet monitor</h1>
    <p>This page shows the state of the fleet to those who have its token, <code>OCPP_MONITORING_TOKEN</code>.</p>
    ${field({ name: "token", label: "Token", isSecret: true, isRequired: true })}
    ${fault ? html`<p class="form-fault" role="alert">${fault.status === 401 ? "This is not the token." : fault.message}</p>` : nothing}
    <button class="button primary" ?disabled=${isBusy}>${isBusy ? "One moment…" : "Sign in"}</button>
  </form>`;
}
