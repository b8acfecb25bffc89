/** What is around every view: the head with its ways, whether all is live, and a banner when the monitoring is away. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { possible } from "../access.js";
import { feed } from "../feed.js";
import { overview, refreshFleet } from "../fleet.js";
import { clockTime, duration } from "../format.js";
import { icon } from "../parts/icons.js";
import { chooseTheme, theme, THEMES } from "../theme.js";

/** A stream that breaks is mended in a moment; only what lasts is told. */
const TOLD_AFTER_MS = 4_000;
const THEME_WORDS = { auto: "as the system", light: "light", dark: "dark" };

/** @param {"overview" | "stations" | ""} here @param {unknown} content @param {() => void} leave to sign out */
export function shell(here, content, leave) {
  return html`<a class="skip" href="#main" @click=${skip}>Skip to content</a>
    <header class="top">
      <a class="brand" href="#/" aria-label="Fleet monitor">
        <svg viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="6" /><path d="M13.5 3.5 6.5 13.5h4.5l-1 7 7.5-10.5h-4.7z" /></svg>
        <span>Fleet monitor</span>
      </a>
      <nav aria-label="Views">
        <a href="#/" aria-current=${here === "overview" ? "page" : nothing}>Overview</a>
        <a href="#/stations" aria-current=${here === "stations" ? "page" : nothing}>Stations</a>
      </nav>
      <div class="top-end">${liveness()}${themeButton()}
        ${possible.tokenRequired && possible.signedIn ? html`<button class="button quiet" @click=${leave}>Sign out</button>` : nothing}
      </div>
    </header>
    ${awayBanner()}
    <main id="main" tabindex="-1">${content}</main>`;
}

function liveness() {
  const [state, word] = overview.fault ? ["broken", "Away"] : feed.state === "live" ? ["live", "Live"] : ["waiting", "Connecting"];
  return html`<span class="liveness ${state}" role="status"><svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="4" /></svg>${word}</span>`;
}

function awayBanner() {
  const isCut = feed.state === "broken" && Date.now() - feed.brokenAt > TOLD_AFTER_MS;
  if (!overview.fault && !isCut) return nothing;
  const seen = overview.loadedAt
    ? `What you see is of ${clockTime(overview.loadedAt)}, ${duration((Date.now() - overview.loadedAt) / 1000)} old.`
    : "";
  const said = overview.fault?.message ?? "Changes do not come in any more.";
  return html`<div class="banner" role="alert">
    <p><strong>${said}</strong> ${seen} It is tried again by itself.</p>
    <button class="button" ?disabled=${overview.isBusy} @click=${refreshFleet}>${overview.isBusy ? "Trying…" : "Try now"}</button>
  </div>`;
}

function themeButton() {
  const now = theme();
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  return html`<button class="button quiet theme" aria-label="Colours: ${THEME_WORDS[now]}. Change to ${THEME_WORDS[next]}"
    title="Colours: ${THEME_WORDS[now]}" @click=${() => chooseTheme(next)}>${icon(now)}</button>`;
}

/** The address is the view's: go to the content without changing it. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
