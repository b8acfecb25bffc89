/** Where we are: the part of the address behind `#`, as a view's name, its station and its query. */

/** @typedef {{view: "overview" | "stations" | "station" | "nowhere", station: string, query: URLSearchParams}} Route */

/** @returns {Route} */
export function currentRoute() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean);
  const made = { station: "", query: new URLSearchParams(query) };
  if (parts.length === 0) return { view: "overview", ...made };
  if (parts[0] !== "stations" || parts.length > 2) return { view: "nowhere", ...made };
  if (parts.length === 1) return { view: "stations", ...made };
  try {
    return { view: "station", ...made, station: decodeURIComponent(parts[1]) };
  } catch {
    return { view: "nowhere", ...made };
  }
}

/** @param {string} station */
export function toStation(station) {
  return `#/stations/${encodeURIComponent(station)}`;
}

/** @param {Record<string, string | string[]>} [query] */
export function toStations(query = {}) {
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) made.append(name, one);
  }
  return made.size ? `#/stations?${made}` : "#/stations";
}

/**
 * Show another query of the view that is shown, without a step in the history for each letter.
 * @param {URLSearchParams} query
 */
export function replaceQuery(query) {
  const path = location.hash.replace(/^#/, "").split("?", 1)[0] || "/";
  history.replaceState(null, "", `#${path}${query.size ? `?${query}` : ""}`);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
