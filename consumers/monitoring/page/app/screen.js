/** The screen: one template, drawn at most once a frame. lit-html changes only what is another. */

import { render } from "../vendor/lit-html/lit-html.js";

/** @type {() => unknown} */
let template = () => "";
/** @type {HTMLElement | null} */
let root = null;
let isAskedFor = false;

/**
 * Draw with this template from now on.
 * @param {() => unknown} drawn
 * @param {HTMLElement} place
 */
export function drawWith(drawn, place) {
  template = drawn;
  root = place;
  redraw();
}

/** Something changed: draw soon. */
export function redraw() {
  if (isAskedFor || root === null) return;
  isAskedFor = true;
  requestAnimationFrame(() => {
    isAskedFor = false;
    render(template(), /** @type {HTMLElement} */ (root));
  });
}
