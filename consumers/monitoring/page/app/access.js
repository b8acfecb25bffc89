/** What this page may do: whether a token was asked for and shown, and the token for commands, kept for this tab. */

import { ask } from "./api.js";

const KEY = "ocpp-monitoring-command-token";

/** @type {{tokenRequired: boolean, signedIn: boolean, commands: boolean}} */
export let possible = { tokenRequired: false, signedIn: true, commands: false };

/** Ask what is possible. Throws ApiFault. */
export async function learnPossible() {
  possible = await ask("possibilities");
}

/** @param {string} token the monitoring's; a cookie is given for it. Throws ApiFault. */
export async function signIn(token) {
  await ask("sign-in", { body: { token } });
  await learnPossible();
}

/** Have the cookie forgotten, and the token for commands. Throws ApiFault. */
export async function signOut() {
  forgetCommandToken();
  await ask("sign-in", { method: "DELETE" });
  await learnPossible();
}

/** Nobody is signed in any more: a request was refused. */
export function noteSignedOut() {
  possible = { ...possible, tokenRequired: true, signedIn: false };
}

/** @type {string | null} for browsers that keep nothing */
let inMemory = null;

/** The gateway's token for commands; empty where it asks for none, null where nobody has said it yet. */
export function commandToken() {
  try {
    return sessionStorage.getItem(KEY) ?? inMemory;
  } catch {
    return inMemory;
  }
}

/** @param {string} token */
export function keepCommandToken(token) {
  inMemory = token;
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // it holds until the page is left
  }
}

export function forgetCommandToken() {
  inMemory = null;
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // there is none
  }
}
