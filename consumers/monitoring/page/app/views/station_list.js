/** The stations that match a query, page after page, and kept true in place: rows change, their order does not. */

import { ask } from "../api.js";
import { feed, follow, FOLLOWED_AT_MOST } from "../feed.js";
import { redraw } from "../screen.js";

const PAGE = 50;
/** What of the address the API is asked; anything else in it is none of ours. */
const ASKED = ["search", "connected", "charging", "status", "version", "vendor", "model", "firmware", "site", "sort", "order"];

/**
 * `position` is where the feed stood, and `asOf` when that was, when the rows were last known to be true.
 * @typedef {{number: number, stations: any[], isNear: boolean, heightPx: number, position: string, asOf: number}} Page
 */

export class StationList {
  constructor() {
    /** @type {Page[]} */
    this.pages = [];
    /** @type {Page[]} */
    this.followed = [];
    /** @type {import("../api.js").ApiFault | null} */
    this.fault = null;
    this.isBusy = false;
    this.isFirst = true;
    /** Whether rows have changed in what they are sorted or chosen by. */
    this.isMoved = false;
    this.loadedAt = 0;
    /** @type {string | undefined} */
    this.next = undefined;
    this.query = new URLSearchParams();
    /** @type {AbortController | null} */
    this.request = null;
  }

  get length() {
    return this.pages.reduce((sum, page) => sum + page.stations.length, 0);
  }

  /** Ask anew, from the first page; what is shown stays until the answer is there. @param {URLSearchParams} query */
  async load(query) {
    this.query = query;
    await this.#ask(undefined, (page, next) => {
      this.pages = [page];
      this.next = next;
      this.isFirst = false;
      this.isMoved = false;
    });
  }

  /** The next page, where there is one. */
  async more() {
    if (this.isBusy || this.next === undefined) return;
    await this.#ask(this.next, (page, next) => {
      this.pages.push({ ...page, number: this.pages.length });
      this.next = next;
    });
  }

  /** These are so now. @param {any[]} changed */
  change(changed) {
    const byId = new Map(changed.map((station) => [station.id, station]));
    for (const page of this.pages) {
      page.stations = page.stations.map((station) => {
        const now = byId.get(station.id);
        if (now && (now.connected !== station.connected || now.status !== station.status)) this.isMoved = true;
        return now ?? station;
      });
    }
  }

  /** Have the feed follow the pages in or around the window, from where the oldest of them stands. */
  followNear() {
    this.#noteFollowed();
    this.followed = this.pages.filter((page) => page.isNear).slice(0, FOLLOWED_AT_MOST / PAGE);
    const [oldest] = this.followed.toSorted((one, other) => one.asOf - other.asOf);
    follow(this.followed.flatMap((page) => page.stations.map((station) => station.id)), oldest?.position);
  }

  stop() {
    this.#giveUp();
    this.#noteFollowed();
  }

  #giveUp() {
    this.request?.abort();
    this.isBusy = false;
  }

  /** What was followed is true up to now. */
  #noteFollowed() {
    for (const page of this.followed) Object.assign(page, { position: feed.position, asOf: Date.now() });
    this.followed = [];
  }

  /** @param {string | undefined} after @param {(page: Page, next: string | undefined) => void} take */
  async #ask(after, take) {
    this.#giveUp();
    const mine = (this.request = new AbortController());
    this.isBusy = true;
    redraw();
    const [position, asOf] = [feed.position, Date.now()];
    try {
      const query = { ...asked(this.query), limit: PAGE, after };
      const { stations, next } = await ask("stations", { query, signal: mine.signal });
      take({ number: 0, stations, isNear: true, heightPx: 0, position, asOf }, next);
      this.fault = null;
      this.loadedAt = Date.now();
      this.followNear();
    } catch (error) {
      if (mine.signal.aborted) return;
      this.fault = /** @type {import("../api.js").ApiFault} */ (error);
    }
    this.isBusy = false;
    redraw();
  }
}

/** @param {URLSearchParams} query */
function asked(query) {
  return Object.fromEntries(ASKED.filter((name) => query.has(name)).map((name) => [name, query.getAll(name)]));
}
