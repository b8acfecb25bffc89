/** The fleet's overview, which all views share: loaded once, kept true by the feed, asked for again while it is away. */

import { ask } from "./api.js";
import { closeFeed, openFeed } from "./feed.js";
import { Resource } from "./resource.js";

const RETRY_MS = [2_000, 5_000, 10_000, 30_000];
/** The facets and the last day are not in the stream. */
const REFRESH_MS = 60_000;

/** @type {Resource<any>} */
export const overview = new Resource((signal) => ask("overview", { signal }));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let next;
let failures = 0;
let isFollowed = false;
/** @type {() => void} */
let isBack = () => {};

/**
 * Load it, and keep it fresh from now on.
 * @param {() => void} back called when the API is there again after it was not
 */
export async function startFleet(back) {
  isBack = back;
  await refreshFleet();
}

/** Ask now. */
export async function refreshFleet() {
  clearTimeout(next);
  const wasAway = overview.fault !== null;
  await overview.reload();
  if (overview.isBusy) return; // another request took over
  failures = overview.fault ? failures + 1 : 0;
  next = setTimeout(refreshFleet, overview.fault ? RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] : REFRESH_MS);
  if (overview.fault) return;
  if (!isFollowed) {
    isFollowed = true;
    openFeed(overview.value.position, merge);
  }
  if (wasAway) isBack();
}

/** Ask no more: somebody signed out. */
export function stopFleet() {
  clearTimeout(next);
  overview.stop();
  closeFeed();
  isFollowed = false;
}

/** @param {any} changed the parts of the overview that are another */
function merge(changed) {
  if (overview.value === null) return;
  overview.value = { ...overview.value, ...changed };
  overview.loadedAt = Date.now();
}
