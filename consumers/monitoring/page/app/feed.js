/** The stream of changes: one `EventSource` for the whole page, which follows what the view shows. */

import { address } from "./api.js";
import { redraw } from "./screen.js";

const REOPEN_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
/** The API follows at most so many stations. */
export const FOLLOWED_AT_MOST = 200;

/** @typedef {{stations?: (changed: any[]) => void, reload?: () => void}} Listener */

export const feed = {
  /** @type {"connecting" | "live" | "broken"} */
  state: "connecting",
  /** Where the stream stands: what is asked for now is at least as new. */
  position: "",
  brokenAt: 0,
};

/** @type {EventSource | null} */
let source = null;
/** @type {string[]} */
let followed = [];
/** @type {Listener} */
let listener = {};
/** @type {(changed: any) => void} */
let overviewChanged = () => {};
let failures = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let reopening;

/**
 * Begin at the position of an overview; its changes go to `heard`.
 * @param {string} position
 * @param {(changed: any) => void} heard
 */
export function openFeed(position, heard) {
  overviewChanged = heard;
  feed.position = position;
  failures = 0;
  open(position);
}

/** End the stream. */
export function closeFeed() {
  clearTimeout(reopening);
  source?.close();
  source = null;
}

/**
 * Who hears of stations from now on: the view that is shown.
 * @param {Listener} heard
 */
export function listen(heard) {
  listener = heard;
}

/**
 * Follow these stations, from where `position` was the feed's (what changed in between is told).
 * @param {string[]} stations
 * @param {string} [position]
 */
export function follow(stations, position = feed.position) {
  const wanted = stations.slice(0, FOLLOWED_AT_MOST).sort();
  if (wanted.join("\n") === followed.join("\n")) return;
  followed = wanted;
  if (source) open(position);
}

/** @param {string} after */
function open(after) {
  closeFeed();
  // An empty id is nobody's: without any, the stream would be of all stations.
  const station = followed.length ? followed : [""];
  const mine = new EventSource(address("changes", { station, after: after || undefined }));
  source = mine;
  mine.addEventListener("open", () => say("live"));
  mine.addEventListener("error", () => {
    say("broken");
    if (mine.readyState === EventSource.CLOSED && mine === source) reopen();
  });
  /** @type {(name: string, act: (data: any) => void) => void} */
  const on = (name, act) =>
    mine.addEventListener(name, (event) => {
      const message = /** @type {MessageEvent} */ (event);
      if (message.lastEventId) feed.position = message.lastEventId;
      act(JSON.parse(message.data || "null"));
      redraw();
    });
  on("stations", (data) => listener.stations?.(data.stations));
  on("overview", (data) => overviewChanged(data));
  on("reload", () => listener.reload?.());
}

function reopen() {
  const waitMs = REOPEN_MS[Math.min(failures, REOPEN_MS.length - 1)];
  failures += 1;
  clearTimeout(reopening);
  reopening = setTimeout(() => open(feed.position), waitMs);
}

/** @param {"live" | "broken"} state */
function say(state) {
  const wasBroken = feed.state === "broken";
  if (state === "broken" && !wasBroken) feed.brokenAt = Date.now();
  if (state === "live") failures = 0;
  feed.state = state;
  if (state === "live" && wasBroken) listener.reload?.();
  redraw();
}
