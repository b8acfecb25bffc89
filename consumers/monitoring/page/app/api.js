/** The monitoring's JSON API: a request in, its answer or an `ApiFault` out. */

const ROOT = new URL("api/v1/", document.baseURI);
const DEADLINE_MS = 15_000;
/** Where a token is shown; to be refused there signs nobody out. */
const SIGN_IN = "sign-in";

/** Why there is no answer, in words for people. `status` is HTTP's, 0 where nobody answered. */
export class ApiFault extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {string[]} places what was wrong where, of a 422
   */
  constructor(status, message, places = []) {
    super(message);
    this.status = status;
    this.places = places;
  }

  /** Whether asking again may help: nobody answered, or it was said to be down. */
  get isAway() {
    return this.status === 0 || this.status >= 500;
  }
}

/** @type {() => void} */
let signedOut = () => {};

/**
 * Call this when a request is refused for want of a token.
 * @param {() => void} heard
 */
export function onSignedOut(heard) {
  signedOut = heard;
}

/**
 * @param {string} path below `/api/v1/`
 * @param {Record<string, unknown>} query lists are repeated, undefined is left out
 */
export function address(path, query = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) url.searchParams.append(name, String(one));
    }
  }
  return url;
}

/** @param {string} station the path of a station; its id may have any character */
export function stationPath(station) {
  return `stations/${encodeURIComponent(station)}`;
}

/**
 * Ask for something. Throws ApiFault, or AbortError when `signal` says so.
 * @param {string} path
 * @param {{query?: Record<string, unknown>, signal?: AbortSignal, body?: unknown, method?: string,
 *   headers?: Record<string, string>, deadlineMs?: number}} how with a `body` it is a POST
 * @returns {Promise<any>}
 */
export async function ask(path, how = {}) {
  const late = AbortSignal.timeout(how.deadlineMs ?? DEADLINE_MS);
  const hasBody = how.body !== undefined;
  let response;
  try {
    response = await fetch(address(path, how.query), {
      method: how.method ?? (hasBody ? "POST" : "GET"),
      headers: { Accept: "application/json", ...(hasBody && { "Content-Type": "application/json" }), ...how.headers },
      body: hasBody ? JSON.stringify(how.body) : undefined,
      signal: how.signal ? AbortSignal.any([how.signal, late]) : late,
    });
    if (response.ok) return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (how.signal?.aborted) throw error;
    throw new ApiFault(0, late.aborted ? "The monitoring does not answer." : "The monitoring cannot be reached.");
  }
  const fault = await faultOf(response);
  if (fault.status === 401 && path !== SIGN_IN) signedOut();
  throw fault;
}

/** @param {Response} response one that is not ok; its body is a problem (RFC 9457), or a proxy's own page */
async function faultOf(response) {
  try {
    const problem = await response.json();
    const places = (problem.errors ?? []).map((/** @type {{pointer: string, detail: string}} */ one) =>
      `${one.pointer || "/"}: ${one.detail}`);
    return new ApiFault(response.status, problem.detail ?? problem.title ?? response.statusText, places);
  } catch {
    return new ApiFault(response.status, `The monitoring answered ${response.status}.`);
  }
}
