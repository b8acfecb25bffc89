/** Words for what stations say: statuses, events, commands and their results. Tables, so that all stands in one place. */

import { counted, duration, energy } from "./format.js";

/** The tone of a thing: which colour and shape it is shown in. */
/** @typedef {"available" | "occupied" | "charging" | "reserved" | "unavailable" | "faulted" | "unknown" | "offline"} Tone */

const DETAILS = new Map([
  ["Preparing", "Preparing"],
  ["Charging", "Charging"],
  ["SuspendedEV", "Paused by vehicle"],
  ["SuspendedEVSE", "Paused by station"],
  ["Finishing", "Finishing"],
]);

/** @type {Map<string, Tone>} */
const TONES = new Map([
  ["Available", "available"],
  ["Occupied", "occupied"],
  ["Reserved", "reserved"],
  ["Unavailable", "unavailable"],
  ["Faulted", "faulted"],
]);

/** The statuses in the order in which they press. */
export const STATUSES = ["Faulted", "Unavailable", "Occupied", "Reserved", "Available", "Unknown"];

/** @param {string} status @returns {Tone} */
export const toneOf = (status) => TONES.get(status) ?? "unknown";

/**
 * A connector in a word: the finer one where there is one.
 * @param {{status: string, detail?: string}} connector
 * @param {{powerW?: number, chargingState?: string}} [session] the one that runs at its EVSE
 * @returns {{tone: Tone, word: string}}
 */
export function connectorWord(connector, session) {
  const state = connector.detail ?? (session ? (session.chargingState ?? (session.powerW ? "Charging" : "")) : "");
  const word = DETAILS.get(state) ?? connector.status;
  const isCharging = connector.status === "Occupied" && state === "Charging";
  return { word: connector.status === "Occupied" ? word : connector.status, tone: isCharging ? "charging" : toneOf(connector.status) };
}

/**
 * A station in a word: whether it is there comes first.
 * @param {{connected: boolean, status: string, powerW?: number}} station
 * @returns {{tone: Tone, word: string}}
 */
export function stationWord(station) {
  if (!station.connected) return { tone: "offline", word: "Offline" };
  if (station.status === "Occupied" && station.powerW) return { tone: "charging", word: "Charging" };
  return { tone: toneOf(station.status), word: station.status };
}

/** Why a connection ended, as the gateway says it. @param {string | undefined} reason */
export const spoken = (reason) => (reason ? reason.replaceAll("_", " ") : "");

/** @type {Record<string, (data: any) => [string, string?]>} a title, and what more there is to say */
const EVENTS = {
  "station.connected": (data) => ["Connected", data.version && `OCPP ${data.version}${data.tls ? ", TLS" : ""}`],
  "station.disconnected": (data) => [
    "Connection lost",
    [spoken(data.reason), data.connectedSeconds && `after ${duration(data.connectedSeconds)}`].filter(Boolean).join(", "),
  ],
  "station.booted": (data) => ["Station started", spacedWord(data.reason)],
  "station.frame_rejected": (data) => ["Unreadable message", spoken(data.kind)],
  "station.unknown_action": (data) => ["Unknown message", data.action],
  "connector.status_changed": (data) => [
    `Status: ${DETAILS.get(data.detail) ?? data.status}`,
    [spacedWord(data.fault?.code), data.fault?.info].filter(Boolean).join(": "),
  ],
  "authorization.requested": (data) => ["Driver authorised?", [data.decision?.status ?? data.decision, tokenWord(data)].filter(Boolean).join(", ")],
  "transaction.started": (data) => ["Session started", tokenWord(data)],
  "transaction.updated": (data) => ["Session goes on", spacedWord(data.triggerReason)],
  "transaction.ended": (data) => [
    "Session ended",
    [spacedWord(data.stoppedReason), data.energyWh != null && energy(data.energyWh)].filter(Boolean).join(", "),
  ],
  "meter.sampled": (data) => ["Meter readings", data.samples?.length ? counted(data.samples.length, "value") : ""],
  "firmware.status": (data) => ["Firmware update", spacedWord(data.status)],
  "log.status": (data) => ["Log upload", spacedWord(data.status)],
  "security.event": (data) => ["Security event", spacedWord(data.type)],
  "data_transfer.received": (data) => ["Vendor's message", [data.vendorId, data.messageId].filter(Boolean).join(" ")],
  "device_model.event": (data) => ["Variables changed", data.events?.length ? counted(data.events.length, "event") : ""],
  "reservation.updated": (data) => ["Reservation", spacedWord(data.status)],
  "certificate.signing_requested": (data) => ["Asks for a certificate", spacedWord(data.certificateType)],
};

/** @param {{name: string, data?: any}} event @returns {{title: string, more: string}} */
export function eventWords(event) {
  const [title, more] = EVENTS[event.name]?.(event.data ?? {}) ?? [sentence(event.name)];
  return { title, more: more || "" };
}

const COMMANDS = new Map([
  ["station.reset", "Reset"],
  ["connector.unlock", "Unlock connector"],
  ["transaction.start", "Start session"],
  ["transaction.stop", "Stop session"],
  ["availability.change", "Change availability"],
]);

/** @param {string} command */
export const commandWord = (command) => COMMANDS.get(command) ?? sentence(command);

/** What a result means. `isGood` is null where nobody knows. @type {Record<string, {word: string, said: string, isGood: boolean | null}>} */
export const RESULTS = {
  accepted: { word: "Accepted", said: "The station accepted.", isGood: true },
  rejected: { word: "Rejected", said: "The station said no.", isGood: false },
  failed: { word: "Failed", said: "The station answered with an error, or the gateway failed.", isGood: false },
  timed_out: { word: "No answer", said: "It was sent, and no answer came. Whether the station acted is not known.", isGood: null },
  expired: { word: "Not sent in time", said: "The deadline came before it could be sent. Nothing was done.", isGood: false },
  offline: { word: "Offline", said: "The station is not connected. Nothing was sent.", isGood: false },
  unsupported: { word: "Not supported", said: "This station, or its version of OCPP, cannot do this. Nothing was done.", isGood: false },
  invalid: { word: "Invalid", said: "The command was not understood. Nothing was sent.", isGood: false },
};

/** OCPP's words, apart: EVDisconnected, "EV disconnected". @param {string | undefined} word */
export function spacedWord(word) {
  const apart = (word ?? "").replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  return apart.replace(/ [A-Z](?=[a-z])/g, (found) => found.toLowerCase());
}

/** @param {string} name a dotted name */
function sentence(name) {
  const words = name.replace(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {any} data */
function tokenWord(data) {
  const token = data.idToken?.value ?? data.idToken;
  return typeof token === "string" ? `token ${token}` : "";
}
