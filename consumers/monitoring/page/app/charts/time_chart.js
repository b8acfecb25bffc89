/** `<time-chart>`: one quantity over time as an area, with a cursor for pointer and keyboard. Set `data`. */

import { html, nothing, render, svg } from "../../vendor/lit-html/lit-html.js";
import { clockTime, dayOf } from "../format.js";
import { nearest, runs, timeTicks, valueTicks } from "./scales.js";

const LEFT = 62;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 24;
const PIXELS_PER_TICK = 66;

/**
 * @typedef {{label: string, points: import("./scales.js").Point[], from: number, to: number, stepMs: number,
 *   format: (value: number) => string, tone?: string, floor?: number, ceiling?: number,
 *   least?: number, height?: number}} ChartData
 */

class TimeChart extends HTMLElement {
  /** @type {ChartData | null} */
  #data = null;
  #width = 0;
  /** @type {number | null} the point under the cursor */
  #cursor = null;
  #watching = new ResizeObserver(([entry]) => {
    this.#width = Math.round(entry.contentRect.width);
    this.#draw();
  });

  connectedCallback() {
    this.#watching.observe(this);
  }

  disconnectedCallback() {
    this.#watching.disconnect();
  }

  /** @param {ChartData} data */
  set data(data) {
    this.#data = data;
    if (this.#cursor !== null && this.#cursor >= data.points.length) this.#cursor = null;
    this.#draw();
  }

  #draw() {
    if (this.#data === null || this.#width === 0) return;
    render(this.#template(this.#data), this);
  }

  /** @param {ChartData} data */
  #template(data) {
    const height = data.height ?? 180;
    const known = data.points.flatMap(({ value }) => (value === null ? [] : [value]));
    const ticks = valueTicks(data.ceiling ?? Math.max(...known, 1), 4, data.floor ?? 0, data.least);
    const [bottom, top] = [ticks[0], ticks[ticks.length - 1]];
    const x = (/** @type {number} */ at) => LEFT + ((at - data.from) / (data.to - data.from)) * (this.#width - LEFT - RIGHT);
    const y = (/** @type {number} */ value) =>
      height - BOTTOM - ((Math.min(top, Math.max(bottom, value)) - bottom) / (top - bottom)) * (height - TOP - BOTTOM);
    const times = timeTicks(data.from, data.to, Math.max(2, Math.floor((this.#width - LEFT) / PIXELS_PER_TICK)));
    return html`<div class="chart tone-${data.tone ?? "accent"}" tabindex="0" role="img" aria-label=${this.#summary(data, known)}
        @pointermove=${this.#point} @pointerleave=${this.#leave} @keydown=${this.#step} @blur=${this.#leave}>
      <svg width=${this.#width} height=${height} aria-hidden="true">
        ${ticks.map((tick) => svg`
          <line class="grid" x1=${LEFT} x2=${this.#width - RIGHT} y1=${y(tick)} y2=${y(tick)} />
          <text class="tick" x=${LEFT - 8} y=${y(tick) + 4} text-anchor="end">${shortened(data.format(tick))}</text>`)}
        ${times.ticks.map((at) => svg`
          <text class="tick" x=${x(at)} y=${height - 6} text-anchor="middle">${times.isByDay ? dayOf(at) : clockTime(at)}</text>`)}
        ${runs(data.points, data.stepMs * 2.5).map((run) => {
          const line = run.map(({ at, value }, number) => `${number ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
          const ends = `L${x(run[run.length - 1].at).toFixed(1)} ${y(bottom)}L${x(run[0].at).toFixed(1)} ${y(bottom)}Z`;
          return svg`<path class="area" d=${line + ends} /><path class="curve" d=${run.length > 1 ? line : `${line}h0.1`} />`;
        })}
        ${this.#cursorMark(data, x, y, height)}
      </svg>
      <p class="readout" aria-live="polite">${this.#readout(data)}</p>
    </div>`;
  }

  /** @param {ChartData} data @param {(at: number) => number} x @param {(value: number) => number} y @param {number} height */
  #cursorMark(data, x, y, height) {
    const point = this.#cursor === null ? undefined : data.points[this.#cursor];
    if (point === undefined) return nothing;
    return svg`<line class="cursor" x1=${x(point.at)} x2=${x(point.at)} y1=${TOP} y2=${height - BOTTOM} />
      ${point.value === null ? nothing : svg`<circle class="knob" cx=${x(point.at)} cy=${y(point.value)} r="4" />`}`;
  }

  /** @param {ChartData} data */
  #readout(data) {
    const point = this.#cursor === null ? undefined : data.points[this.#cursor];
    if (point === undefined) return nothing;
    return html`<span>${dayOf(point.at)}, ${clockTime(point.at)}</span>
      <strong>${point.value === null ? "not known" : data.format(point.value)}</strong>`;
  }

  /** @param {ChartData} data @param {number[]} known */
  #summary(data, known) {
    if (known.length === 0) return `${data.label}: nothing known`;
    const [low, high, last] = [Math.min(...known), Math.max(...known), known[known.length - 1]].map(data.format);
    return `${data.label}: last ${last}, lowest ${low}, highest ${high}. Arrow keys read the values.`;
  }

  /** @param {PointerEvent} event */
  #point = (event) => {
    if (this.#data === null || this.#data.points.length === 0) return;
    const share = (event.clientX - this.getBoundingClientRect().left - LEFT) / (this.#width - LEFT - RIGHT);
    this.#cursor = nearest(this.#data.points, this.#data.from + share * (this.#data.to - this.#data.from));
    this.#draw();
  };

  #leave = () => {
    this.#cursor = null;
    this.#draw();
  };

  /** @param {KeyboardEvent} event */
  #step = (event) => {
    const last = (this.#data?.points.length ?? 0) - 1;
    const at = this.#cursor ?? last;
    const next = { ArrowLeft: at - 1, ArrowRight: this.#cursor === null ? at : at + 1, Home: 0, End: last }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.#cursor = Math.min(last, Math.max(0, next));
    this.#draw();
  };
}

/** A round number without its zeros: 5.00 kW, 5 kW. @param {string} text */
function shortened(text) {
  return text.replace(/(\.\d*?)0+(?=\s|$)/, "$1").replace(/\.(?=\s|$)/, "");
}

customElements.define("time-chart", TimeChart);
