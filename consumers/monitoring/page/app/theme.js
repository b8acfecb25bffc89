/** Light or dark: as the system has it, or as was chosen here before. */

import { redraw } from "./screen.js";

const KEY = "ocpp-monitoring-theme";
/** @typedef {"auto" | "light" | "dark"} Theme */
/** @type {Theme[]} */
export const THEMES = ["auto", "light", "dark"];

/** @returns {Theme} */
export function theme() {
  const kept = read();
  return kept === "light" || kept === "dark" ? kept : "auto";
}

/** @param {Theme} chosen */
export function chooseTheme(chosen) {
  try {
    if (chosen === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // a browser that keeps nothing: it holds for this page
  }
  show(chosen);
  redraw();
}

/** Show what was chosen; to be called before the first drawing. */
export function applyTheme() {
  show(theme());
}

/** @param {Theme} shown */
function show(shown) {
  if (shown === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = shown;
}

function read() {
  try {
    return localStorage.getItem(KEY) ?? document.documentElement.dataset.theme;
  } catch {
    return document.documentElement.dataset.theme;
  }
}
