/** A thing that is asked for: what is known of it, since when, and what went wrong since. */

import { redraw } from "./screen.js";

/**
 * `value` stays when a later request fails: then it is stale, and `fault` says why.
 * @template T
 */
export class Resource {
  /** @param {(signal: AbortSignal) => Promise<T>} load */
  constructor(load) {
    this.load = load;
    /** @type {T | null} */
    this.value = null;
    /** @type {import("./api.js").ApiFault | null} */
    this.fault = null;
    this.loadedAt = 0;
    this.isBusy = false;
    /** @type {AbortController | null} */
    this.request = null;
  }

  /** @returns {"loading" | "failed" | "stale" | "ready"} */
  get state() {
    if (this.value === null) return this.fault && !this.isBusy ? "failed" : "loading";
    return this.fault ? "stale" : "ready";
  }

  /** Ask now; a request on its way is given up. Never throws: the fault is kept. */
  async reload() {
    this.stop();
    const mine = (this.request = new AbortController());
    this.isBusy = true;
    redraw();
    try {
      const value = await this.load(mine.signal);
      if (mine.signal.aborted) return;
      this.value = value;
      this.loadedAt = Date.now();
      this.fault = null;
    } catch (error) {
      if (mine.signal.aborted) return;
      this.fault = /** @type {import("./api.js").ApiFault} */ (error);
    }
    this.isBusy = false;
    redraw();
  }

  /** Wait for nothing any more. */
  stop() {
    this.request?.abort();
    this.request = null;
    this.isBusy = false;
  }
}

/**
 * Do it now, and then at most so often, however often it is asked for; the last asking is always done.
 * @param {number} everyMs
 * @param {() => void} act
 */
export function atMostEvery(everyMs, act) {
  let last = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const soon = () => {
    if (waiting !== undefined) return;
    waiting = setTimeout(() => {
      waiting = undefined;
      last = performance.now();
      act();
    }, Math.max(0, last + everyMs - performance.now()));
  };
  soon.stop = () => clearTimeout(waiting);
  return soon;
}
